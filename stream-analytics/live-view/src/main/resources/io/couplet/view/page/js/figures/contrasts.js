// Families of optimizers on families of backbones.

import { Frame, s, linear, bands, round } from "../svg.js";
import { token } from "../colours.js";
import { WIDTH, waiting, whisker } from "./common.js";
import * as format from "../format.js";

export function contrasts(analysis) {
  const title = "Families: who wants whom";
  const note = "How many points a family of optimizers does better on a family of backbones than elsewhere, beyond what either does on its own; 95 % intervals from the spread between members. Full dots leave zero out after Holm’s adjustment.";
  const shown = (analysis?.contrasts ?? []).filter((contrast) => contrast.points !== null).sort((a, b) => b.points - a.points);
  if (!shown.length) return waiting(title, note, "Needs two families of backbones and two of optimizers that report.");
  const names = shown.map((contrast) => `${contrast.optimizerFamily} on ${contrast.backboneFamily}`);
  const frame = new Frame(title, WIDTH, 40 + 23 * names.length, { left: 236, right: 64, top: 6, bottom: 30 });
  const most = Math.max(1, ...shown.map((contrast) => Math.abs(contrast.points))) * 2.2;
  const x = linear([-most, most], [frame.left, frame.right]);
  const y = bands(names, [frame.top, frame.bottom]);
  frame.xAxis(x, (value) => format.signed(value, 0), "", 6);
  frame.line(x(0), frame.top, x(0), frame.bottom, { stroke: frame.soft });
  shown.forEach((contrast, i) => {
    const at = y(names[i]);
    const colour = token(contrast.points < 0 ? "--line-2" : "--line-1");
    frame.text(frame.left - 10, at + 4, names[i], { "text-anchor": "end", fill: frame.ink });
    whisker(frame, x, at, contrast.lower, contrast.upper, frame.soft);
    const sure = contrast.adjustedPValue !== null && contrast.adjustedPValue < 0.05;
    frame.add(s("circle", { cx: round(x(contrast.points)), cy: round(at), r: 5, fill: sure ? colour : frame.card, stroke: colour, "stroke-width": 2 }));
    frame.text(frame.width - 4, at + 4, `${format.signed(contrast.points)}${contrast.cells < contrast.cellsExpected ? " *" : ""}`, { "text-anchor": "end", fill: frame.ink });
  });
  return {
    title,
    note,
    below: [
      shown.some((each) => each.cells < each.cellsExpected) ? "* not all cells report." : "",
      shown.some((each) => each.lower !== null && (each.lower < -most || each.upper > most)) ? "Intervals that reach the edge go on beyond it." : "",
    ].join(" ").trim(),
    picture: frame.svg,
    columns: ["optimizerFamily", "backboneFamily", "points", "lower", "upper", "adjustedPValue", "cells", "cellsExpected"],
    rows: shown.map((each) => [each.optimizerFamily, each.backboneFamily, each.points, each.lower, each.upper, each.adjustedPValue, each.cells, each.cellsExpected]),
  };
}
