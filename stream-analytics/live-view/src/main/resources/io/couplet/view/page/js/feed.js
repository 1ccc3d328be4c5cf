// One event stream for the study shown. After any break the server sends a whole snapshot again.

import { Stream } from "./api.js";

export class Feed {
  #stream = null;
  #listener;
  #onState;

  constructor(listener, onState) {
    this.#listener = listener;
    this.#onState = onState;
  }

  /** Follows a study; null follows only the list of studies. */
  follow(study) {
    this.#stream?.close();
    this.#onState("connecting");
    this.#stream = new Stream(`/api/events${study ? `?study=${encodeURIComponent(study)}` : ""}`, (kind, data) => this.#listener(kind, JSON.parse(data)), this.#onState);
  }

  /** Tries again at once, after a token was given. */
  again() {
    this.#stream?.again();
  }
}

/** A study as the page holds it: the newest snapshot with the cells by pairing. */
export function merged(known, kind, update) {
  const study = update.study;
  if (!study) return null;
  const base = kind === "delta" && known && known.summary.id === study.summary.id ? known : null;
  const cells = base ? base.byPairing : new Map();
  for (const cell of study.cells) cells.set(pairing(cell.backbone, cell.optimizer), cell);
  return {
    ...study,
    byPairing: cells,
    rungScores: study.rungScores ?? base?.rungScores ?? [],
    decisions: study.decisions ?? base?.decisions ?? [],
    ruleChanges: study.ruleChanges ?? base?.ruleChanges ?? [],
    advice: update.advice ?? base?.advice ?? [],
  };
}

export const pairing = (backbone, optimizer) => `${backbone}\u0000${optimizer}`;
