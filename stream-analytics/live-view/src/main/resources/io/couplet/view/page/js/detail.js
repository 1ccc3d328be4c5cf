// The chosen pairing: its figures, its seeds' curves, its events. Curves are fetched at most once a second.

import { h, fill, setText, setAttribute } from "./dom.js";
import { Chart } from "./charts.js";
import { VERDICTS, seriesColour } from "./colours.js";
import { rungOf, couplingOf } from "./grid.js";
import { RunStore, foremost, nameOf } from "./runs.js";
import { METRICS, seriesOf, endOf, marksOf, forecastOf, eventsOf } from "./series.js";
import { eachLine, releasedNote } from "./curves.js";
import * as format from "./format.js";

const MOST_RUNS = 6;
const POINTS = 500;
const SMOOTHING = 0.02;
const SHOWN = ["loss", "accuracy", "learningRate"].map((id) => METRICS.find((metric) => metric.id === id));
const HEIGHTS = { loss: 172, accuracy: 136, learningRate: 86 };

export class Detail {
  #element;
  #desk;
  #onCompare;
  #key = null;
  #cell = null;
  #store = new RunStore(POINTS, () => this.#drawCurves());
  #log = false;
  #shape = "";
  #headShape = "";
  #tableShape = "";
  #rows = [];
  #head = h("div", { class: "detailhead" });
  #stats = h("dl", { class: "stats" });
  #table = h("div", { class: "runs" });
  #plots = h("div", { class: "charts" });
  #note = h("p", { class: "note" });
  #events = h("ol", { class: "events" });
  #facts = h("div", { class: "facts" });
  #toggle = h("button", { type: "button", class: "ghost", "aria-pressed": "false", onclick: () => this.#switchLog() }, "log scale");
  #charts = SHOWN.map((metric) => ({ metric, chart: new Chart(metric.label, metric.unit, HEIGHTS[metric.id], (v) => format.significant(v)) }));

  /** `desk` takes orders; `onCompare` hears the pairing that is to be drawn large. */
  constructor(element, desk, onCompare) {
    this.#element = element;
    this.#desk = desk;
    this.#onCompare = onCompare;
    this.#plots.append(...this.#charts.map(({ chart }) => chart.element));
  }

  /** Shows a cell; null says that there is none. */
  render(cell, key, study) {
    if (!cell) {
      this.#key = null;
      this.#shape = "";
      this.#cell = null;
      fill(this.#element, h("p", { class: "empty" }, study ? "Choose a cell to see its curves." : "Curves appear here."));
      return;
    }
    if (key !== this.#key) {
      this.#key = key;
      fill(this.#element, this.#head, this.#stats, this.#plots, this.#note, this.#table, this.#events, this.#facts);
      this.#charts[0].chart.element.querySelector("figcaption").append(this.#toggle);
    }
    const shape = JSON.stringify([key, cell, study.settings?.rungs.length, this.#desk.shape(cell.runs)]);
    if (shape === this.#shape) {
      this.#store.follow(foremost(cell.runs, MOST_RUNS));
      return;
    }
    this.#shape = shape;
    const other = this.#cell?.backbone !== cell.backbone || this.#cell?.optimizer !== cell.optimizer;
    this.#cell = cell;
    this.#drawHead(study);
    this.#drawRuns();
    this.#store.follow(foremost(cell.runs, MOST_RUNS));
    if (other) this.#drawCurves();
  }

  redraw() {
    this.#tableShape = "";
    if (this.#cell) this.#drawRuns();
    this.#drawCurves();
  }

  #switchLog() {
    this.#log = !this.#log;
    this.#toggle.setAttribute("aria-pressed", String(this.#log));
    this.#drawCurves();
  }

  #drawHead(study) {
    const cell = this.#cell;
    const at = rungOf(cell, 0);
    const coupled = couplingOf(cell, 0);
    const verdict = VERDICTS[cell.verdict];
    // Kept as it is while nothing in it changes: a button that is made anew between pressing and letting go is never clicked.
    const shape = JSON.stringify([this.#key, cell.status, cell.verdict, cell.runs.map((run) => [run.runId, run.status]), this.#desk.shape(cell.runs)]);
    if (shape !== this.#headShape) {
      this.#headShape = shape;
      fill(
        this.#head,
        h("h2", {}, cell.backbone, h("span", { class: "times" }, "×"), cell.optimizer),
        h("span", { class: `badge status-${cell.status}` }, cell.status),
        verdict && cell.verdict !== cell.status ? h("span", { class: `badge tone-${verdict.tone}` }, `${verdict.sign} ${verdict.words}`) : null,
        h("span", { class: "headtools" }, cell.runs.length > 1 ? this.#desk.buttons(cell.runs, `${cell.backbone} × ${cell.optimizer}`) : null, h("button", { type: "button", class: "ghost large", onclick: () => this.#onCompare(this.#key) }, "compare curves")),
      );
    }
    const interval = coupled?.couplingLower != null ? `${format.signed(coupled.couplingLower)} to ${format.signed(coupled.couplingUpper)}` : "";
    const error = at?.accuracyStandardError != null ? `± ${format.percentBare(at.accuracyStandardError)}` : "";
    const rungs = study.settings?.rungs.length;
    const where = (value) => (value ? `rung ${value.rung}${rungs ? ` of ${rungs}` : ""}${value.scored ? "" : ", provisional"}` : "");
    fill(
      this.#stats,
      stat("Accuracy", format.percent(at?.accuracy), error, where(at)),
      stat("Coupling", format.signed(coupled?.coupling), coupled ? "points" : "", where(coupled), interval ? `95 %: ${interval}` : ""),
      stat("Device time", format.duration(cell.seconds), "", format.plural(cell.steps, "step")),
    );
  }

  #drawRuns() {
    const runs = this.#cell.runs;
    const waiting = this.#cell.runsExpected - runs.length;
    const shape = JSON.stringify([this.#key, waiting, this.#desk.allowed, runs.map((run) => run.runId)]);
    if (shape !== this.#tableShape) {
      this.#tableShape = shape;
      this.#rows = runs.map((run, i) => new Row(run, seriesColour(i), this.#desk.allowed));
      fill(
        this.#table,
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ["run", "state", "step", "loss", "accuracy", "time"].map((name, i) => h("th", { scope: "col", class: i > 1 ? "num" : "" }, name)), this.#desk.allowed ? h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "orders")) : null)),
          h("tbody", {}, this.#rows.map((row) => row.element)),
        ),
        waiting > 0 ? h("p", { class: "note" }, `${format.plural(waiting, "run")} not asked for yet.`) : null,
      );
    }
    runs.forEach((run, i) => this.#rows[i].show(run, this.#desk, `${this.#cell.backbone} × ${this.#cell.optimizer}, ${nameOf(run)}`));
  }

  #drawCurves() {
    if (!this.#cell) return;
    const runs = this.#cell.runs;
    const lines = foremost(runs, MOST_RUNS);
    const ready = lines.map((run) => ({ run, name: nameOf(run), colour: seriesColour(runs.indexOf(run)), full: this.#store.get(run.runId) })).filter((each) => each.full);
    const released = releasedNote(ready.map(({ full }) => full));
    setText(this.#note, [lines.length < runs.length ? `${lines.length} of ${runs.length} runs are drawn${new Set(runs.map((run) => run.hyperparameterPoint)).size > 1 ? ", those of the best points first" : ""}.` : "", released].filter(Boolean).join(" "));
    const end = endOf(lines, "step", []);
    for (const { metric, chart } of this.#charts) {
      const isLoss = metric.id === "loss";
      const shown = metric.id === "learningRate" ? ready.slice(0, 1) : ready;
      const series = shown.map((each) => ({ ...each, series: seriesOf(each.full, metric, "step", SMOOTHING) })).filter((each) => each.series);
      const behind = Math.max(1, ...series.map((each) => each.series.behind));
      chart.draw({
        lines: eachLine(series, isLoss),
        marks: isLoss ? ready.flatMap(({ full }) => marksOf(full, "step")) : [],
        forecasts: isLoss ? ready.flatMap(({ full, colour }) => [forecastOf(full, "step")].filter(Boolean).map((forecast) => ({ ...forecast, colour }))) : [],
        events: isLoss ? ready.flatMap(({ full }) => eventsOf(full, "step").filter((event) => event.kind !== "completed")) : [],
        end,
        log: isLoss && this.#log,
        empty: metric.points ? "" : released,
        behind: isLoss && behind > 1 ? `Up to ${format.count(behind)} steps stand behind a point.` : "",
      });
    }
    this.#drawEvents(ready);
  }

  #drawEvents(ready) {
    const events = ready
      .flatMap(({ run, colour, full }) => full.events.map((event) => ({ ...event, colour })))
      .filter((event) => event.kind !== "checkpointed")
      .sort((a, b) => b.timeMillis - a.timeMillis)
      .slice(0, 12);
    fill(
      this.#events,
      events.map((event) => {
        const chip = h("i", { class: "chip" });
        chip.style.background = event.colour;
        return h(
          "li",
          {},
          h("time", {}, format.clock(event.timeMillis)),
          chip,
          h("span", {}, h("b", {}, event.kind), event.step ? ` at step ${format.count(event.step)}` : "", event.attempt > 1 ? `, attempt ${event.attempt}` : "", event.reason ? `: ${event.reason}` : ""),
        );
      }),
    );
    const full = ready[0]?.full;
    const facts = full
      ? [
          full.device ? `on ${full.device}` : null,
          full.parameters ? `${format.count(full.parameters)} parameters` : null,
          ...Object.entries(full.settings).map(([name, value]) => `${name} ${value}`),
        ].filter(Boolean)
      : [];
    fill(this.#facts, facts.map((fact) => h("span", {}, fact)));
  }
}

/** One run's line; its cells stay and only their text changes. */
class Row {
  #badge = h("span");
  #meter = h("i");
  #step = h("span");
  #loss = h("td", { class: "num" });
  #accuracy = h("td", { class: "num" });
  #time = h("td", { class: "num" });
  #orders = h("td", { class: "orders" });
  #ordersShape = "";

  constructor(run, colour, orders) {
    const chip = h("i", { class: "chip" });
    chip.style.background = colour;
    this.element = h(
      "tr",
      { title: run.runId },
      h("th", { scope: "row" }, chip, nameOf(run)),
      h("td", {}, this.#badge),
      h("td", { class: "num" }, h("span", { class: "meter" }, this.#meter), this.#step),
      this.#loss,
      this.#accuracy,
      this.#time,
      orders ? this.#orders : null,
    );
  }

  show(run, desk, name) {
    setAttribute(this.#badge, "class", `badge status-${run.status}`);
    setText(this.#badge, run.status);
    this.#meter.style.width = `${run.budgetSteps ? Math.min(100, (100 * run.step) / run.budgetSteps) : 0}%`;
    setText(this.#step, format.count(run.step));
    setText(this.#loss, format.number(run.loss, 3));
    setText(this.#accuracy, format.percent(run.accuracy));
    setText(this.#time, run.status === "running" ? `${format.duration(run.etaSeconds)} left` : format.duration(run.deviceSeconds));
    const shape = `${run.status}${desk.shape([run])}`;
    if (shape === this.#ordersShape) return;
    this.#ordersShape = shape;
    fill(this.#orders, desk.buttons([run], name, true));
  }
}

function stat(name, value, beside, ...below) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, h("b", {}, value), beside ? h("span", {}, beside) : null), below.filter(Boolean).map((text) => h("dd", { class: "below" }, text)));
}
