// Pictures as SVG elements: scales, axes, and a frame to draw in. Colours are attributes, so that a saved picture needs no style sheet.

import { token } from "./colours.js";

const CHARACTER = 6.4;
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Makes an SVG element; children are elements or text. */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** From values to pixels, evenly. */
export function linear([low, high], [from, to]) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  scale.ticks = (count) => evenTicks(low, high, count);
  return scale;
}

/** From values to pixels, evenly in the logarithm; both ends above 0. */
export function logarithmic([low, high], [from, to]) {
  const inner = linear([Math.log10(low), Math.log10(high)], [from, to]);
  const scale = (value) => inner(Math.log10(value));
  scale.ticks = () => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const factor of [1, 2, 5]) ticks.push(factor * 10 ** power);
    }
    return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  };
  return scale;
}

/** Names to the middles of equal bands. */
export function bands(names, [from, to]) {
  const width = (to - from) / Math.max(1, names.length);
  const scale = (name) => from + (names.indexOf(name) + 0.5) * width;
  scale.width = Math.abs(width);
  return scale;
}

function evenTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

/** A little more than the values span. */
export function padded(values, share = 0.06) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const more = (high - low || Math.abs(high) || 1) * share;
  return [low - more, high + more];
}

/** A drawing with its margins; `title` is what a screen reader says. */
export class Frame {
  constructor(title, width, height, margin) {
    this.left = margin.left;
    this.top = margin.top;
    this.right = width - margin.right;
    this.bottom = height - margin.bottom;
    this.width = width;
    this.height = height;
    this.ink = token("--ink");
    this.soft = token("--ink-3");
    this.rule = token("--rule");
    this.card = token("--card");
    this.svg = s(
      "svg",
      { xmlns: NAMESPACE, viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title, "font-family": token("--font"), "font-size": 11.5 },
      s("rect", { width, height, fill: this.card }),
    );
  }

  add(...elements) {
    this.svg.append(...elements.filter(Boolean));
    return this;
  }

  text(x, y, words, attributes = {}) {
    this.svg.append(s("text", { x: round(x), y: round(y), fill: this.soft, ...attributes }, String(words)));
    return this;
  }

  line(x1, y1, x2, y2, attributes = {}) {
    this.svg.append(s("line", { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), stroke: this.rule, ...attributes }));
    return this;
  }

  /** Ticks and their labels beneath; `show` makes the text. */
  xAxis(scale, show, label = "", count = 6) {
    for (const tick of scale.ticks(count)) {
      this.line(scale(tick), this.top, scale(tick), this.bottom);
      this.text(scale(tick), this.bottom + 16, show(tick), { "text-anchor": "middle" });
    }
    if (label) this.text(this.right, this.bottom + 34, label, { "text-anchor": "end" });
    return this;
  }

  yAxis(scale, show, label = "", count = 5) {
    for (const tick of scale.ticks(count)) {
      this.line(this.left, scale(tick), this.right, scale(tick));
      this.text(this.left - 8, scale(tick) + 4, show(tick), { "text-anchor": "end" });
    }
    if (label) this.text(this.left - 8, this.top - 10, label, { "text-anchor": "start" });
    return this;
  }

  /** Room that names beneath take. */
  static footFor(names, width) {
    return Math.max(0, ...names.map((name) => name.length)) * CHARACTER < width / Math.max(1, names.length) ? 30 : 78;
  }

  /** Names beneath, slanted when they would touch. */
  xNames(names, scale) {
    const widest = Math.max(0, ...names.map((name) => name.length)) * CHARACTER;
    for (const name of names) {
      const x = scale(name);
      const y = this.bottom + 16;
      if (widest < scale.width) this.text(x, y, name, { "text-anchor": "middle", fill: this.ink });
      else this.text(x, y, shortened(name, 16), { "text-anchor": "end", fill: this.ink, transform: `rotate(-38 ${round(x)} ${y})` });
    }
    return this;
  }

  yNames(names, scale) {
    for (const name of names) this.text(this.left - 10, scale(name) + 4, shortened(name, 20), { "text-anchor": "end", fill: this.ink });
    return this;
  }
}

export const round = (value) => Math.round(value * 100) / 100;
export const shortened = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** A path through points; a missing value breaks it. */
export function path(points) {
  let pen = false;
  let d = "";
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = false;
      continue;
    }
    d += `${pen ? "L" : "M"}${round(x)} ${round(y)}`;
    pen = true;
  }
  return d;
}
