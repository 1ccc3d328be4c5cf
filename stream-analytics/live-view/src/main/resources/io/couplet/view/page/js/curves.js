// Any cells side by side: every metric against any axis, seeds as lines or as a band. State → runs → lines → charts.

import { h, fill, setText } from "./dom.js";
import { pairing } from "./feed.js";
import { Chart } from "./charts.js";
import { RunStore, foremost, nameOf } from "./runs.js";
import { AXES, METRICS, seriesOf, band, endOf, marksOf, forecastOf, eventsOf } from "./series.js";
import { seriesColour, token } from "./colours.js";
import * as format from "./format.js";

export const MOST_CELLS = 8;
const MOST_RUNS = 48;
const POINTS = 500;
const PLACES = 250;
const SMOOTHING = [0, 0.005, 0.01, 0.02, 0.04, 0.08];

export class Curves {
  #element;
  #onChange;
  #study = null;
  #chosen = [];
  #axis = "step";
  #log = false;
  #logX = false;
  #seeds = "lines";
  #raw = true;
  #smoothing = 3;
  #shape = "";
  #store = new RunStore(POINTS, () => this.#drawCharts());
  #charts = METRICS.map((metric) => ({ metric, chart: new Chart(metric.label, metric.unit, 230, (v) => format.significant(v)) }));
  #chips = h("div", { class: "compared" });
  #tools = h("div", { class: "controls" });
  #note = h("p", { class: "note" });
  #plots = h("div", { class: "wall" });
  #events = h("ol", { class: "events" });

  /** `onChange` hears the new list of pairings. */
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
    this.#plots.append(...this.#charts.map(({ chart }) => chart.element));
    fill(element, h("section", { class: "card" }, h("div", { class: "cardhead" }, h("h2", {}, "Curves")), this.#chips, this.#tools, this.#note), h("section", { class: "card" }, this.#plots), h("section", { class: "card" }, h("h2", {}, "What happened"), this.#events));
    this.#drawTools();
  }

  render(study, chosen) {
    this.#study = study;
    this.#chosen = chosen.filter((key) => study.byPairing.has(key)).slice(0, MOST_CELLS);
    this.#store.follow(this.#lines().map(({ line }) => line));
    this.#drawChips();
    const shape = JSON.stringify([study.summary.id, this.#chosen, token("--ink")]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#drawCharts();
  }

  redraw() {
    this.#drawCharts();
  }

  /** The chosen runs in order, each with its cell and colour: by cell when there are several, else by seed. When they are too many, each cell has its share. */
  #lines() {
    const several = this.#chosen.length > 1;
    const share = this.#total() > MOST_RUNS ? Math.floor(MOST_RUNS / this.#chosen.length) : MOST_RUNS;
    return this.#chosen.flatMap((key, c) => {
      const cell = this.#study.byPairing.get(key);
      return foremost(cell.runs, share).map((line) => ({ line, cell, key, colour: seriesColour(several ? c : cell.runs.indexOf(line)), name: several ? `${cell.backbone} × ${cell.optimizer} ${nameOf(line)}` : nameOf(line) }));
    });
  }

  #total() {
    return this.#chosen.reduce((sum, key) => sum + this.#study.byPairing.get(key).runs.length, 0);
  }

  #drawTools() {
    const segments = (label, options, current, choose) =>
      h("div", { class: "segments small", role: "group", "aria-label": label }, options.map(([id, words]) => h("button", { type: "button", "aria-pressed": String(current() === id), onclick: () => { choose(id); this.#drawTools(); this.#drawCharts(); } }, words)));
    const toggle = (words, current, flip) => h("button", { type: "button", class: "ghost", "aria-pressed": String(current()), onclick: () => { flip(); this.#drawTools(); this.#drawCharts(); } }, words);
    const share = SMOOTHING[this.#smoothing];
    fill(
      this.#tools,
      segments("Against", AXES.map((axis) => [axis.id, axis.label]), () => this.#axis, (id) => (this.#axis = id)),
      segments("Seeds", [["lines", "each seed"], ["band", "band"]], () => this.#seeds, (id) => (this.#seeds = id)),
      toggle("log y", () => this.#log, () => (this.#log = !this.#log)),
      toggle("log x", () => this.#logX, () => (this.#logX = !this.#logX)),
      toggle("raw line", () => this.#raw, () => (this.#raw = !this.#raw)),
      h(
        "label",
        { class: "pick" },
        "Smoothing ",
        h("input", { type: "range", min: 0, max: SMOOTHING.length - 1, value: this.#smoothing, "aria-label": "Smoothing", "aria-valuetext": share ? `half-life ${format.percent(share, 1)} of the budget` : "none", onchange: (event) => { this.#smoothing = Number(event.target.value); this.#drawTools(); this.#drawCharts(); } }),
        h("output", {}, share ? `half-life ${format.percent(share, 1)} of the budget` : "none"),
      ),
    );
  }

  #drawChips() {
    const shape = JSON.stringify([this.#study.summary.id, this.#chosen, this.#study.backbones, this.#study.optimizers]);
    if (this.#chips.dataset.shape === shape) return;
    this.#chips.dataset.shape = shape;
    const several = this.#chosen.length > 1;
    const chips = this.#chosen.map((key, i) => {
      const cell = this.#study.byPairing.get(key);
      const name = `${cell.backbone} × ${cell.optimizer}`;
      const chip = h("i", { class: "chip" });
      chip.style.background = several ? seriesColour(i) : "var(--ink-3)";
      return h("span", { class: "comparedcell" }, chip, name, h("button", { type: "button", "aria-label": `Take ${name} out`, onclick: () => this.#onChange(this.#chosen.filter((each) => each !== key)) }, "×"));
    });
    const backbone = h("select", { "aria-label": "Backbone" }, this.#study.backbones.map((name) => h("option", { value: name }, name)));
    const optimizer = h("select", { "aria-label": "Optimizer" }, this.#study.optimizers.map((name) => h("option", { value: name }, name)));
    const add = h("button", { type: "button", class: "ghost", onclick: () => this.#onChange([...new Set([...this.#chosen, pairing(backbone.value, optimizer.value)])].slice(-MOST_CELLS)) }, "add");
    const line = (words, keys) => h("button", { type: "button", class: "ghost", onclick: () => this.#onChange(keys().slice(0, MOST_CELLS)) }, words);
    fill(
      this.#chips,
      chips,
      h("span", { class: "addcell" }, backbone, " × ", optimizer, add, line("all of this backbone", () => this.#study.optimizers.map((name) => pairing(backbone.value, name))), line("all of this optimizer", () => this.#study.backbones.map((name) => pairing(name, optimizer.value)))),
    );
  }

  #drawCharts() {
    if (!this.#study) return;
    const lines = this.#lines();
    const ready = lines.map((each) => ({ ...each, run: this.#store.get(each.line.runId) })).filter((each) => each.run);
    const end = endOf(lines.map(({ line }) => line), this.#axis, ready.map(({ run }) => run));
    const share = SMOOTHING[this.#smoothing];
    const released = releasedNote(ready.map(({ run }) => run));
    const total = this.#total();
    setText(this.#note, [lines.length < total ? `${lines.length} of ${format.plural(total, "run")} are drawn, of each pairing those of the best points first.` : "", released].filter(Boolean).join(" "));
    for (const { metric, chart } of this.#charts) {
      const series = ready.map((each) => ({ ...each, series: seriesOf(each.run, metric, this.#axis, share) })).filter((each) => each.series);
      const isLoss = metric.id === "loss";
      const behind = Math.max(1, ...series.map((each) => each.series.behind));
      chart.draw({
        lines: this.#seeds === "band" ? bandLines(series) : eachLine(series, this.#raw),
        marks: isLoss ? ready.flatMap(({ run }) => marksOf(run, this.#axis)) : [],
        forecasts: isLoss ? ready.flatMap(({ run, colour }) => { const f = forecastOf(run, this.#axis); return f ? [{ ...f, colour }] : []; }) : [],
        events: isLoss ? ready.flatMap(({ run }) => eventsOf(run, this.#axis).filter((event) => event.kind !== "completed")) : [],
        end,
        log: this.#log && metric.id !== "accuracy" && metric.id !== "batchAccuracy",
        logX: this.#logX,
        axis: this.#axis,
        empty: metric.points ? "" : released,
        optional: metric.id !== "loss" && metric.id !== "accuracy",
        behind: metric.points ? "" : behind > 1 ? `Up to ${format.count(behind)} steps stand behind a point; ${metric.low ? "the shade spans their least to their greatest" : metric.high ? "the shade reaches to their greatest" : "it is their mean"}.` : series.length ? "Every step is a point." : "",
      });
    }
    this.#drawEvents(ready);
    this.#element.dataset.curves = `${ready.length}/${lines.length}`;
  }

  #drawEvents(ready) {
    const rows = ready.flatMap(({ run, colour, name }) => run.events.filter((event) => event.kind !== "checkpointed").map((event) => ({ ...event, colour, name }))).sort((a, b) => b.timeMillis - a.timeMillis);
    fill(
      this.#events,
      rows.slice(0, 40).map((event) => {
        const chip = h("i", { class: "chip" });
        chip.style.background = event.colour;
        return h("li", {}, h("time", {}, format.clock(event.timeMillis)), chip, h("span", {}, event.name, " ", h("b", {}, event.kind), event.step ? ` at step ${format.count(event.step)}` : "", event.attempt > 1 ? `, attempt ${event.attempt}` : "", event.reason ? `: ${event.reason}` : ""));
      }),
      rows.length > 40 ? h("li", {}, `and ${format.plural(rows.length - 40, "earlier event")}`) : null,
      rows.length ? null : h("li", { class: "empty" }, this.#chosen.length ? "Nothing yet." : "Add a pairing above, or choose cells in the grid."),
    );
  }
}

/** What is said where steps of these runs were let go of; nothing while none were. */
export const releasedNote = (runs) => (runs.some((run) => run.curveReleased) ? "Steps that are older than the topics keep are no longer drawn." : "");

/** Every run by itself: what was measured, thin; smoothed, thick; the extremes behind merged points as a shade. */
export function eachLine(series, raw) {
  return [
    ...series.flatMap(({ series: each, colour, name }) => (raw && each.high ? [line(name, each.x, each.low ?? each.raw, colour, "low"), line(name, each.x, each.high, colour, "high")] : [])),
    ...series.flatMap(({ series: each, colour, name }) => (raw && each.smooth ? [line(name, each.x, each.raw, colour, "raw")] : [])),
    ...series.map(({ series: each, colour, name }) => line(name, each.x, each.smooth ?? each.raw, colour, each.x.length < 24 && !each.smooth ? "points" : "line")),
  ];
}

/** The seeds of a cell as one: their mean, and a shade from the least to the greatest. */
function bandLines(series) {
  const byCell = new Map();
  for (const each of series) byCell.set(each.key, [...(byCell.get(each.key) ?? []), each]);
  const several = byCell.size > 1;
  return [...byCell.values()].flatMap((own) => {
    const together = band(own.map((each) => each.series), PLACES);
    if (!together) return [];
    const { cell } = own[0];
    const colour = own[0].colour;
    const name = several ? `${cell.backbone} × ${cell.optimizer}` : `mean of ${own.length}`;
    return [line(name, together.x, together.low, colour, "low"), line(name, together.x, together.high, colour, "high"), line(name, together.x, together.mean, colour, "line")];
  });
}

const line = (name, x, y, colour, kind) => ({ name, x, y, colour, kind });
