// The paper’s Fig. 6: layer statistics by optimizer.

import { Frame, s, linear, padded, path, shortened } from "../svg.js";
import { density, spaced } from "../statistics.js";
import { seriesColour } from "../colours.js";
import { WIDTH, waiting } from "./common.js";
import * as format from "../format.js";

export const STATISTICS = {
  alpha: { label: "power-law exponent α", axis: "α of the spectrum’s tail" },
  entropy: { label: "entropy", axis: "entropy of the spectrum, nats" },
  l2Norm: { label: "L2 norm", axis: "L2 norm of the weights" },
  topPcaEnergy: { label: "top PCA energy", axis: "energy of the top principal components" },
};

export function ridges(study, layers, backbone, statistic) {
  const title = "Layer statistics";
  const note = `Distribution over the layers of ${backbone ?? "a backbone"}, all seeds, by optimizer; ticks are layers (paper, Fig. 6).`;
  const rows = (layers ?? []).flatMap((run) => run.layers.map((layer) => ({ optimizer: run.optimizer, seed: run.seed, step: run.step, layer: layer.name, value: layer[statistic] })));
  const known = rows.filter((row) => Number.isFinite(row.value));
  if (!known.length) return waiting(title, note, layers ? "No layer statistics of this backbone were measured." : "Reading …");
  const names = study.optimizers.filter((name) => known.some((row) => row.optimizer === name));
  const step = 44;
  const frame = new Frame(title, WIDTH, 60 + step * names.length, { left: 110, right: 16, top: 30, bottom: 42 });
  const domain = padded(known.map((row) => row.value));
  const x = linear(domain, [frame.left, frame.right]);
  frame.xAxis(x, (value) => format.significant(value), STATISTICS[statistic].axis);
  const levels = spaced(domain[0], domain[1], 90);
  const curves = names.map((name) => density(known.filter((row) => row.optimizer === name).map((row) => row.value), levels, (domain[1] - domain[0]) / 80));
  const most = Math.max(...curves.flat()) || 1;
  names.forEach((name, i) => {
    const base = frame.top + step * (i + 0.75);
    const colour = seriesColour(study.optimizers.indexOf(name));
    const ridge = levels.map((level, k) => [x(level), base - (1.25 * step * curves[i][k]) / most]);
    frame.add(s("path", { d: `${path([[x(levels[0]), base], ...ridge, [x(levels.at(-1)), base]])}Z`, fill: colour, "fill-opacity": 0.28, stroke: colour, "stroke-width": 1.5 }));
    for (const row of known) if (row.optimizer === name) frame.line(x(row.value), base, x(row.value), base + 4, { stroke: colour, opacity: 0.7 });
    frame.text(frame.left - 10, base, shortened(name, 15), { "text-anchor": "end", fill: frame.ink });
  });
  const without = rows.length - known.length;
  return { title, note, below: without ? `${format.plural(without, "layer")} too small for this statistic.` : "", picture: frame.svg, columns: ["optimizer", "seed", "step", "layer", statistic], rows: rows.map((row) => [row.optimizer, row.seed, row.step, row.layer, row.value]) };
}
