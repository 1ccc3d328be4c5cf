// The paper’s Fig. 3: accuracies of a backbone’s optimizers.

import { Frame, s, linear, bands, path, round } from "../svg.js";
import { box, core, density, spaced } from "../statistics.js";
import { token } from "../colours.js";
import { WIDTH, waiting, dot } from "./common.js";
import * as format from "../format.js";

/** More backbones than this take the whole width. */
const MANY = 12;

export function violins(study, values, where) {
  const title = "Accuracy over the optimizers, backbone by backbone";
  const note = `Each dot is one optimizer’s best point, orange when it fails by the paper’s rule, a cross when it diverged; the bar spans the middle half, the line is the median (paper, Fig. 3). ${where}`;
  if (!values.length) return waiting(title, note);
  const names = study.backbones.filter((name) => values.some((value) => value.backbone === name));
  const wide = names.length > MANY;
  const width = wide ? 2 * WIDTH : WIDTH;
  const foot = Frame.footFor(names, width - 58);
  const frame = new Frame(title, width, 276 + foot, { left: 46, right: 12, top: 22, bottom: foot });
  const x = bands(names, [frame.left, frame.right]);
  const span = core(values.map((value) => 100 * value.accuracy));
  const more = 0.06 * (span.high - span.low || 1);
  const domain = [Math.max(0, span.low - more), Math.min(100, span.high + more)];
  const y = linear(domain, [frame.bottom, frame.top]);
  frame.yAxis(y, (value) => format.significant(value), "top-1, %", 8).xNames(names, x);
  for (const name of names) {
    const own = values.filter((value) => value.backbone === name);
    const points = own.map((value) => 100 * value.accuracy);
    const summary = box(points);
    if (!summary) continue;
    if (points.length > 2) {
      const levels = spaced(Math.max(domain[0], Math.min(...points)), Math.max(...points), 48);
      const at = density(points, levels, (domain[1] - domain[0]) / 60);
      const most = Math.max(...at) || 1;
      const half = 0.42 * x.width;
      const right = levels.map((level, i) => [x(name) + (half * at[i]) / most, y(level)]);
      const left = levels.map((level, i) => [x(name) - (half * at[i]) / most, y(level)]).reverse();
      frame.add(s("path", { d: `${path([...right, ...left])}Z`, fill: token("--line-1"), opacity: 0.22, stroke: token("--line-1"), "stroke-width": 1 }));
    }
    frame.add(s("rect", { x: round(x(name) - 3), y: round(y(summary.q3)), width: 6, height: round(Math.max(1, Math.min(frame.bottom, y(summary.q1)) - y(summary.q3))), rx: 3, fill: token("--line-1"), opacity: 0.55 }));
    frame.line(x(name) - 9, y(summary.median), x(name) + 9, y(summary.median), { stroke: frame.ink, "stroke-width": 2 });
    own.forEach((value, i) => {
      const aside = x(name) + (((i * 37) % 11) - 5) * Math.min(2, x.width / 26);
      if (100 * value.accuracy >= domain[0]) frame.add(dot(aside, y(100 * value.accuracy), value, frame));
    });
    const below = own.filter((value) => 100 * value.accuracy < domain[0]).sort((a, b) => b.accuracy - a.accuracy);
    if (below.length) {
      const words = below.map((value) => `${value.optimizer} ${format.percent(value.accuracy)}`).join(", ");
      frame.add(s("path", { d: `M${round(x(name) - 5)} ${frame.bottom - 9}h10l-5 8z`, fill: token("--worst") }, s("title", {}, words)));
      if (below.length > 1) frame.text(x(name) + 7, frame.bottom - 2, below.length, { fill: token("--worst"), "font-size": 10 });
    }
  }
  return {
    title,
    note,
    wide,
    below: values.some((value) => 100 * value.accuracy < domain[0]) ? "A red triangle stands for results below the picture; the CSV has all of them." : "",
    picture: frame.svg,
    columns: ["backbone", "optimizer", "accuracy", "standardError", "failed", "diverged"],
    rows: values.map((value) => [value.backbone, value.optimizer, value.accuracy, value.accuracyStandardError, value.failed, value.diverged]),
  };
}
