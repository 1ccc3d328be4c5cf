// One event stream for the study shown. After any break the server sends a whole snapshot again.

export class Feed {
  #source = null;
  #study = null;
  #listener;
  #onState;

  constructor(listener, onState) {
    this.#listener = listener;
    this.#onState = onState;
  }

  /** Follows a study; null follows only the list of studies. */
  follow(study) {
    this.#study = study;
    this.#open();
  }

  #open() {
    this.#source?.close();
    this.#onState("connecting");
    const source = new EventSource(`/api/events${this.#study ? `?study=${encodeURIComponent(this.#study)}` : ""}`);
    this.#source = source;
    source.onopen = () => this.#onState("live");
    source.onerror = () => {
      this.#onState("lost");
      // The browser reconnects by itself, except after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => source === this.#source && this.#open(), 2000);
    };
    for (const kind of ["snapshot", "delta"]) {
      source.addEventListener(kind, (event) => {
        if (source === this.#source) this.#listener(kind, JSON.parse(event.data));
      });
    }
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
    advice: update.advice ?? base?.advice ?? [],
  };
}

export const pairing = (backbone, optimizer) => `${backbone}\u0000${optimizer}`;
