// Runs with their curves, as the server has them. Each is asked for again when its line in the study has changed, at most once a second.

import { read } from "./api.js";

const LEAST_INTERVAL_MILLIS = 1000;
const MOST_AT_ONCE = 6;

export class RunStore {
  #points;
  #onChange;
  #wanted = [];
  #runs = new Map();
  #marks = new Map();
  #timer = null;
  #busy = false;

  /** `points` is the most a curve may have. */
  constructor(points, onChange) {
    this.#points = points;
    this.#onChange = onChange;
  }

  /** Follows these runs, given by their lines in the study, and forgets all others. */
  follow(lines) {
    this.#wanted = lines.filter((line) => line.attempt > 0);
    const ids = new Set(this.#wanted.map((line) => line.runId));
    for (const id of this.#runs.keys()) {
      if (!ids.has(id)) {
        this.#runs.delete(id);
        this.#marks.delete(id);
      }
    }
    this.#soon();
  }

  /** The run with its curve; undefined until it was read. */
  get(runId) {
    return this.#runs.get(runId);
  }

  get missing() {
    return this.#wanted.filter((line) => !this.#runs.has(line.runId)).length;
  }

  #stale() {
    return this.#wanted.filter((line) => this.#marks.get(line.runId) !== mark(line));
  }

  #soon() {
    const stale = this.#stale();
    if (this.#timer || this.#busy || !stale.length) return;
    const first = stale.some((line) => !this.#runs.has(line.runId));
    this.#timer = setTimeout(() => this.#fetch(), first ? 0 : LEAST_INTERVAL_MILLIS);
  }

  async #fetch() {
    this.#timer = null;
    this.#busy = true;
    let changed = false;
    const next = this.#stale().slice(0, MOST_AT_ONCE);
    await Promise.all(
      next.map(async (line) => {
        const run = await read(`/api/runs/${encodeURIComponent(line.runId)}?points=${this.#points}`);
        if (run && this.#wanted.some((each) => each.runId === line.runId)) {
          this.#runs.set(line.runId, run);
          this.#marks.set(line.runId, mark(line));
          changed = true;
        }
      }),
    );
    this.#busy = false;
    if (changed) {
      this.#onChange();
      this.#soon();
    }
  }
}

const mark = (line) => `${line.newestMillis}/${line.step}/${line.status}/${line.rung}`;
