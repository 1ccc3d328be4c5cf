// Curves with uPlot: one line a seed, colours from the page's tokens, redrawn when the theme changes.

import uPlot from "/vendor/uplot/uPlot.esm.js";
import { token, seedColour } from "./colours.js";
import { h, fill } from "./dom.js";
import * as format from "./format.js";

const join = (tables) => (tables.length ? uPlot.join(tables) : [[]]);
const axisFont = () => `11px ${token("--font")}`;

function faded(colour, alpha) {
  return `color-mix(in oklch, ${colour} ${Math.round(alpha * 100)}%, transparent)`;
}

/** One chart in an element: keeps its uPlot as long as its lines stay the same. */
export class Chart {
  #element;
  #title;
  #unit;
  #readout;
  #host;
  #height;
  #plot = null;
  #shape = "";
  #show;
  #options;

  constructor(title, unit, height, show, options = {}) {
    this.#title = title;
    this.#unit = unit;
    this.#height = height;
    this.#show = show;
    this.#options = options;
    this.#readout = h("span", { class: "readout" });
    this.#host = h("div", { class: "plot" });
    this.#host.style.minHeight = `${height}px`;
    this.#element = h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, h("span", {}, title, h("small", {}, ` ${unit}`)), this.#readout),
      this.#host,
    );
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
  }

  get element() {
    return this.#element;
  }

  #size() {
    return { width: Math.max(120, this.#host.clientWidth), height: this.#height };
  }

  /** `lines`: [{ name, x, y, colour, kind: "raw" | "line" | "points" }]; `range`: the x axis's end. */
  draw(lines, end) {
    const data = join(lines.map((line) => [line.x, line.y]));
    const shape = JSON.stringify([lines.map((line) => [line.name, line.kind, line.colour]), token("--ink"), end, this.#options.log?.()]);
    if (shape === this.#shape && this.#plot) {
      this.#plot.setData(data);
      return;
    }
    this.#shape = shape;
    this.#plot?.destroy();
    fill(this.#host);
    this.#plot = new uPlot(this.#settings(lines, end), data, this.#host);
    this.#read(null);
  }

  destroy() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#shape = "";
  }

  /** All the budget, unless a part of it was dragged over. */
  #span(plot, low, high, end) {
    const steps = plot.data[0];
    const whole = !steps.length || low === null || (low === steps[0] && high === steps[steps.length - 1]);
    return whole ? [0, end || 1] : [low, high];
  }

  #read(index) {
    const plot = this.#plot;
    if (!plot || index === null || index === undefined) {
      fill(this.#readout);
      return;
    }
    const parts = [h("b", {}, `step ${format.count(plot.data[0][index])}`)];
    plot.series.forEach((series, i) => {
      const value = i > 0 && series.couplet !== "raw" ? plot.data[i][index] : null;
      if (value !== null && value !== undefined) {
        const chip = h("i", { class: "chip" });
        chip.style.background = series.coupletColour;
        parts.push(h("span", {}, chip, this.#show(value)));
      }
    });
    fill(this.#readout, parts);
  }

  #settings(lines, end) {
    const grid = { stroke: token("--rule"), width: 1 };
    const axis = { stroke: token("--ink-3"), font: axisFont(), grid, ticks: { show: false } };
    return {
      ...this.#size(),
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (u, low, high) => this.#span(u, low, high, end) },
        y: { distr: this.#options.log?.() ? 3 : 1, range: this.#options.range },
      },
      axes: [
        { ...axis, size: 24, gap: 4, grid: { show: false }, values: (u, splits) => splits.map((v) => format.count(v)) },
        { ...axis, size: 44, gap: 4, space: 28, values: (u, splits) => splits.map((v) => (v === null ? "" : this.#show(v))) },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          couplet: line.kind,
          coupletColour: line.colour,
          spanGaps: line.kind === "points",
          stroke: line.kind === "raw" ? faded(line.colour, 0.28) : line.colour,
          width: line.kind === "raw" ? 1 : 2,
          points: { show: line.kind === "points", size: 6, fill: token("--card"), stroke: line.colour, width: 2 },
        })),
      ],
      hooks: { setCursor: [(u) => this.#read(u.cursor.idx)] },
    };
  }
}

export { seedColour };
