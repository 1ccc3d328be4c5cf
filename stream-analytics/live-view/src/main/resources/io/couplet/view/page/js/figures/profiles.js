// Performance profiles and AlgoPerf’s score.

import { Frame, s, linear, logarithmic, path, shortened } from "../svg.js";
import { seriesColour } from "../colours.js";
import { WIDTH, waiting } from "./common.js";
import * as format from "../format.js";

const MOST_SERIES = 24;

export function profiles(study, analysis) {
  const title = "Performance profiles of the optimizers";
  const note = `On how many backbones an optimizer reaches ${analysis ? format.percent(analysis.target, 0) : "95 %"} of the best accuracy within a multiple of the least device time (Dolan and Moré 2002); beside the name AlgoPerf’s score and its 95 % interval.`;
  const shown = (analysis?.profiles ?? []).filter((profile) => profile.backbones > 0 && profile.score !== null).sort((a, b) => b.score - a.score).slice(0, MOST_SERIES);
  if (!shown.length) return waiting(title, note, "Needs evaluations with device time.");
  const rows = Math.max(12, shown.length);
  const frame = new Frame(title, WIDTH, Math.max(330, 84 + 17 * rows), { left: 46, right: 206, top: 22, bottom: 44 });
  const x = logarithmic([1, analysis.largestRatio], [frame.left, frame.right]);
  const y = linear([0, 1], [frame.bottom, frame.top]);
  frame.yAxis(y, (value) => `${Math.round(100 * value)} %`, "of backbones");
  for (const tick of [1, 1.5, 2, 3, 4]) frame.text(x(tick), frame.bottom + 16, `${tick}×`, { "text-anchor": "middle" }).line(x(tick), frame.top, x(tick), frame.bottom);
  frame.text(frame.right, frame.bottom + 34, "of the least device time (log)", { "text-anchor": "end" });
  shown.forEach((profile, i) => {
    const colour = seriesColour(study.optimizers.indexOf(profile.optimizer));
    const points = [[x(1), y(0)]];
    profile.ratios.filter((ratio) => ratio <= analysis.largestRatio).forEach((ratio, k) => points.push([x(ratio), y(k / profile.backbones)], [x(ratio), y((k + 1) / profile.backbones)]));
    points.push([frame.right, points.at(-1)[1]]);
    frame.add(s("path", { d: path(points), fill: "none", stroke: colour, "stroke-width": 2, "stroke-linejoin": "round" }, s("title", {}, profile.optimizer)));
    const at = frame.top + 10 + 17 * i;
    const interval = profile.lower !== null ? ` (${format.number(profile.lower, 2)} to ${format.number(profile.upper, 2)})` : "";
    frame.add(s("rect", { x: frame.right + 16, y: at - 8, width: 9, height: 9, rx: 2, fill: colour }));
    frame.text(frame.right + 31, at, shortened(profile.optimizer, 13), { fill: frame.ink });
    frame.text(frame.width - 4, at, `${format.number(profile.score, 2)}${interval}`, { "text-anchor": "end" });
  });
  return {
    title,
    note,
    picture: frame.svg,
    columns: ["optimizer", "score", "lower", "upper", "backbones", "ratios"],
    rows: shown.map((profile) => [profile.optimizer, profile.score, profile.lower, profile.upper, profile.backbones, profile.ratios.map((ratio) => format.significant(ratio)).join(" ")]),
  };
}
