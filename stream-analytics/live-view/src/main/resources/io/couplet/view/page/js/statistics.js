// What pictures need to know of numbers. Pure; no page.

/** Quantile of ascending values, linear between neighbours (type 7); null of none. */
export function quantile(sorted, p) {
  if (!sorted.length) return null;
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The span of nearly all values, when a few that fell far below would flatten the others; `below` says that there are such. */
export function core(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, high] = [sorted[0], sorted.at(-1)];
  const usual = quantile(sorted, 0.06);
  const below = usual - least > 0.4 * (high - usual);
  return { low: below ? usual : least, high, below };
}

/** Five numbers and what lies beyond 1.5 times the interquartile range (Tukey). */
export function box(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => quantile(sorted, p));
  const reach = 1.5 * (q3 - q1);
  const inside = sorted.filter((value) => value >= q1 - reach && value <= q3 + reach);
  return { q1, median, q3, low: inside[0], high: inside.at(-1), beyond: sorted.filter((value) => value < q1 - reach || value > q3 + reach), count: sorted.length };
}

/** Gaussian kernel density at `points` (Silverman's bandwidth, at least `least`). */
export function density(values, points, least = 0) {
  const known = values.filter(Number.isFinite);
  const n = known.length;
  if (!n) return points.map(() => 0);
  const sorted = [...known].sort((a, b) => a - b);
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1));
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
  const bandwidth = Math.max(least, 0.9 * (Math.min(deviation, spread || deviation) || deviation) * n ** -0.2) || 1;
  return points.map((point) => known.reduce((sum, value) => sum + Math.exp(-0.5 * ((point - value) / bandwidth) ** 2), 0) / (n * bandwidth * Math.sqrt(2 * Math.PI)));
}

/** `count` values evenly from low to high. */
export const spaced = (low, high, count) => Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

/** The value that occurs most often, the first of equals. */
export function mode(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (best && best[1] >= each[1] ? best : each), null)?.[0] ?? null;
}

/**
 * How far each pairing’s best hyper-parameters lie from where the optimizer’s best lie most often: Manhattan distance in steps of the grid that was tried
 * (arXiv:2410.06373, A.3). Usual learning rates differ from one kind of backbone to the next, so places are counted within the pairing’s own grid, which `tried` gives
 * as { rates, decays }, ascending; only pairings with more than one point are measured.
 */
export function distances(cells, tried) {
  const placed = [];
  for (const cell of cells) {
    const { rates, decays } = tried(cell);
    if (rates.length * decays.length > 1) placed.push({ cell, rate: rates.indexOf(cell.learningRate), decay: decays.indexOf(cell.weightDecay) });
  }
  const measured = [];
  for (const own of grouped(placed, (each) => each.cell.optimizer).values()) {
    const [rate, decay] = mode(own.map((each) => `${each.rate}/${each.decay}`)).split("/").map(Number);
    for (const each of own) measured.push({ ...each.cell, away: Math.abs(each.rate - rate) + Math.abs(each.decay - decay) });
  }
  return measured;
}

export const ascending = (values) => [...new Set(values)].sort((a, b) => a - b);

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}
