// The feed of stop decisions: who decided, by which rule, on what evidence, and whether it was obeyed. Shadow decisions are marked.

import { h, fill, setText } from "./dom.js";
import { Frame, s, linear, padded, round } from "./svg.js";
import { keepButtons } from "./download.js";
import { token } from "./colours.js";
import * as format from "./format.js";

const FEW = 30;

export class Decisions {
  #desk;
  #list;
  #note;
  #tools;
  #whole;
  #shape = "";
  #rule = "";
  #kind = "";
  #study = null;

  /** `desk` takes orders; with `tools` the evidence of each is shown, otherwise a short list. */
  constructor(list, note, desk, tools = null) {
    this.#desk = desk;
    this.#list = list;
    this.#note = note;
    this.#tools = tools;
    this.#whole = tools !== null;
  }

  render(study) {
    this.#study = study;
    const runs = new Map([...study.byPairing.values()].flatMap((cell) => cell.runs.map((run) => [run.runId, run])));
    const decided = [...new Set(study.decisions.map((decision) => decision.runId))].map((id) => runs.get(id)).filter(Boolean);
    const shape = JSON.stringify([study.decisions, study.decisionsTotal, study.ruleChanges, this.#rule, this.#kind, token("--ink"), this.#desk.shape(decided), decided.map((run) => run.status)]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    const shadows = study.decisions.filter((decision) => decision.shadow).length;
    const total = study.decisionsTotal;
    setText(
      this.#note,
      total ? `${format.plural(total, "decision")}${shadows ? `, ${format.count(shadows)}${total > study.decisions.length ? ` of the newest ${study.decisions.length}` : ""} in shadow` : ""}` : "",
    );
    const shown = study.decisions.filter((decision) => (!this.#rule || decision.rule === this.#rule) && (!this.#kind || (this.#kind === "shadow") === decision.shadow));
    if (this.#tools) this.#drawTools(study, shown);
    fill(
      this.#list,
      this.#whole ? study.ruleChanges.toReversed().map((change) => changed(change)) : null,
      shown.slice(0, this.#whole ? shown.length : FEW).map((decision) => this.#item(decision, runs.get(decision.runId))),
      shown.length ? null : h("li", { class: "empty" }, total ? "None of this kind." : "No run has been told to stop."),
      this.#whole && total > study.decisions.length ? h("li", { class: "note" }, `${format.plural(total - study.decisions.length, "older decision")} not listed here; the report has all of them.`) : null,
    );
  }

  /** Buttons stand beside the newest decision about a run only. */
  #isNewest(decision) {
    return this.#study.decisions.find((each) => each.runId === decision.runId) === decision;
  }

  #drawTools(study, shown) {
    const rules = [...new Set(study.decisions.map((decision) => decision.rule))].sort();
    const pick = (label, options, chosen, choose) =>
      h("label", { class: "pick" }, `${label} `, h("select", { "aria-label": label, onchange: (event) => { choose(event.target.value); this.render(this.#study); } }, options.map(([value, words]) => h("option", { value, selected: value === chosen }, words))));
    fill(
      this.#tools,
      pick("Rule", [["", "all rules"], ...rules.map((rule) => [rule, rule])], this.#rule, (value) => (this.#rule = value)),
      pick("Kind", [["", "obeyed and shadow"], ["armed", "to be obeyed"], ["shadow", "shadow only"]], this.#kind, (value) => (this.#kind = value)),
      keepButtons(`${study.summary.name}-decisions`, "decisions", null, () => ({
        columns: ["time", "backbone", "optimizer", "seed", "rule", "version", "step", "rung", "threshold", "observed", "forecast", "forecastLower", "forecastUpper", "peers", "shadow", "acknowledged", "requestedBy", "kind", "reason"],
        rows: shown.map((d) => [new Date(d.timeMillis).toISOString(), d.backbone, d.optimizer, d.seed, d.rule, d.ruleVersion, d.step, d.rung, d.threshold, d.observed, d.forecast, d.forecastLower, d.forecastUpper, d.peers, d.shadow, d.acknowledged, d.requestedBy, d.kind, d.reason]),
      })),
    );
  }

  #item(decision, run) {
    const fate = decision.shadow ? "shadow: not obeyed" : decision.acknowledged ? `obeyed ${format.count(Math.max(0, decision.acknowledgedMillis - decision.timeMillis))} ms later` : "not acknowledged yet";
    const evidence = [
      `rule ${decision.rule} v${decision.ruleVersion}`,
      decision.step !== null ? `step ${format.count(decision.step)}` : null,
      decision.rung !== null ? `rung ${decision.rung}` : null,
      decision.peers ? format.plural(decision.peers, "peer") : null,
      `by ${decision.requestedBy}`,
      fate,
    ];
    return h(
      "li",
      { class: decision.shadow ? "shadow" : "" },
      h("time", {}, format.clock(decision.timeMillis)),
      h(
        "div",
        {},
        h("p", {}, h("b", {}, `${decision.backbone} × ${decision.optimizer}`), ` seed ${decision.seed} `, decision.kind === "stop" ? null : h("span", { class: "badge tone-fair" }, decision.kind), decision.shadow ? h("span", { class: "badge tone-idle" }, "shadow") : null),
        h("p", {}, decision.reason),
        h("p", { class: "note" }, evidence.filter(Boolean).join(" · ")),
      ),
      this.#whole ? picture(decision) : null,
      run && this.#isNewest(decision) ? h("div", { class: "orders" }, this.#desk.buttons([run], `${decision.backbone} × ${decision.optimizer}, seed ${decision.seed}`)) : null,
    );
  }
}

/** Other rules from now on. */
function changed(change) {
  return h("li", {}, h("time", {}, format.clock(change.timeMillis)), h("div", {}, h("p", {}, h("b", {}, "Rules changed"), `: ${change.rules.join("; ") || "none but divergence"}`), h("p", {}, change.reason), h("p", { class: "note" }, `by ${change.requestedBy}`)));
}

/** The numbers a rule went by, on one line: what it saw, what it foresaw, what it asked for. */
function picture(decision) {
  const { observed, threshold, forecast, forecastLower, forecastUpper } = decision;
  const values = [observed, threshold, forecast, forecastLower, forecastUpper].filter((value) => value !== null);
  if (values.length < 2) return null;
  const number = (value) => (value === null ? "–" : format.significant(value));
  const frame = new Frame(`observed ${number(observed)}, threshold ${number(threshold)}, forecast ${number(forecast)}${forecastLower !== null ? ` (${number(forecastLower)} to ${number(forecastUpper)})` : ""}`, 300, 58, { left: 12, right: 12, top: 8, bottom: 24 });
  const x = linear(padded(values, 0.15), [frame.left, frame.right]);
  const y = 24;
  frame.line(frame.left, y, frame.right, y);
  if (threshold !== null) {
    frame.line(x(threshold), y - 12, x(threshold), y + 12, { stroke: token("--worst"), "stroke-width": 2 });
    frame.text(x(threshold), 54, `needs ${number(threshold)}`, { "text-anchor": "middle" });
  }
  if (forecastLower !== null && forecastUpper !== null) frame.line(x(forecastLower), y, x(forecastUpper), y, { stroke: token("--line-1"), "stroke-width": 5, opacity: 0.4 });
  if (forecast !== null) {
    frame.add(s("circle", { cx: round(x(forecast)), cy: y, r: 5, fill: token("--line-1") }, s("title", {}, `forecast ${number(forecast)}`)));
    frame.text(x(forecast), 10, `foresees ${number(forecast)}`, { "text-anchor": "middle" });
  }
  if (observed !== null) {
    frame.add(s("circle", { cx: round(x(observed)), cy: y, r: 4, fill: frame.card, stroke: frame.ink, "stroke-width": 2 }, s("title", {}, `observed ${number(observed)}`)));
    if (Math.abs(x(observed) - x(threshold ?? observed + 1e9)) > 60) frame.text(x(observed), 54, `saw ${number(observed)}`, { "text-anchor": "middle" });
  }
  frame.svg.setAttribute("class", "evidence");
  const name = `${decision.runId}-${decision.rule}`;
  return h("figure", { class: "evidencebox" }, frame.svg, keepButtons(name, "this evidence", () => frame.svg, () => ({ columns: ["observed", "threshold", "forecast", "forecastLower", "forecastUpper"], rows: [[observed, threshold, forecast, forecastLower, forecastUpper]] })));
}
