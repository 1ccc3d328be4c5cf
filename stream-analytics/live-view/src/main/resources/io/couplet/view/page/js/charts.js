// Curves with uPlot: lines, bands, marks; colours from the page's tokens, redrawn when the theme changes.

import uPlot from "/vendor/uplot/uPlot.esm.js";
import { token } from "./colours.js";
import { h, fill } from "./dom.js";
import { Frame, s, linear, logarithmic, path, round } from "./svg.js";
import { keepButtons } from "./download.js";
import * as format from "./format.js";

const join = (tables) => (tables.length ? uPlot.join(tables) : [[]]);
const axisFont = () => `11px ${token("--font")}`;
const HAIR = 1;

function faded(colour, alpha) {
  return `color-mix(in oklch, ${colour} ${Math.round(alpha * 100)}%, transparent)`;
}

/**
 * One chart in an element: keeps its uPlot as long as its lines stay the same.
 *
 * Draws `{ lines, marks, forecasts, events, end, log, logX, axis, behind, empty }`; a line is { name, x, y, colour, kind } of kind raw, line, points, low or high, and a
 * low is followed by its high: the space between the two is filled.
 */
export class Chart {
  #element;
  #title;
  #unit;
  #readout;
  #behind;
  #host;
  #height;
  #plot = null;
  #shape = "";
  #show;
  #drawn = null;

  constructor(title, unit, height, show) {
    this.#title = title;
    this.#unit = unit;
    this.#height = height;
    this.#show = show;
    this.#readout = h("span", { class: "readout" });
    this.#behind = h("p", { class: "behind" });
    this.#host = h("div", { class: "plot", role: "img", "aria-label": title });
    this.#host.style.minHeight = `${height}px`;
    this.#element = h(
      "figure",
      { class: "chart" },
      h(
        "figcaption",
        {},
        h("span", {}, title, h("small", {}, ` ${unit}`)),
        this.#readout,
        keepButtons(title.toLowerCase().replaceAll(" ", "-"), title, () => this.#picture(), () => this.#table()),
      ),
      this.#host,
      this.#behind,
    );
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
  }

  get element() {
    return this.#element;
  }

  #size() {
    return { width: Math.max(120, this.#host.clientWidth), height: this.#height };
  }

  draw(spec) {
    const log = Boolean(spec.log);
    const positive = (values, needed) => (needed ? values.map((v) => (v > 0 ? v : null)) : values);
    const lines = spec.lines.map((line) => ({ ...line, y: positive(line.y, log), x: spec.logX ? line.x.map((v) => Math.max(v, Number.MIN_VALUE)) : line.x }));
    const data = join(lines.map((line) => [line.x, line.y]));
    this.#drawn = { ...spec, lines };
    this.#element.hidden = Boolean(spec.optional) && !lines.length;
    fill(this.#behind, spec.behind ?? "");
    this.#host.setAttribute("aria-label", `${this.#title}: ${words(lines, this.#show)}`);
    if (!lines.length) {
      this.#plot?.destroy();
      this.#plot = null;
      this.#shape = "";
      fill(this.#host, h("p", { class: "empty" }, spec.empty || "Nothing measured yet."));
      fill(this.#readout);
      return;
    }
    const shape = JSON.stringify([lines.map((line) => [line.name, line.kind, line.colour]), token("--ink"), spec.end, log, spec.logX, spec.axis]);
    if (shape === this.#shape && this.#plot) {
      this.#plot.setData(data);
      return;
    }
    this.#shape = shape;
    this.#plot?.destroy();
    fill(this.#host);
    this.#plot = new uPlot(this.#settings(this.#drawn), data, this.#host);
    this.#read(null);
  }

  /** All the budget, unless a part of it was dragged over. */
  #span(plot, low, high, { end, logX }) {
    const places = plot.data[0];
    const whole = !places.length || low === null || (low === places[0] && high === places[places.length - 1]);
    if (!whole) return [low, high];
    return logX ? [Math.max(places[0] ?? 1, end / 1e4 || 1), Math.max(end || 1, places.at(-1) ?? 1)] : [0, end || 1];
  }

  /** Marks and forecasts belong in the picture: none may lie outside it. */
  #rise(low, high) {
    const { forecasts = [], log } = this.#drawn;
    const values = [low, high, ...forecasts.flatMap((f) => [f.y, f.low, f.high])].filter((v) => Number.isFinite(v) && (!log || v > 0));
    if (!values.length) return log ? [1, 10] : [0, 1];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    if (log) return [least / 1.1, most * 1.1];
    // Differences below what a float can tell are none.
    const flat = most - least <= 1e-6 * Math.abs(most);
    const more = (flat ? Math.abs(most) || 1 : most - least) * 0.05;
    return [least - more < 0 && least >= 0 ? Math.max(0, least - more) : least - more, most + more];
  }

  #read(index) {
    const plot = this.#plot;
    if (!plot || index === null || index === undefined) {
      fill(this.#readout);
      return;
    }
    const axis = this.#drawn.axis ?? "step";
    const at = plot.data[0][index];
    const parts = [h("b", {}, axis === "budget" ? `${format.number(at, 1)} %` : `${axis} ${axis === "step" ? format.count(Math.round(at)) : format.significant(at)}`)];
    plot.series.forEach((series, i) => {
      const value = i > 0 && (series.couplet === "line" || series.couplet === "points") ? plot.data[i][index] : null;
      if (value !== null && value !== undefined && parts.length < 8) {
        const chip = h("i", { class: "chip" });
        chip.style.background = series.coupletColour;
        parts.push(h("span", {}, chip, this.#show(value)));
      }
    });
    const near = [...(this.#drawn.marks ?? []), ...(this.#drawn.events ?? [])].find((mark) => Math.abs(plot.valToPos(mark.x, "x") - plot.cursor.left) < 6);
    if (near) parts.push(h("em", {}, near.words));
    fill(this.#readout, parts);
  }

  #settings(spec) {
    const grid = { stroke: token("--rule"), width: 1 };
    const axis = { stroke: token("--ink-3"), font: axisFont(), grid, ticks: { show: false } };
    const bandsOf = spec.lines.flatMap((line, i) => (line.kind === "high" ? [{ series: [i + 1, i], fill: faded(line.colour, line.alpha ?? 0.16) }] : []));
    const few = (splits, log) => splits.map((v) => (v === null || (log && !/^[125]/.test(String(Number(v.toPrecision(1))).replace(/^0\.0*/, ""))) ? null : v));
    return {
      ...this.#size(),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false }, sync: { key: `couplet-${spec.axis ?? "step"}`, setSeries: false } },
      scales: {
        x: { time: false, distr: spec.logX ? 3 : 1, range: (u, low, high) => this.#span(u, low, high, spec) },
        y: { distr: spec.log ? 3 : 1, range: (u, low, high) => this.#rise(low, high) },
      },
      bands: bandsOf,
      axes: [
        { ...axis, size: 24, gap: 4, grid: { show: false }, values: (u, splits) => few(splits, spec.logX).map((v) => (v === null ? "" : spec.axis === "budget" ? `${format.significant(v)} %` : v >= 1000 ? format.count(v) : format.significant(v))) },
        { ...axis, size: 50, gap: 4, space: 28, values: (u, splits) => distinct(few(splits, spec.log), this.#show) },
      ],
      series: [
        {},
        ...spec.lines.map((line) => ({
          couplet: line.kind,
          coupletColour: line.colour,
          spanGaps: line.kind === "points",
          stroke: line.kind === "raw" ? faded(line.colour, 0.3) : line.kind === "low" || line.kind === "high" ? "transparent" : line.colour,
          width: line.kind === "raw" || line.kind === "low" || line.kind === "high" ? HAIR : 2,
          points: { show: line.kind === "points", size: 6, fill: token("--card"), stroke: line.colour, width: 2 },
        })),
      ],
      hooks: { setCursor: [(u) => this.#read(u.cursor.idx)], draw: [(u) => this.#overlay(u)] },
    };
  }

  /** Events beneath, marks and forecasts above the lines. */
  #overlay(u) {
    const context = u.ctx;
    const { left, top, width, height } = u.bbox;
    const pixel = devicePixelRatio;
    const inside = (x) => x >= left - 1 && x <= left + width + 1;
    context.save();
    context.lineWidth = 1.5 * pixel;
    for (const event of this.#drawn.events ?? []) {
      const x = u.valToPos(event.x, "x", true);
      if (!inside(x)) continue;
      context.strokeStyle = context.fillStyle = token(event.kind === "shadow" ? "--ink-3" : event.kind === "completed" ? "--good" : "--worst");
      context.setLineDash([3 * pixel, 4 * pixel]);
      line(context, x, top, x, top + height);
      context.setLineDash([]);
      diamond(context, x, top + height - 5 * pixel, 4 * pixel);
    }
    for (const mark of this.#drawn.marks ?? []) {
      const x = u.valToPos(mark.x, "x", true);
      if (!inside(x)) continue;
      if (mark.kind === "nonFinite") {
        context.strokeStyle = token("--worst");
        cross(context, x, top + 7 * pixel, 4 * pixel);
      } else {
        context.fillStyle = token("--bad");
        triangle(context, x, Math.min(top + height, Math.max(top + 8 * pixel, u.valToPos(mark.y, "y", true) - 4 * pixel)), 4.5 * pixel);
      }
    }
    for (const forecast of this.#drawn.forecasts ?? []) {
      const pos = (value) => u.valToPos(value, "y", true);
      const [x, from] = [u.valToPos(forecast.x, "x", true), u.valToPos(forecast.from, "x", true)];
      context.strokeStyle = context.fillStyle = forecast.colour;
      context.setLineDash([5 * pixel, 4 * pixel]);
      line(context, from, pos(forecast.smooth), x, pos(forecast.y));
      context.setLineDash([]);
      if (forecast.low !== null && forecast.high !== null) {
        line(context, x, pos(forecast.low), x, pos(forecast.high));
        for (const end of [forecast.low, forecast.high]) line(context, x - 4 * pixel, pos(end), x + 4 * pixel, pos(end));
      }
      context.beginPath();
      context.arc(x, pos(forecast.y), 3.5 * pixel, 0, 7);
      context.fill();
    }
    context.restore();
  }

  /** The same chart as SVG, to be kept. */
  #picture() {
    const { lines, end, log, logX, axis = "step", marks = [], forecasts = [], events = [] } = this.#drawn;
    const frame = new Frame(this.#title, 900, 380, { left: 60, right: 20, top: 40, bottom: 46 });
    const ys = lines.flatMap((each) => each.y).filter((v) => v !== null && Number.isFinite(v));
    const xs = lines.flatMap((each) => each.x);
    const [low, high] = this.#rise(ys.length ? ys.reduce((a, b) => Math.min(a, b)) : 0, ys.length ? ys.reduce((a, b) => Math.max(a, b)) : 1);
    const x = logX ? logarithmic([Math.max(1e-9, xs.reduce((a, b) => Math.min(a, b), end)), end], [frame.left, frame.right]) : linear([0, end || 1], [frame.left, frame.right]);
    const y = log ? logarithmic([low, high], [frame.bottom, frame.top]) : linear([low, high], [frame.bottom, frame.top]);
    frame.xAxis(x, (v) => (v >= 1000 ? format.count(v) : format.significant(v)), axis === "budget" ? "% of the budget" : axis).yAxis(y, (v) => this.#show(v), `${this.#title}${this.#unit ? `, ${this.#unit}` : ""}`);
    lines.forEach((each, i) => {
      const points = each.x.map((v, k) => [x(v), each.y[k] === null ? NaN : y(each.y[k])]);
      if (each.kind === "low") return;
      if (each.kind === "high") {
        const under = lines[i - 1];
        const back = under.x.map((v, k) => [x(v), under.y[k] === null ? NaN : y(under.y[k])]).filter(([, v]) => Number.isFinite(v)).reverse();
        frame.add(s("path", { d: `${path([...points.filter(([, v]) => Number.isFinite(v)), ...back])}Z`, fill: each.colour, "fill-opacity": 0.16 }));
        return;
      }
      frame.add(s("path", { d: path(points), fill: "none", stroke: each.colour, "stroke-width": each.kind === "raw" ? 0.8 : 2, "stroke-opacity": each.kind === "raw" ? 0.35 : 1 }));
      if (each.kind === "points") for (const [px, py] of points) frame.add(s("circle", { cx: round(px), cy: round(py), r: 3, fill: each.colour }));
    });
    for (const event of events) {
      frame.line(x(event.x), frame.top, x(event.x), frame.bottom, { stroke: token(event.kind === "shadow" ? "--ink-3" : "--worst"), "stroke-dasharray": "3 4" });
      frame.text(x(event.x), frame.top - 4, event.kind, { "text-anchor": "middle", "font-size": 10 });
    }
    for (const mark of marks) frame.text(x(mark.x), mark.y === null ? frame.top : y(mark.y) - 4, mark.kind === "spike" ? "▾" : "✕", { fill: token("--worst"), "text-anchor": "middle" });
    for (const forecast of forecasts) {
      frame.line(x(forecast.from), y(forecast.smooth), x(forecast.x), y(forecast.y), { stroke: forecast.colour, "stroke-dasharray": "5 4" });
      if (forecast.low !== null && forecast.high !== null) frame.line(x(forecast.x), y(forecast.low), x(forecast.x), y(forecast.high), { stroke: forecast.colour, "stroke-width": 2 });
    }
    const legend = [...new Map(lines.filter((each) => each.kind === "line" || each.kind === "points").map((each) => [each.name, each.colour]))].slice(0, 8);
    let at = frame.left + 170;
    for (const [name, colour] of legend) {
      frame.add(s("rect", { x: at, y: 14, width: 9, height: 9, rx: 2, fill: colour }));
      frame.text(at + 14, 22, name, { fill: frame.ink });
      at += 30 + name.length * 6.2;
    }
    return frame.svg;
  }

  #table() {
    const { lines, axis = "step" } = this.#drawn;
    return { columns: ["line", "kind", axis, "value"], rows: lines.flatMap((each) => each.x.map((x, i) => [each.name, each.kind, x, each.y[i]])) };
  }
}

/** What a screen reader says of a chart: where each line stands now. */
function words(lines, show) {
  const newest = lines.filter((line) => line.kind === "line" || line.kind === "points").map((line) => [line.name, line.y.findLast((v) => v !== null && v !== undefined)]);
  return newest.length ? newest.slice(0, 12).map(([name, value]) => `${name} ${value === undefined ? "without a value" : show(value)}`).join(", ") : "nothing to draw yet";
}

/** Labels with as many digits as it takes to tell them apart. */
function distinct(values, show) {
  const known = values.filter((v) => v !== null);
  for (const label of [show, (v) => String(Number(v.toPrecision(4))), (v) => String(Number(v.toPrecision(6)))]) {
    if (new Set(known.map(label)).size === known.length) return values.map((v) => (v === null ? "" : label(v)));
  }
  return values.map((v) => (v === null ? "" : show(v)));
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function cross(context, x, y, size) {
  line(context, x - size, y - size, x + size, y + size);
  line(context, x - size, y + size, x + size, y - size);
}

function triangle(context, x, y, size) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - size, y - 1.6 * size);
  context.lineTo(x + size, y - 1.6 * size);
  context.fill();
}

function diamond(context, x, y, size) {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.fill();
}
