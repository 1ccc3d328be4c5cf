// From runs to the lines of a chart: which column, against what, how smooth, seeds alone or as a band. Pure; no page.

export const AXES = [
  { id: "step", label: "step" },
  { id: "epoch", label: "epoch" },
  { id: "budget", label: "budget" },
  { id: "seconds", label: "seconds" },
];

/** `of` gives a curve’s column, `high` and `low` the extremes behind a point, `points` evaluations instead of steps. */
export const METRICS = [
  { id: "loss", label: "Training loss", unit: "nats", of: (c) => c.loss, low: (c) => c.lossMin, high: (c) => c.lossMax, smooth: true },
  { id: "accuracy", label: "Validation accuracy", unit: "%", points: (e) => 100 * e.top1 },
  { id: "gradientNorm", label: "Gradient norm", unit: "L2", of: (c) => c.gradientNorm, high: (c) => c.gradientNormMax, smooth: true },
  { id: "updateRatio", label: "Update ratio", unit: "update / weights", of: (c) => c.updateRatio, high: (c) => c.updateRatioMax, smooth: true },
  { id: "learningRate", label: "Learning rate", unit: "", of: (c) => c.learningRate },
  { id: "batchAccuracy", label: "Batch accuracy", unit: "%", of: (c) => c.batchAccuracy.map((v) => (v === null ? null : 100 * v)), smooth: true },
  { id: "validationLoss", label: "Validation loss", unit: "nats", points: (e) => e.loss },
  { id: "samplesPerSecond", label: "Throughput", unit: "images / s", of: (c) => c.samplesPerSecond, smooth: true },
];

/** What turns a step of a run into the axis; null when the run cannot tell. */
function place(run, axis) {
  const { step, seconds } = run.curve;
  switch (axis) {
    case "epoch":
      return run.epochsPerStep ? (at) => at * run.epochsPerStep : null;
    case "budget":
      return run.summary.budgetSteps ? (at) => (100 * at) / run.summary.budgetSteps : null;
    case "seconds":
      return (at) => between(step, seconds, at);
    default:
      return (at) => at;
  }
}

/** Linear between known places; the nearest end outside. */
export function between(xs, ys, at) {
  if (!xs.length) return null;
  let low = 0;
  let high = xs.length - 1;
  if (at <= xs[0]) return ys[0];
  if (at >= xs[high]) return ys[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= at) low = middle;
    else high = middle;
  }
  if (ys[low] === null || ys[high] === null) return ys[low] ?? ys[high];
  return ys[low] + ((at - xs[low]) / (xs[high] - xs[low])) * (ys[high] - ys[low]);
}

/** Where the axis ends when the whole budget is used. */
export function endOf(lines, axis, runs) {
  if (axis === "budget") return 100;
  const budget = Math.max(0, ...lines.map((line) => line.budgetSteps));
  if (axis === "step") return budget;
  if (axis === "epoch") return Math.max(0, ...runs.map((run) => (run.epochsPerStep ?? 0) * run.summary.budgetSteps));
  return Math.max(0, ...runs.map((run) => run.curve.seconds.at(-1) ?? 0));
}

/** Exponential mean with its bias corrected; `halfLife` in steps, 0 leaves all as it is; `weights` are the steps behind each value. */
export function smoothed(values, weights, halfLife) {
  if (!(halfLife > 0)) return values;
  let sum = 0;
  let weight = 0;
  return values.map((value, i) => {
    if (value === null) return null;
    const keep = 0.5 ** (weights[i] / halfLife);
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    return weight > 0 ? sum / weight : value;
  });
}

/** One metric of one run on an axis: { x, raw, smooth, low, high, behind }; null when there is nothing to draw. */
export function seriesOf(run, metric, axis, halfLifeShare) {
  const at = place(run, axis);
  if (!at) return null;
  if (metric.points) {
    const evaluations = run.evaluations;
    return evaluations.length ? { x: evaluations.map((e) => at(e.step)), raw: evaluations.map((e) => metric.points(e)), smooth: null, low: null, high: null, behind: 1 } : null;
  }
  const curve = run.curve;
  const raw = metric.of(curve);
  if (!raw.some((value) => value !== null)) return null;
  const merged = curve.steps.some((n) => n > 1);
  return {
    x: curve.step.map(at),
    raw,
    smooth: metric.smooth && halfLifeShare > 0 ? smoothed(raw, curve.steps, halfLifeShare * run.summary.budgetSteps) : null,
    low: merged && metric.low ? metric.low(curve) : null,
    high: merged && metric.high ? metric.high(curve) : null,
    behind: Math.max(1, ...curve.steps),
  };
}

/** Several runs as one: mean, least and greatest of those that have got so far, at `count` places. */
export function band(all, count) {
  const known = all.filter((each) => each && each.x.length);
  if (!known.length) return null;
  const start = Math.min(...known.map((each) => each.x[0]));
  const end = Math.max(...known.map((each) => each.x.at(-1)));
  const x = [];
  const mean = [];
  const low = [];
  const high = [];
  for (let i = 0; i < count; i++) {
    const at = start + ((end - start) * i) / Math.max(1, count - 1);
    const values = known.filter((each) => at >= each.x[0] - 1e-9 && at <= each.x.at(-1) + 1e-9).map((each) => between(each.x, each.smooth ?? each.raw, at)).filter((value) => value !== null);
    if (!values.length) continue;
    x.push(at);
    mean.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    low.push(Math.min(...values));
    high.push(Math.max(...values));
  }
  return { x, mean, low, high };
}

/** What stands out on a loss curve: spikes, steps without a finite loss. */
export function marksOf(run, axis) {
  const at = place(run, axis);
  if (!at) return [];
  const { step, spike, nonFinite, lossMax, smoothedLoss } = run.curve;
  return step.flatMap((each, i) => {
    if (nonFinite[i]) return [{ kind: "nonFinite", x: at(each), y: null, words: `loss not finite at ${nonFinite[i] > 1 ? `${nonFinite[i]} steps to ` : "step "}${each}` }];
    return spike[i] ? [{ kind: "spike", x: at(each), y: lossMax[i] ?? smoothedLoss[i], words: `spike at step ${each}` }] : [];
  });
}

/** The forecast of the final loss with its interval, at the end of the budget; null when there is none, or the run has ended. */
export function forecastOf(run, axis) {
  const c = run.convergence;
  const at = place(run, axis);
  if (!c || c.forecastLoss === null || !at || run.summary.status !== "running" || axis === "seconds") return null;
  return { x: at(run.summary.budgetSteps), from: at(c.step), smooth: c.smoothedLoss, y: c.forecastLoss, low: c.forecastLower, high: c.forecastUpper };
}

/** What happened to a run, on the axis. */
export function eventsOf(run, axis) {
  const at = place(run, axis);
  const events = at ? run.events.filter((event) => event.step > 0 && event.kind !== "checkpointed") : [];
  const stops = at ? run.decisions.filter((decision) => decision.step > 0) : [];
  return [
    ...events.map((event) => ({ x: at(event.step), kind: event.kind, words: `${event.kind} at step ${event.step}${event.reason ? `: ${event.reason}` : ""}` })),
    ...stops.map((decision) => ({ x: at(decision.step), kind: decision.shadow ? "shadow" : "stop", words: `${decision.rule}${decision.shadow ? " (shadow)" : ""} at step ${decision.step}: ${decision.reason}` })),
  ];
}
