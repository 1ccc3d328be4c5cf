// A person's orders: stop, pause, resume. Asked once more before they are given, given once, and followed until the trainer acknowledges them.

import { h, fill, setText } from "./dom.js";
import { read, order } from "./api.js";
import * as format from "./format.js";

const WORDS = {
  stop: { sign: "■", verb: "Stop", doing: "stopping", done: "stopped" },
  pause: { sign: "❚❚", verb: "Pause", doing: "pausing", done: "paused" },
  resume: { sign: "▶", verb: "Resume", doing: "resuming", done: "resumed" },
};
const FOLLOWED_MILLIS = 120_000;

/** Whether a run can obey. */
const OBEYS = {
  stop: (run) => run.status === "running" || run.status === "waiting",
  pause: (run) => run.status === "running",
  resume: (run) => run.status === "paused",
};

export class OrderDesk {
  #may = null;
  #dialog = h("dialog", { class: "ask", "aria-labelledby": "ask-title" });
  #told;
  #sent = new Map();
  #onChange;

  /** `told` is an element that says how orders went; `onChange` hears when buttons are to be drawn anew. */
  constructor(told, onChange) {
    this.#told = told;
    this.#onChange = onChange;
    document.body.append(this.#dialog);
  }

  /** Asks the server what whoever sits here may do. */
  async ask() {
    this.#may = await read("/api/access");
    this.#onChange();
    return this.#may;
  }

  get allowed() {
    return Boolean(this.#may?.orders);
  }

  /** Buttons for what these runs can obey, as signs where there is little room; the words of an order that is under way beside them. */
  buttons(runs, whose, asSigns = false) {
    if (!this.allowed) return [];
    const under = runs.map((run) => this.#underWay(run)).filter(Boolean);
    const state = under.length ? h("span", { class: "ordered" }, `${WORDS[under[0]].doing}${under.length > 1 ? ` ${under.length}` : ""} …`) : null;
    const buttons = Object.keys(WORDS)
      .map((kind) => [kind, runs.filter((run) => OBEYS[kind](run) && this.#underWay(run) !== kind)])
      .filter(([, able]) => able.length)
      .map(([kind, able]) => {
        const words = `${WORDS[kind].verb} ${able.length > 1 ? `${able.length} runs of ` : ""}${whose}`;
        return h("button", { type: "button", class: `${asSigns ? "round" : "ghost"} order-${kind}`, "data-order": kind, "aria-label": words, title: words, onclick: () => this.#confirm(kind, able, whose) }, asSigns ? WORDS[kind].sign : WORDS[kind].verb.toLowerCase());
      });
    return [state, ...buttons].filter(Boolean);
  }

  /** What changes the buttons of these runs. */
  shape(runs) {
    return `${this.allowed}${runs.map((run) => this.#underWay(run) ?? "")}`;
  }

  #underWay(run) {
    const sent = this.#sent.get(run.runId);
    return run.ordered ?? (sent && !sent.seen ? sent.kind : null);
  }

  #confirm(kind, runs, whose) {
    const { verb } = WORDS[kind];
    const reason = h("input", { type: "text", maxlength: 160, id: "ask-reason", autocomplete: "off", placeholder: "asked for on the page" });
    const many = runs.length > 1 ? `${format.count(runs.length)} runs of ` : "";
    const give = h("button", { type: "submit", class: `primary order-${kind}` }, verb);
    const form = h(
      "form",
      { method: "dialog", onsubmit: () => this.#give(kind, runs, whose, reason.value) },
      h("h2", { id: "ask-title" }, `${verb} ${many}${whose}?`),
      h("p", { class: "note" }, kind === "stop" ? "Each ends after its present step, and for good. Pause keeps a checkpoint to go on from." : kind === "pause" ? "Each ends after its present step; its checkpoint is kept, so that it can be resumed." : "Each goes back into the queue and goes on from its checkpoint."),
      h("label", { for: "ask-reason" }, "Why, for the record"),
      reason,
      h("div", { class: "askfoot" }, h("button", { type: "button", class: "ghost large", onclick: () => this.#dialog.close() }, "Cancel"), give),
    );
    fill(this.#dialog, form);
    this.#dialog.showModal();
    reason.focus();
  }

  async #give(kind, runs, whose, reason) {
    for (const run of runs) this.#sent.set(run.runId, { kind, whose, since: performance.now(), seen: false });
    this.#onChange();
    this.#say(`${WORDS[kind].verb} ${whose}: asked, waiting for the trainer …`);
    const failures = [];
    await Promise.all(
      runs.map(async (run) => {
        try {
          const given = await order(run.runId, kind === "resume" ? "resume" : "stop", { reason, pause: kind === "pause" });
          const sent = this.#sent.get(run.runId);
          if (sent) sent.commandId = given.commandId;
        } catch (failure) {
          this.#sent.delete(run.runId);
          failures.push(failure.message);
        }
      }),
    );
    if (failures.length) this.#say([...new Set(failures)].join(" "), true);
    this.#onChange();
  }

  /** Follows the orders given here: says when their trainers have acknowledged them. Of the decisions only the newest are here, of the runs all. */
  render(study) {
    if (!this.#sent.size) return;
    const now = performance.now();
    const runs = new Map([...study.byPairing.values()].flatMap((cell) => cell.runs.map((run) => [run.runId, run])));
    for (const [runId, sent] of this.#sent) {
      const decision = sent.commandId ? study.decisions.find((each) => each.commandId === sent.commandId) : null;
      const run = runs.get(runId);
      sent.seen ||= Boolean(decision) || run?.ordered === sent.kind;
      if (decision?.acknowledged) {
        this.#sent.delete(runId);
        this.#say(`${sent.whose}: ${WORDS[sent.kind].done}, acknowledged after ${format.count(Math.max(0, decision.acknowledgedMillis - decision.timeMillis))} ms.`);
      } else if (!decision && sent.commandId && run && run.ordered === null && !OBEYS[sent.kind](run)) {
        this.#sent.delete(runId);
        this.#say(`${sent.whose}: ${sent.kind === "resume" ? WORDS.resume.done : run.status}.`);
      } else if (now - sent.since > FOLLOWED_MILLIS) {
        this.#sent.delete(runId);
        this.#say(`${sent.whose}: no trainer has acknowledged the order yet; it stands.`, true);
      }
    }
  }

  #say(text, bad = false) {
    this.#told.classList.toggle("bad", bad);
    setText(this.#told, text);
    this.#told.hidden = false;
  }
}
