// Accuracy against device time.

import { Frame, s, linear, logarithmic, padded, path, round } from "../svg.js";
import { token } from "../colours.js";
import { WIDTH, waiting, dot } from "./common.js";
import * as format from "../format.js";

export function pareto(score, values, where) {
  const title = "Accuracy against device time";
  const note = `Every pairing; the line joins those that no other beats in both. ${where}`;
  const shown = values.filter((value) => value.deviceSeconds > 0);
  if (!shown.length) return waiting(title, note, "Needs evaluations with device time.");
  const frame = new Frame(title, WIDTH, 350, { left: 46, right: 20, top: 22, bottom: 44 });
  const seconds = shown.map((value) => value.deviceSeconds);
  const x = logarithmic([Math.min(...seconds) * 0.85, Math.max(...seconds) * 1.15], [frame.left, frame.right]);
  const y = linear(padded(shown.map((value) => 100 * value.accuracy)), [frame.bottom, frame.top]);
  frame.xAxis(x, (value) => format.durationShort(value), "device time (log)").yAxis(y, (value) => format.significant(value), "top-1, %");
  for (const value of shown) frame.add(dot(x(value.deviceSeconds), y(100 * value.accuracy), value, frame));
  const front = score?.pareto ?? [];
  const isFront = (value) => front.some((point) => point.backbone === value.backbone && point.optimizer === value.optimizer);
  frame.add(s("path", { d: path(front.map((point) => [x(point.deviceSeconds), y(100 * point.accuracy)])), fill: "none", stroke: token("--line-2"), "stroke-width": 2 }));
  front.forEach((point, i) => {
    const [px, py] = [x(point.deviceSeconds), y(100 * point.accuracy)];
    const before = px > frame.left + 0.6 * (frame.right - frame.left);
    frame.add(s("circle", { cx: round(px), cy: round(py), r: 5, fill: token("--line-2") }));
    if (i < 8) frame.text(px + (before ? -9 : 9), py - 7, `${point.backbone} × ${point.optimizer}`, { fill: frame.ink, "text-anchor": before ? "end" : "start" });
  });
  return {
    title,
    note,
    picture: frame.svg,
    columns: ["backbone", "optimizer", "deviceSeconds", "accuracy", "front"],
    rows: shown.map((value) => [value.backbone, value.optimizer, value.deviceSeconds, value.accuracy, isFront(value)]),
  };
}
