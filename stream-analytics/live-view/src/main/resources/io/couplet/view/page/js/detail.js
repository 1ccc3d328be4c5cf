// The chosen pairing: its figures, its seeds' curves, its events. Curves are fetched at most once a second.

import { h, fill } from "./dom.js";
import { Chart, seedColour } from "./charts.js";
import { VERDICTS } from "./colours.js";
import { rungOf, couplingOf } from "./grid.js";
import * as format from "./format.js";

const LEAST_INTERVAL_MILLIS = 1000;
const MOST_RUNS = 6;
const POINTS = 500;

export class Detail {
  #element;
  #onClose;
  #key = null;
  #cell = null;
  #runs = new Map();
  #fetched = new Map();
  #timer = null;
  #busy = false;
  #log = false;
  #head = h("div", { class: "detailhead" });
  #stats = h("dl", { class: "stats" });
  #table = h("div", { class: "runs" });
  #plots = h("div", { class: "charts" });
  #events = h("ol", { class: "events" });
  #facts = h("div", { class: "facts" });
  #toggle = h("button", { type: "button", class: "ghost", "aria-pressed": "false", onclick: () => this.#switchLog() }, "log scale");
  #loss = new Chart("Training loss", "nats", 172, (v) => format.significant(v), { log: () => this.#log });
  #accuracy = new Chart("Validation accuracy", "%", 136, (v) => format.number(v, 1));
  #rate = new Chart("Learning rate", "", 86, (v) => format.significant(v));

  constructor(element) {
    this.#element = element;
    this.#plots.append(this.#loss.element, this.#accuracy.element, this.#rate.element);
  }

  /** Shows a cell; null says that there is none. */
  render(cell, key, study) {
    if (!cell) {
      this.#key = null;
      this.#cell = null;
      fill(this.#element, h("p", { class: "empty" }, study ? "Choose a cell to see its curves." : "Curves appear here."));
      return;
    }
    if (key !== this.#key) {
      this.#key = key;
      this.#runs.clear();
      this.#fetched.clear();
      fill(this.#element, this.#head, this.#stats, this.#plots, this.#table, this.#events, this.#facts);
      this.#loss.element.querySelector("figcaption").append(this.#toggle);
    }
    this.#cell = cell;
    this.#drawHead(study);
    this.#drawRuns();
    this.#fetchSoon();
  }

  redraw() {
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
    fill(
      this.#head,
      h("h2", {}, cell.backbone, h("span", { class: "times" }, "×"), cell.optimizer),
      h("span", { class: `badge status-${cell.status}` }, cell.status),
      verdict && cell.verdict !== cell.status ? h("span", { class: `badge tone-${verdict.tone}` }, `${verdict.sign} ${verdict.words}`) : null,
    );
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
    const rows = this.#cell.runs.map((run, i) => {
      const chip = h("i", { class: "chip" });
      chip.style.background = seedColour(i);
      const meter = h("span", { class: "meter" }, h("i"));
      meter.firstChild.style.width = `${run.budgetSteps ? Math.min(100, (100 * run.step) / run.budgetSteps) : 0}%`;
      return h(
        "tr",
        { title: run.runId },
        h("th", { scope: "row" }, chip, `seed ${run.seed}${run.hyperparameterPoint ? ` · point ${run.hyperparameterPoint}` : ""}`),
        h("td", {}, h("span", { class: `badge status-${run.status}` }, run.status)),
        h("td", { class: "num" }, meter, format.count(run.step)),
        h("td", { class: "num" }, format.number(run.loss, 3)),
        h("td", { class: "num" }, format.percent(run.accuracy)),
        h("td", { class: "num" }, run.status === "running" ? `${format.duration(run.etaSeconds)} left` : format.duration(run.deviceSeconds)),
      );
    });
    const waiting = this.#cell.runsExpected - this.#cell.runs.length;
    fill(
      this.#table,
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ["run", "", "step", "loss", "accuracy", "time"].map((name, i) => h("th", { scope: "col", class: i > 1 ? "num" : "" }, name)))),
        h("tbody", {}, rows),
      ),
      waiting > 0 ? h("p", { class: "note" }, `${format.plural(waiting, "run")} not asked for yet.`) : null,
    );
  }

  #fetchSoon() {
    const stale = this.#stale();
    if (!this.#timer && !this.#busy && stale.length) {
      const first = stale.some((run) => !this.#fetched.has(run.runId));
      this.#timer = setTimeout(() => this.#fetchStale(), first ? 0 : LEAST_INTERVAL_MILLIS);
    }
  }

  #stale() {
    const mark = (run) => `${run.newestMillis}/${run.step}/${run.status}/${run.rung}`;
    return (this.#cell?.runs ?? [])
      .slice(0, MOST_RUNS)
      .filter((run) => run.attempt > 0 && this.#fetched.get(run.runId) !== mark(run))
      .map((run) => ({ runId: run.runId, mark: mark(run) }));
  }

  async #fetchStale() {
    this.#timer = null;
    this.#busy = true;
    const key = this.#key;
    try {
      await Promise.all(
        this.#stale().map(async ({ runId, mark }) => {
          const response = await fetch(`/api/runs/${encodeURIComponent(runId)}?points=${POINTS}`);
          if (response.ok && key === this.#key) {
            this.#runs.set(runId, await response.json());
            this.#fetched.set(runId, mark);
          }
        }),
      );
    } catch {
      // The server is away: the connection pill says so, and the next update asks again.
    } finally {
      this.#busy = false;
    }
    if (key === this.#key) this.#drawCurves();
    this.#fetchSoon();
  }

  #drawCurves() {
    if (!this.#cell) return;
    const runs = this.#cell.runs.slice(0, MOST_RUNS).map((run, i) => ({ run, colour: seedColour(i), full: this.#runs.get(run.runId) }));
    const ready = runs.filter((each) => each.full);
    const end = Math.max(0, ...this.#cell.runs.map((run) => run.budgetSteps));
    const positive = (values) => (this.#log ? values.map((v) => (v > 0 ? v : null)) : values);
    const loss = [
      ...ready.map(({ run, colour, full }) => line(`raw ${run.seed}`, full.curve.step, positive(full.curve.loss), colour, "raw")),
      ...ready.map(({ run, colour, full }) => line(`smooth ${run.seed}`, full.curve.step, positive(full.curve.smoothedLoss), colour, "line")),
    ];
    this.#loss.draw(loss, end);
    this.#accuracy.draw(
      ready
        .filter(({ full }) => full.evaluations.length)
        .map(({ run, colour, full }) =>
          line(`accuracy ${run.seed}`, full.evaluations.map((e) => e.step), full.evaluations.map((e) => 100 * e.top1), colour, "points")),
      end,
    );
    this.#rate.draw(
      ready.slice(0, 1).map(({ full, colour }) => line("rate", full.curve.step, full.curve.learningRate, colour, "line")),
      end,
    );
    this.#drawEvents(ready);
  }

  #drawEvents(ready) {
    const events = ready
      .flatMap(({ run, colour, full }) => full.events.map((event) => ({ ...event, seed: run.seed, colour })))
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

function line(name, x, y, colour, kind) {
  return { name, x, y, colour, kind };
}

function stat(name, value, beside, ...below) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, h("b", {}, value), beside ? h("span", {}, beside) : null), below.filter(Boolean).map((text) => h("dd", { class: "below" }, text)));
}
