// A few points of every run's loss, for hundreds of runs at once; asked for again while somebody looks, every few seconds at most.

import { read } from "./api.js";
import { path } from "./svg.js";

const INTERVAL_MILLIS = 3000;
const POINTS = 40;
/** The drawing box of a cell's curves. */
export const BOX = { width: 100, height: 40 };

export class Sketches {
  #onChange;
  #study = null;
  #version = -1;
  #asked = -INTERVAL_MILLIS;
  #timer = null;
  #busy = false;
  #byPairing = new Map();
  #scale = null;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Follows a study while it is looked at. */
  follow(study) {
    if (study.summary.id !== this.#study) {
      this.#study = study.summary.id;
      this.#byPairing = new Map();
      this.#version = -1;
      this.#asked = -INTERVAL_MILLIS;
    }
    if (this.#busy || this.#timer || study.version === this.#version) return;
    const wait = this.#asked + INTERVAL_MILLIS - performance.now();
    if (wait <= 0) this.#fetch(study.version);
    else
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#onChange();
      }, wait);
  }

  async #fetch(version) {
    this.#busy = true;
    this.#asked = performance.now();
    const id = this.#study;
    const curves = await read(`/api/studies/${encodeURIComponent(id)}/curves?points=${POINTS}`);
    this.#busy = false;
    if (curves && id === this.#study) {
      this.#take(curves);
      this.#version = version;
    }
    this.#onChange();
  }

  #take(curves) {
    this.#byPairing = new Map();
    const losses = [];
    for (const curve of curves) {
      const key = `${curve.backbone}\u0000${curve.optimizer}`;
      this.#byPairing.set(key, [...(this.#byPairing.get(key) ?? []), curve]);
      for (const loss of curve.loss) if (loss !== null && loss > 0) losses.push(loss);
    }
    losses.sort((a, b) => a - b);
    // One exploded run must not flatten all others: beyond the 98th percentile a line leaves the cell.
    this.#scale = losses.length ? [Math.log(losses[0]), Math.log(losses[Math.floor(0.98 * (losses.length - 1))])] : [0, 1];
  }

  /** Paths of a pairing's runs, log loss against the share of the budget, one scale for the whole grid. */
  of(key) {
    const [low, high] = this.#scale ?? [0, 1];
    const span = high - low || 1;
    return (this.#byPairing.get(key) ?? []).map((curve) =>
      path(
        curve.step.map((step, i) => [
          (BOX.width * step) / (curve.budgetSteps || step || 1),
          curve.loss[i] > 0 ? BOX.height * (1 - (Math.log(curve.loss[i]) - low) / span) : NaN,
        ]),
      ));
  }

  /** The most steps that stand behind one point of a line; 0 before the first. */
  get behind() {
    let most = 0;
    for (const curves of this.#byPairing.values()) for (const curve of curves) most = Math.max(most, curve.stepsPerPoint);
    return most;
  }

  /** Whether steps of some run were let go of. */
  get released() {
    return [...this.#byPairing.values()].some((curves) => curves.some((curve) => curve.released));
  }

  newest(key) {
    const last = (this.#byPairing.get(key) ?? []).map((curve) => curve.loss.findLast((loss) => loss !== null)).filter((loss) => loss !== undefined);
    return last.length ? last.reduce((sum, loss) => sum + loss, 0) / last.length : null;
  }
}
