// The heat map: rows are optimizers, columns backbones. Cells are buttons; arrow keys move between them.

import { h, fill, setText, setAttribute } from "./dom.js";
import { pairing } from "./feed.js";
import { sequential, diverging, token, VERDICTS } from "./colours.js";
import { Frame, s, bands, round, shortened } from "./svg.js";
import { Sketches, BOX } from "./sketches.js";
import { core } from "./statistics.js";
import * as format from "./format.js";

export const MODES = [
  { id: "accuracy", label: "Accuracy" },
  { id: "coupling", label: "Coupling" },
  { id: "verdict", label: "Verdict" },
  { id: "progress", label: "Progress" },
  { id: "seconds", label: "Time" },
  { id: "loss", label: "Loss" },
];

const NOTES = {
  accuracy: "Top-1 on the validation images, percent; mean over seeds.",
  coupling: "Points above or below what backbone and optimizer alone would give.",
  verdict: "How the training loss of each pairing moves.",
  progress: "Share of each pairing’s runs that is done.",
  seconds: "Device time of all runs of each pairing so far.",
  loss: "Training loss of every run, log scale, the same for all cells.",
};

const MANY_COLUMNS = 10;

export class Grid {
  #table;
  #legend;
  #note;
  #onSelect;
  #cells = new Map();
  #shape = "";
  #focus = [0, 0];
  #backbones = [];
  #optimizers = [];
  #drawn = null;
  #sketches = new Sketches(() => this.#drawn && this.render(...this.#drawn));

  /** `onSelect` hears the pairing, and whether it is to be compared with others. */
  constructor(table, legend, note, onSelect) {
    this.#table = table;
    this.#legend = legend;
    this.#note = note;
    this.#onSelect = onSelect;
    table.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** `rung` is 0 for each cell's newest. */
  render(study, mode, rung, selected, compared = []) {
    this.#drawn = [study, mode, rung, selected, compared];
    this.#build(study);
    this.#table.dataset.mode = mode;
    if (mode === "loss") this.#sketches.follow(study);
    setText(this.#note, NOTES[mode]);
    const values = new Map();
    for (const optimizer of study.optimizers) {
      for (const backbone of study.backbones) {
        const cell = study.byPairing.get(pairing(backbone, optimizer));
        values.set(pairing(backbone, optimizer), describe(cell, mode, rung));
      }
    }
    const scale = scaleOf(mode, [...values.values()]);
    for (const [key, parts] of this.#cells) {
      const cell = study.byPairing.get(key);
      paint(parts, cell, values.get(key), scale, mode, rung);
      setAttribute(parts.button, "aria-pressed", selected === key);
      setAttribute(parts.button, "data-compared", compared.includes(key));
      if (mode === "loss") this.#sketch(parts, key);
    }
    this.#summaries(study, mode, rung);
    this.#drawLegend(mode, scale);
  }

  #build(study) {
    const shape = JSON.stringify([study.summary.id, study.backbones, study.optimizers]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#backbones = study.backbones;
    this.#optimizers = study.optimizers;
    this.#cells.clear();
    this.#focus = [0, 0];
    const dense = study.backbones.length > MANY_COLUMNS;
    this.#table.classList.toggle("dense", dense);
    this.#table.style.setProperty("--columns", String(study.backbones.length));
    const head = h(
      "tr",
      {},
      h("td", { class: "corner" }),
      study.backbones.map((backbone) => h("th", { scope: "col", class: "column" }, h("span", { title: backbone }, backbone))),
      h("th", { scope: "col", class: "summary", id: "row-summary-title" }, h("span", {}, "")),
    );
    const rows = study.optimizers.map((optimizer, y) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", class: "row", title: optimizer }, optimizer),
        study.backbones.map((backbone, x) => {
          const value = h("span", { class: "value" });
          const tag = h("span", { class: "tag" });
          const error = h("span", { class: "error" });
          const spark = s("svg", { class: "spark", viewBox: `0 0 ${BOX.width} ${BOX.height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
          const key = pairing(backbone, optimizer);
          const button = h(
            "button",
            {
              type: "button",
              class: "cell",
              tabindex: x === 0 && y === 0 ? 0 : -1,
              onclick: (event) => {
                this.#moveFocus(x, y, false);
                this.#onSelect(backbone, optimizer, event.shiftKey || event.ctrlKey || event.metaKey);
              },
            },
            spark,
            value,
            error,
            tag,
            h("span", { class: "bar", "aria-hidden": "true" }),
          );
          this.#cells.set(key, { button, value, error, tag, spark, x, y });
          return h("td", { role: "gridcell" }, button);
        }),
        h("td", { class: "summary" }, h("span", {})),
      ),
    );
    const foot = h(
      "tr",
      { class: "foot" },
      h("th", { scope: "row", class: "row summaryname", id: "column-summary-title" }, ""),
      study.backbones.map(() => h("td", { class: "summary" }, h("span", {}))),
      h("td", {}),
    );
    fill(this.#table, h("thead", {}, head), h("tbody", {}, rows, foot));
  }

  #sketch({ value, spark }, key) {
    const paths = this.#sketches.of(key);
    setText(value, format.number(this.#sketches.newest(key), 2).replace("–", ""));
    const shape = paths.join();
    if (spark.dataset.shape === shape) return;
    spark.dataset.shape = shape;
    spark.replaceChildren(...paths.map((d) => s("path", { d })));
  }

  /** The grid as it stands, as a picture. */
  picture() {
    const [study, mode, rung] = this.#drawn;
    const cellWidth = 74;
    const frame = new Frame(`${MODES.find((each) => each.id === mode).label} of ${study.summary.name}`, 130 + cellWidth * study.backbones.length, 100 + 40 * study.optimizers.length, { left: 118, right: 12, top: 40, bottom: 60 });
    const x = bands(study.backbones, [frame.left, frame.right]);
    const y = bands(study.optimizers, [frame.top, frame.bottom]);
    frame.text(frame.left, 20, `${study.summary.name}: ${NOTES[mode]}${rung ? ` Rung ${rung}.` : ""}`, { fill: frame.ink });
    for (const [key, { button, value }] of this.#cells) {
      const [backbone, optimizer] = key.split("\u0000");
      const style = getComputedStyle(button);
      const [cx, cy] = [x(backbone), y(optimizer)];
      frame.add(s("rect", { x: round(cx - cellWidth / 2 + 1.5), y: round(cy - 18), width: cellWidth - 3, height: 36, rx: 5, fill: style.backgroundColor }));
      frame.text(cx, cy + 4, value.textContent, { "text-anchor": "middle", fill: style.color, "font-weight": 600 });
    }
    frame.xNames(study.backbones.map((name) => name), x).yNames(study.optimizers, y);
    return frame.svg;
  }

  /** The grid as a table, with everything that is known of each cell. */
  table() {
    const [study, , rung] = this.#drawn;
    const rows = [...this.#cells.keys()].map((key) => {
      const [backbone, optimizer] = key.split("\u0000");
      const cell = study.byPairing.get(key);
      const at = rungOf(cell, rung);
      const coupled = couplingOf(cell, rung);
      return [backbone, optimizer, at?.rung, at?.accuracy, at?.accuracyStandardError, coupled?.coupling, coupled?.couplingLower, coupled?.couplingUpper, cell?.verdict, cell?.progress, cell?.seconds, at?.failed, at?.diverged, cell?.status];
    });
    return { columns: ["backbone", "optimizer", "rung", "accuracy", "standardError", "coupling", "couplingLower", "couplingUpper", "verdict", "progress", "seconds", "failed", "diverged", "status"], rows };
  }

  /** Beside each row and beneath each column: what the scores say of the optimizer, of the backbone. */
  #summaries(study, mode, rung) {
    const score = scoreFor(study, rung);
    const scored = mode === "accuracy" || mode === "coupling";
    const label = { accuracy: "effect, points", coupling: "mean |coupling|", progress: "mean", seconds: "sum", verdict: "", loss: "" }[mode];
    const shown = scored && !score ? "" : label;
    setText(this.#table.querySelector("#row-summary-title span"), shown);
    setText(this.#table.querySelector("#column-summary-title"), shown);
    const text = (entries, name, cells) => {
      if (mode === "verdict" || mode === "loss") return "";
      if (scored) {
        const entry = entries?.find((each) => each.name === name);
        return entry ? (mode === "coupling" ? format.number(entry.coupling, 1) : format.signed(entry.effect)) : "";
      }
      const sum = cells.reduce((total, cell) => total + (cell ? cell[mode] : 0), 0);
      return mode === "progress" ? `${Math.round((100 * sum) / cells.length)}` : format.durationShort(sum);
    };
    const at = (backbone, optimizer) => study.byPairing.get(pairing(backbone, optimizer));
    const rows = this.#table.querySelectorAll("tbody tr:not(.foot) td.summary span");
    study.optimizers.forEach((name, i) => setText(rows[i], text(score?.optimizers, name, study.backbones.map((b) => at(b, name)))));
    const columns = this.#table.querySelectorAll("tr.foot td.summary span");
    study.backbones.forEach((name, i) => setText(columns[i], text(score?.backbones, name, study.optimizers.map((o) => at(name, o)))));
  }

  #drawLegend(mode, scale) {
    if (mode === "verdict") {
      fill(
        this.#legend,
        Object.values(VERDICTS).map((verdict) =>
          h("span", { class: "key" }, h("i", { class: `swatch tone-${verdict.tone}` }, verdict.sign), verdict.words)),
      );
      return;
    }
    if (mode === "loss") {
      fill(this.#legend, h("span", {}, "One line a run, from the first step to the end of the budget; beside it the newest smoothed loss, mean over runs.", this.#sketches.behind > 1 ? ` Up to ${format.plural(this.#sketches.behind, "step")} stand behind a point.` : "", this.#sketches.released ? " Steps that are older than the topics keep are no longer drawn." : ""));
      return;
    }
    const ramp = h("span", { class: "ramp", "aria-hidden": "true" });
    const steps = 24;
    for (let i = 0; i < steps; i++) {
      const t = i / (steps - 1);
      const step = h("i");
      step.style.background = (mode === "coupling" ? diverging(2 * t - 1) : sequential(t)).background;
      ramp.append(step);
    }
    const ends =
      mode === "coupling"
        ? [`worse than expected ${format.signed(-scale.high)}${scale.beyond ? " and beyond" : ""}`, `${format.signed(scale.high)} better`]
        : [`${show(mode, scale.low)}${scale.below ? " and below" : ""}`, show(mode, scale.high)];
    const stars = mode === "accuracy" ? h("span", { class: "key" }, h("i", { class: "dot" }), "cannot be told apart from its backbone’s best") : null;
    fill(this.#legend, h("span", { class: "end" }, ends[0]), ramp, h("span", { class: "end" }, ends[1]), stars, h("span", { class: "key" }, h("i", { class: "mark" }, "▽"), "fails by the paper’s rule"), h("span", { class: "key" }, h("i", { class: "mark" }, "✕"), "diverged"));
  }

  #onKey(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    const [x, y] = this.#focus;
    if (move) this.#moveFocus(x + move[0], y + move[1], true);
    else if (event.key === "Home") this.#moveFocus(0, y, true);
    else if (event.key === "End") this.#moveFocus(this.#backbones.length - 1, y, true);
    else if (event.key === "c") this.#onSelect(this.#backbones[x], this.#optimizers[y], true);
    else return;
    event.preventDefault();
  }

  #moveFocus(x, y, focus) {
    const toX = Math.min(this.#backbones.length - 1, Math.max(0, x));
    const toY = Math.min(this.#optimizers.length - 1, Math.max(0, y));
    const at = ([cx, cy]) => this.#cells.get(pairing(this.#backbones[cx], this.#optimizers[cy]))?.button;
    at(this.#focus)?.setAttribute("tabindex", "-1");
    this.#focus = [toX, toY];
    const button = at(this.#focus);
    button?.setAttribute("tabindex", "0");
    if (focus) button?.focus();
  }
}

export function scoreFor(study, rung) {
  const wanted = rung || study.reportRung;
  return study.rungScores.find((score) => score.rung === wanted) ?? null;
}

export function rungOf(cell, rung) {
  if (!cell || cell.rungs.length === 0) return null;
  return rung ? cell.rungs.find((value) => value.rung === rung) ?? null : cell.rungs[cell.rungs.length - 1];
}

/** The newest rung at which the cell's coupling is known. */
export function couplingOf(cell, rung) {
  if (rung) return rungOf(cell, rung);
  return cell?.rungs.findLast((value) => value.coupling !== null) ?? null;
}

/** The number (or the verdict) a cell shows, and the rung it belongs to. */
function describe(cell, mode, rung) {
  if (!cell) return { value: null, rung: null };
  switch (mode) {
    case "accuracy": {
      const at = rungOf(cell, rung);
      return { value: at?.accuracy ?? null, rung: at };
    }
    case "coupling": {
      const at = couplingOf(cell, rung);
      return { value: at?.coupling ?? null, rung: at };
    }
    case "verdict":
      return { value: cell.verdict, rung: null };
    case "loss":
      return { value: null, rung: null };
    case "progress":
      return { value: cell.progress, rung: null };
    default:
      return { value: cell.seconds > 0 ? cell.seconds : null, rung: null };
  }
}

function scaleOf(mode, described) {
  const numbers = described.map((each) => each.value).filter((value) => typeof value === "number");
  const newest = Math.max(0, ...described.map((each) => each.rung?.rung ?? 0));
  if (mode === "progress") return { low: 0, high: 1, newest };
  if (mode === "coupling") return couplingScale(numbers.map(Math.abs).sort((a, b) => a - b), newest);
  if (numbers.length === 0) return { low: 0, high: 1, newest };
  if (mode === "seconds") return { low: 0, high: Math.max(...numbers), newest };
  const { low, high, below } = core(numbers);
  if (below) return { low, high, newest, below };
  return high - low < 0.02 ? { low: Math.max(0, low - 0.01), high: high + 0.01, newest } : { low, high, newest };
}

/** One pairing that fell apart must not pale all the others: colours are full from the 95th percentile on, or from two
 * fifths of the greatest coupling when that is more. */
function couplingScale(sizes, newest) {
  const most = sizes.length ? sizes[sizes.length - 1] : 1;
  const usual = sizes.length ? sizes[Math.floor(0.95 * (sizes.length - 1))] : 1;
  const high = Math.max(1, Math.min(most, Math.max(usual, 0.4 * most)));
  return { low: 0, high, newest, beyond: most > high };
}

function show(mode, value) {
  if (value === null) return "";
  if (mode === "accuracy") return format.percentBare(value);
  if (mode === "coupling") return format.signed(value);
  if (mode === "progress") return `${Math.round(100 * value)}`;
  return format.durationShort(value);
}

function paint({ button, value: valueElement, error: errorElement, tag: tagElement }, cell, described, scale, mode, rung) {
  const { value, rung: at } = described;
  const status = cell?.status ?? "waiting";
  setAttribute(button, "data-status", status);
  let colour = null;
  let tone = null;
  if (mode === "verdict") {
    const verdict = VERDICTS[value];
    tone = verdict?.tone ?? null;
    setText(valueElement, verdict ? verdict.sign : "");
  } else if (mode !== "loss") {
    setText(valueElement, show(mode, value));
    if (value !== null) {
      colour = mode === "coupling" ? diverging(value / scale.high) : sequential((value - scale.low) / (scale.high - scale.low || 1));
    }
  }
  setAttribute(button, "data-tone", tone);
  setAttribute(button, "data-ink", colour?.ink ?? null);
  setAttribute(button, "data-empty", value === null);
  button.style.background = colour?.background ?? "";
  button.style.setProperty("--done", `${Math.round(100 * (cell?.progress ?? 0))}%`);
  const behind = at && !rung && at.rung < scale.newest;
  const broken = cell && (status === "diverged" || status === "failed" || at?.diverged);
  const fails = (mode === "accuracy" || mode === "coupling") && at?.failed;
  setText(tagElement, broken ? "✕" : fails ? "▽" : behind ? `r${at.rung}` : "");
  setText(errorElement, uncertainty(mode, at));
  setAttribute(button, "data-best", mode === "accuracy" && Boolean(at?.indistinguishableFromBest));
  setAttribute(button, "aria-label", label(button, cell, rung));
}

/** How far the number may be trusted: a standard error, or half the 95 % interval. */
function uncertainty(mode, at) {
  if (mode === "accuracy" && at?.accuracyStandardError != null) return `± ${format.percentBare(at.accuracyStandardError)}`;
  if (mode === "coupling" && at?.couplingLower != null) return `± ${format.number((at.couplingUpper - at.couplingLower) / 2, 1)}`;
  return "";
}

/** What a screen reader says, and the tooltip shows. */
function label(button, cell, rung) {
  if (!cell) return "no run yet";
  const at = rungOf(cell, rung);
  const coupled = couplingOf(cell, rung);
  const ended = cell.runs.filter((run) => run.status !== "running" && run.status !== "waiting").length;
  const parts = [
    `${cell.backbone} with ${cell.optimizer}`,
    at ? `accuracy ${format.percent(at.accuracy)} at rung ${at.rung}` : "no accuracy yet",
    at?.accuracyStandardError != null ? `standard error ${format.percent(at.accuracyStandardError)}` : null,
    coupled?.coupling != null ? `coupling ${format.signed(coupled.coupling)} points` : null,
    coupled?.couplingLower != null ? `95 % interval ${format.signed(coupled.couplingLower)} to ${format.signed(coupled.couplingUpper)}` : null,
    at?.failed ? "fails by the paper’s rule" : null,
    cell.verdict ? VERDICTS[cell.verdict]?.words ?? cell.verdict : null,
    `${cell.status}, ${ended} of ${format.plural(cell.runsExpected, "run")} ended`,
  ];
  const text = parts.filter(Boolean).join("; ");
  setAttribute(button, "title", text);
  return text;
}
