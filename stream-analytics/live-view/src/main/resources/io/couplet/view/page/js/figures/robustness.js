// The paper’s Figs. 4 and 5: how far best hyper-parameters lie from the usual ones.

import { Frame, s, linear, bands, round } from "../svg.js";
import { ascending, box, distances } from "../statistics.js";
import { token } from "../colours.js";
import { WIDTH, waiting } from "./common.js";
import * as format from "../format.js";

/** The hyper-parameters that a pairing’s runs were given. */
function triedOf(study) {
  return (value) => {
    const cells = [...study.byPairing.values()].filter((cell) => cell.backbone === value.backbone && cell.optimizer === value.optimizer);
    const values = (name) => ascending([...cells.flatMap((cell) => cell.runs.map((run) => run[name])), ...cells.flatMap((cell) => cell.rungs.map((rung) => rung[name]))].filter((each) => each !== null));
    return { rates: values("learningRate"), decays: values("weightDecay") };
  };
}

export function robustness(study, values, by, order) {
  const optimizers = by === "optimizer";
  const title = optimizers ? "Hyper-parameters: how far optimizers must be retuned" : "Hyper-parameters: how far backbones ask for their own";
  const note = `Steps of the grid between a pairing’s best learning rate and weight decay and those that the optimizer likes most often, each place counted within the pairing’s own grid (paper, Fig. ${optimizers ? 4 : 5}); lower is more robust.`;
  const measured = distances(values.filter((value) => value.learningRate !== null && value.weightDecay !== null), triedOf(study));
  if (!measured.length) return waiting(title, note, "Needs a study with several hyper-parameter points.");
  const names = order.filter((name) => measured.some((each) => each[by] === name));
  const width = Math.max(WIDTH, 46 * names.length);
  const foot = Frame.footFor(names, width - 52);
  const frame = new Frame(title, width, 226 + foot, { left: 40, right: 12, top: 22, bottom: foot });
  const x = bands(names, [frame.left, frame.right]);
  const y = linear([0, Math.max(2, ...measured.map((each) => each.away)) * 1.05], [frame.bottom, frame.top]);
  frame.yAxis(y, (value) => format.significant(value), "grid steps").xNames(names, x);
  for (const name of names) {
    const own = measured.filter((each) => each[by] === name).map((each) => each.away);
    drawBox(frame, x(name), Math.min(30, 0.55 * x.width), y, box(own), own);
  }
  return { title, note, picture: frame.svg, columns: ["backbone", "optimizer", "learningRate", "weightDecay", "gridSteps"], rows: measured.map((each) => [each.backbone, each.optimizer, each.learningRate, each.weightDecay, each.away]) };
}

/** A box of fewer than three values would show a spread that nobody has measured: those are drawn as they are. */
function drawBox(frame, x, width, y, summary, values) {
  const colour = token("--line-3");
  if (values.length < 3) {
    for (const value of values) frame.add(s("circle", { cx: round(x), cy: round(y(value)), r: 3.5, fill: colour }, s("title", {}, format.number(value, 2))));
    return;
  }
  frame.line(x, y(summary.low), x, y(summary.high), { stroke: colour, "stroke-width": 1.5 });
  frame.add(s("rect", { x: round(x - width / 2), y: round(y(summary.q3)), width: round(width), height: round(Math.max(2, y(summary.q1) - y(summary.q3))), rx: 3, fill: colour, "fill-opacity": 0.25, stroke: colour, "stroke-width": 1.5 }));
  frame.line(x - width / 2, y(summary.median), x + width / 2, y(summary.median), { stroke: frame.ink, "stroke-width": 2 });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  frame.add(s("path", { d: `M${round(x)} ${round(y(mean) - 4)}l4 4l-4 4l-4 -4z`, fill: frame.ink }, s("title", {}, `mean ${format.number(mean, 2)} of ${values.length}`)));
  for (const value of summary.beyond) frame.add(s("circle", { cx: round(x), cy: round(y(value)), r: 2.5, fill: "none", stroke: colour }));
}
