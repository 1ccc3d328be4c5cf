// The views of a study, as tabs: arrow keys move between them, the keys 1 to 4 choose one from anywhere.

import { h, fill } from "./dom.js";

export const VIEWS = [
  { id: "overview", label: "Overview" },
  { id: "curves", label: "Curves" },
  { id: "figures", label: "Figures" },
  { id: "decisions", label: "Decisions" },
];

export class Tabs {
  #element;
  #onChoose;

  constructor(element, onChoose) {
    this.#element = element;
    this.#onChoose = onChoose;
    fill(
      element,
      VIEWS.map((view, i) =>
        h("button", { type: "button", role: "tab", id: `tab-${view.id}`, "aria-controls": view.id, "aria-keyshortcuts": String(i + 1), title: `Key ${i + 1}`, onclick: () => onChoose(view.id), onkeydown: (event) => this.#onKey(event, i) }, view.label)),
    );
    addEventListener("keydown", (event) => {
      const busy = event.ctrlKey || event.metaKey || event.altKey || /^(input|select|textarea)$/i.test(event.target.tagName ?? "");
      const view = VIEWS[Number(event.key) - 1];
      if (view && !busy) onChoose(view.id);
    });
  }

  show(chosen) {
    for (const view of VIEWS) {
      const on = view.id === chosen;
      const tab = this.#element.querySelector(`#tab-${view.id}`);
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(view.id).hidden = !on;
    }
  }

  #onKey(event, at) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length];
    this.#element.querySelector(`#tab-${next.id}`).focus();
    this.#onChoose(next.id);
  }
}
