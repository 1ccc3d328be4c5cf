// Shares of variance: backbone, optimizer, coupling.

import { Frame, s, linear, bands, round } from "../svg.js";
import { token } from "../colours.js";
import { WIDTH, waiting, whisker } from "./common.js";
import * as format from "../format.js";

export function shares(score, where) {
  const title = "Where the differences in accuracy lie";
  const note = `Two-way analysis of variance; whiskers are 95 % intervals without the cells’ own errors. ${where}`;
  const parts = score
    ? [
        ["backbone", score.backboneShare, score.backboneShareInterval, token("--ink-3")],
        ["optimizer", score.optimizerShare, score.optimizerShareInterval, token("--line-1")],
        ["coupling", score.interactionShare, score.interactionShareInterval, token("--line-2")],
      ]
    : [];
  if (!parts.length || parts[0][1] === null) return waiting(title, note, score?.tooFew ?? undefined);
  const frame = new Frame(`${title}: ${parts.map(([name, share]) => `${name} ${format.percent(share, 0)}`).join(", ")}`, WIDTH, 190, { left: 84, right: 74, top: 8, bottom: 30 });
  const x = linear([0, 1], [frame.left, frame.right]);
  const y = bands(parts.map(([name]) => name), [frame.top, frame.bottom]);
  frame.xAxis(x, (value) => `${Math.round(100 * value)} %`, "", 5).yNames(parts.map(([name]) => name), y);
  for (const [name, share, interval, colour] of parts) {
    frame.add(s("rect", { x: frame.left, y: round(y(name) - 13), width: round(Math.max(0, x(share) - frame.left)), height: 26, rx: 4, fill: colour }));
    if (name === "coupling" && score.noiseShare) {
      const noise = Math.min(share, score.noiseShare);
      frame.add(s("rect", { x: round(x(share - noise)), y: round(y(name) - 13), width: round(x(share) - x(share - noise)), height: 26, fill: frame.card, opacity: 0.45 }));
    }
    whisker(frame, x, y(name), interval?.lower, interval?.upper);
    const end = Math.max(x(share), interval ? x(interval.upper) : 0);
    frame.text(end + 9, y(name) + 5, format.percent(share, 0), { fill: frame.ink, "font-weight": 650, "font-size": 14 });
  }
  const test = { seeds: "F test against the differences between seeds", tukey: "Tukey’s test, which only sees coupling that is a product of the two effects" }[score.interactionTest];
  const below = [
    score.noiseShare !== null ? `The pale end of coupling (${format.percent(score.noiseShare, 0)}) is what the cells’ errors alone would give.` : "",
    test && score.interactionPValue !== null ? `${test}: p ${score.interactionPValue < 0.001 ? "< 0.001" : `= ${format.number(score.interactionPValue, 3)}`}.` : "",
  ].join(" ").trim();
  return { title, note, below, picture: frame.svg, columns: ["source", "share", "lower", "upper"], rows: parts.map(([name, share, interval]) => [name, share, interval?.lower, interval?.upper]) };
}
