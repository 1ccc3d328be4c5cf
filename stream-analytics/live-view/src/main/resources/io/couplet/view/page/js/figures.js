// The figures of a study at one rung, each from the scores to a picture and its table: data → rows → SVG.

import { h, fill } from "./dom.js";
import { Frame, s, linear, logarithmic, bands, padded, path, round, shortened } from "./svg.js";
import { ascending, box, core, density, spaced, distances } from "./statistics.js";
import { keepButtons } from "./download.js";
import { token, seriesColour } from "./colours.js";
import { scoreFor } from "./grid.js";
import * as format from "./format.js";

const WIDTH = 640;
const MOST_SERIES = 24;
const MANY = 12;

/** Fills the view with every figure for which there is data; the others say what they wait for. */
export class Figures {
  #element;
  #analysis = null;
  #analysisOf = "";
  #layers = null;
  #layersOf = "";
  #statistic = "alpha";
  #backbone = null;
  #shape = "";
  #cards = new Map();
  #study = null;
  #rung = 0;

  constructor(element) {
    this.#element = element;
  }

  render(study, rung) {
    this.#study = study;
    this.#rung = rung;
    const score = scoreFor(study, rung);
    const shape = JSON.stringify([study.summary.id, score, study.optimizers, study.backbones, rung, token("--ink")]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#draw();
      this.#fetchAnalysis(score);
    }
    this.#fetchLayers();
  }

  redraw() {
    if (this.#study) this.#draw();
  }

  #draw() {
    const study = this.#study;
    const score = scoreFor(study, this.#rung);
    const at = score?.rung ?? 0;
    const values = cellsAt(study, at);
    const name = `${study.summary.name}-rung-${at}`;
    const where = score ? `Rung ${at}${study.settings ? ` of ${study.settings.rungs.length}` : ""}, ${format.percent(score.fraction, 0)} of the budget; ${score.cellsReporting} of ${score.cellsExpected} cells.` : "";
    const analysis = this.#analysis?.rung === at ? this.#analysis : null;
    this.#show("shares", shares(score, where), name);
    this.#show("violins", violins(study, values, where), name);
    this.#show("pareto", pareto(score, values, where), name);
    this.#show("profiles", profiles(study, analysis), name);
    this.#show("contrasts", contrasts(analysis), name);
    this.#show("robustness-optimizers", robustness(study, values, "optimizer", study.optimizers), name);
    this.#show("robustness-backbones", robustness(study, values, "backbone", study.backbones), name);
    this.#show("layers", ridges(study, this.#layers, this.#backbone, this.#statistic), name, this.#layerControls(study));
    this.#show("paper", paperTable(score), name);
  }

  #show(id, figure, study, controls = null) {
    let card = this.#cards.get(id);
    if (!card) {
      card = h("figure", { class: "card figure", id: `figure-${id}` });
      this.#cards.set(id, card);
      this.#element.append(card);
    }
    card.classList.toggle("wide", Boolean(figure.wide));
    const heading = h("div", { class: "cardhead" }, h("h2", {}, figure.title), figure.picture || figure.table ? keepButtons(`${study}-${id}`, figure.title, figure.picture ? () => card.querySelector("svg") : null, () => figure) : null);
    fill(card, heading, h("figcaption", { class: "note" }, figure.note), controls, figure.picture ?? figure.table ?? h("p", { class: "empty" }, figure.waiting), figure.below ? h("p", { class: "note" }, figure.below) : null);
  }

  async #fetchAnalysis(score) {
    if (!score) return;
    const wanted = `${this.#study.summary.id}/${score.rung}/${score.cellsReporting}`;
    if (wanted === this.#analysisOf) return;
    this.#analysisOf = wanted;
    const got = await answer(`/api/studies/${encodeURIComponent(this.#study.summary.id)}/analysis?rung=${score.rung}`);
    if (wanted === this.#analysisOf) {
      if (got) this.#analysis = got;
      else this.#analysisOf = "";
      this.#draw();
    }
  }

  async #fetchLayers() {
    const study = this.#study;
    if (!study.backbones.includes(this.#backbone)) this.#backbone = study.backbones[0] ?? null;
    const steps = [...study.byPairing.values()].filter((cell) => cell.backbone === this.#backbone).flatMap((cell) => cell.runs.map((run) => run.rung + run.status));
    const wanted = `${study.summary.id}/${this.#backbone}/${steps.join()}`;
    if (wanted === this.#layersOf || !this.#backbone) return;
    this.#layersOf = wanted;
    const got = await answer(`/api/studies/${encodeURIComponent(study.summary.id)}/layers?backbone=${encodeURIComponent(this.#backbone)}`);
    if (wanted === this.#layersOf && got) {
      this.#layers = got;
      this.#draw();
    }
  }

  #layerControls(study) {
    const choose = (label, options, chosen, onChange) =>
      h("label", { class: "pick" }, `${label} `, h("select", { "aria-label": label, onchange: (event) => onChange(event.target.value) }, options.map(([value, words]) => h("option", { value, selected: value === chosen }, words))));
    return h(
      "div",
      { class: "controls" },
      choose("Backbone", study.backbones.map((name) => [name, name]), this.#backbone, (value) => {
        this.#backbone = value;
        this.#layers = null;
        this.#fetchLayers();
        this.#draw();
      }),
      choose("Statistic", Object.entries(STATISTICS).map(([id, each]) => [id, each.label]), this.#statistic, (value) => {
        this.#statistic = value;
        this.#draw();
      }),
    );
  }
}

async function answer(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : null;
  } catch {
    // The server is away: the connection pill says so, and the next update asks again.
    return null;
  }
}

/** Every cell's value at a rung, flat. */
function cellsAt(study, rung) {
  return [...study.byPairing.values()].flatMap((cell) => {
    const at = cell.rungs.find((value) => value.rung === rung);
    return at?.accuracy != null ? [{ backbone: cell.backbone, optimizer: cell.optimizer, ...at }] : [];
  });
}

const waiting = (title, note, words = "Comes with the first scores.") => ({ title, note, waiting: words });

function shares(score, where) {
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
  const test = { seeds: "F test against the differences between seeds", tukey: "Tukey’s test, one degree of freedom" }[score.interactionTest];
  const below = [
    score.noiseShare !== null ? `The pale end of coupling (${format.percent(score.noiseShare, 0)}) is what the cells’ errors alone would give.` : "",
    test && score.interactionPValue !== null ? `${test}: p ${score.interactionPValue < 0.001 ? "< 0.001" : `= ${format.number(score.interactionPValue, 3)}`} of as much without any coupling.` : "",
  ].join(" ").trim();
  return { title, note, below, picture: frame.svg, columns: ["source", "share", "lower", "upper"], rows: parts.map(([name, share, interval]) => [name, share, interval?.lower, interval?.upper]) };
}

function whisker(frame, x, y, low, high, colour = frame.ink) {
  if (low === null || low === undefined || high === null || high === undefined) return;
  const [a, b] = [Math.max(frame.left, x(low)), Math.min(frame.right, x(high))];
  frame.line(a, y, b, y, { stroke: colour, "stroke-width": 1.6 });
  for (const end of [a, b]) frame.line(end, y - 5, end, y + 5, { stroke: colour, "stroke-width": 1.6 });
}

function violins(study, values, where) {
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
  frame.yAxis(y, (value) => format.significant(value), "top-1, %").xNames(names, x);
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

function dot(x, y, value, frame) {
  const words = s("title", {}, `${value.backbone} × ${value.optimizer}: ${format.percent(value.accuracy)}${value.failed ? ", failed" : ""}`);
  return value.diverged
    ? s("path", { d: `M${round(x - 3.5)} ${round(y - 3.5)}l7 7m0 -7l-7 7`, stroke: token("--worst"), "stroke-width": 1.8, fill: "none" }, words)
    : s("circle", { cx: round(x), cy: round(y), r: 3, fill: frame.card, stroke: token(value.failed ? "--line-2" : "--line-1"), "stroke-width": 1.5 }, words);
}

function pareto(score, values, where) {
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

function profiles(study, analysis) {
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

function contrasts(analysis) {
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

/** The hyper-parameters that an optimizer’s runs were given. */
function triedOf(study) {
  return (optimizer) => {
    const cells = [...study.byPairing.values()].filter((cell) => cell.optimizer === optimizer);
    const values = (name) => ascending([...cells.flatMap((cell) => cell.runs.map((run) => run[name])), ...cells.flatMap((cell) => cell.rungs.map((rung) => rung[name]))].filter((value) => value !== null));
    return { rates: values("learningRate"), decays: values("weightDecay") };
  };
}

function robustness(study, values, by, order) {
  const optimizers = by === "optimizer";
  const title = optimizers ? "Hyper-parameters: how far optimizers must be retuned" : "Hyper-parameters: how far backbones ask for their own";
  const note = `Steps of the grid between a pairing’s best learning rate and weight decay and those that the optimizer likes most often (paper, Fig. ${optimizers ? 4 : 5}); lower is more robust.`;
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

function drawBox(frame, x, width, y, summary, values) {
  const colour = token("--line-3");
  frame.line(x, y(summary.low), x, y(summary.high), { stroke: colour, "stroke-width": 1.5 });
  frame.add(s("rect", { x: round(x - width / 2), y: round(y(summary.q3)), width: round(width), height: round(Math.max(2, y(summary.q1) - y(summary.q3))), rx: 3, fill: colour, "fill-opacity": 0.25, stroke: colour, "stroke-width": 1.5 }));
  frame.line(x - width / 2, y(summary.median), x + width / 2, y(summary.median), { stroke: frame.ink, "stroke-width": 2 });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  frame.add(s("path", { d: `M${round(x)} ${round(y(mean) - 4)}l4 4l-4 4l-4 -4z`, fill: frame.ink }, s("title", {}, `mean ${format.number(mean, 2)} of ${values.length}`)));
  for (const value of summary.beyond) frame.add(s("circle", { cx: round(x), cy: round(y(value)), r: 2.5, fill: "none", stroke: colour }));
}

const STATISTICS = {
  alpha: { label: "power-law exponent α", axis: "α of the spectrum’s tail" },
  entropy: { label: "entropy", axis: "entropy of the spectrum, nats" },
  l2Norm: { label: "L2 norm", axis: "L2 norm of the weights" },
  topPcaEnergy: { label: "top PCA energy", axis: "energy of the top principal components" },
};

function ridges(study, layers, backbone, statistic) {
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

function paperTable(score) {
  const title = "The paper’s statistics";
  const note = "Percentage points. Text’s rule: without the worst result. Printed rows’ rule: mean and deviation without the worst and the best two, range without the worst.";
  const entries = (score?.backbones ?? []).filter((each) => each.mean !== null || each.coupling !== null);
  if (!entries.length) return waiting(title, note);
  const columns = ["backbone", "mean", "std", "range", "printed mean", "printed std", "printed range", "mean |coupling|", "failures"];
  const rows = entries.map((each) => [each.name, each.mean, each.std, each.range, each.printedMean, each.printedStd, each.printedRange, each.coupling, each.failures]);
  const cell = (value, i) => (i === 0 ? h("th", { scope: "row" }, value) : h("td", { class: "num" }, i === 8 ? format.count(value) : format.number(value, 1)));
  const table = h("div", { class: "runs" }, h("table", {}, h("thead", {}, h("tr", {}, columns.map((name, i) => h("th", { scope: "col", class: i ? "num" : "" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
  return { title, note, table, columns, rows };
}
