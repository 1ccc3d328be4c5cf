// Runs with their curves, as the server has them. Each is asked for again when its line in the study has changed, at most once a second.

import { read } from "./api.js";

const LEAST_INTERVAL_MILLIS = 1000;
const RETRY_MILLIS = 3000;
const MOST_AT_ONCE = 6;

/** A run's name beside the others of its pairing. */
export const nameOf = (run) => `seed ${run.seed}${run.hyperparameterPoint ? ` · point ${run.hyperparameterPoint}` : ""}`;

/** At most so many of a pairing's runs, in their order: those of the points that got furthest, and there of the most accurate, come first. */
export function foremost(runs, most) {
  if (runs.length <= most) return runs;
  const points = new Map();
  for (const run of runs) points.set(run.hyperparameterPoint, [...(points.get(run.hyperparameterPoint) ?? []), run]);
  const ranked = [...points.values()].map((own) => {
    const rung = Math.max(...own.map((run) => run.rung));
    const there = own.filter((run) => run.rung === rung && run.accuracy !== null);
    return { own, rung, accuracy: there.length ? there.reduce((sum, run) => sum + run.accuracy, 0) / there.length : -1 };
  });
  ranked.sort((a, b) => b.rung - a.rung || b.accuracy - a.accuracy);
  const chosen = new Set(ranked.flatMap(({ own }) => own).slice(0, most));
  return runs.filter((run) => chosen.has(run));
}

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

  /** `failed` says that the server has just not answered: a run that has ended gives no other occasion to ask again. */
  #soon(failed = false) {
    const stale = this.#stale();
    if (this.#timer || this.#busy || !stale.length) return;
    const first = stale.some((line) => !this.#runs.has(line.runId));
    this.#timer = setTimeout(() => this.#fetch(), failed ? RETRY_MILLIS : first ? 0 : LEAST_INTERVAL_MILLIS);
  }

  async #fetch() {
    this.#timer = null;
    this.#busy = true;
    let changed = false;
    let failed = false;
    const next = this.#stale().slice(0, MOST_AT_ONCE);
    await Promise.all(
      next.map(async (line) => {
        const run = await read(`/api/runs/${encodeURIComponent(line.runId)}?points=${this.#points}`);
        failed ||= !run;
        if (run && this.#wanted.some((each) => each.runId === line.runId)) {
          this.#runs.set(line.runId, run);
          this.#marks.set(line.runId, mark(line));
          changed = true;
        }
      }),
    );
    this.#busy = false;
    if (changed) this.#onChange();
    this.#soon(failed);
  }
}

const mark = (line) => `${line.newestMillis}/${line.step}/${line.status}/${line.rung}`;
