// What several figures share.

import { s, round } from "../svg.js";
import { token } from "../colours.js";
import * as format from "../format.js";

/** Width of a picture, in its own points. */
export const WIDTH = 640;

/** A figure that has nothing to show yet, and what it waits for. */
export const waiting = (title, note, words = "Comes with the first scores.") => ({ title, note, waiting: words });

/** Every cell’s value at a rung, flat. */
export function cellsAt(study, rung) {
  return [...study.byPairing.values()].flatMap((cell) => {
    const at = cell.rungs.find((value) => value.rung === rung);
    return at?.accuracy != null ? [{ backbone: cell.backbone, optimizer: cell.optimizer, ...at }] : [];
  });
}

/** An interval on a horizontal scale, cut where the picture ends. */
export function whisker(frame, x, y, low, high, colour = frame.ink) {
  if (low === null || low === undefined || high === null || high === undefined) return;
  const [a, b] = [Math.max(frame.left, x(low)), Math.min(frame.right, x(high))];
  frame.line(a, y, b, y, { stroke: colour, "stroke-width": 1.6 });
  for (const end of [a, b]) frame.line(end, y - 5, end, y + 5, { stroke: colour, "stroke-width": 1.6 });
}

/** A pairing: orange when it fails by the paper’s rule, a cross when it diverged. */
export function dot(x, y, value, frame) {
  const words = s("title", {}, `${value.backbone} × ${value.optimizer}: ${format.percent(value.accuracy)}${value.failed ? ", failed" : ""}`);
  return value.diverged
    ? s("path", { d: `M${round(x - 3.5)} ${round(y - 3.5)}l7 7m0 -7l-7 7`, stroke: token("--worst"), "stroke-width": 1.8, fill: "none" }, words)
    : s("circle", { cx: round(x), cy: round(y), r: 3, fill: frame.card, stroke: token(value.failed ? "--line-2" : "--line-1"), "stroke-width": 1.5 }, words);
}
