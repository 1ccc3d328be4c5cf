// Every picture can be kept: as SVG, as PNG, and its data as CSV.

import { h } from "./dom.js";

const PIXELS_PER_POINT = 2;

/** Rows to comma-separated values. What a spreadsheet would run as a formula is kept as text. */
export function csv(columns, rows) {
  const field = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

export function save(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name.replace(/[^\w.-]+/g, "-") });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const svgBlob = (svg) => new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });

async function png(svg) {
  const url = URL.createObjectURL(svgBlob(svg));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = h("canvas", { width: svg.viewBox.baseVal.width * PIXELS_PER_POINT, height: svg.viewBox.baseVal.height * PIXELS_PER_POINT });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Buttons that save a picture; `svg` and `data` are asked for when pressed, so that they are of that moment. `data` gives { columns, rows }. */
export function keepButtons(name, what, svg, data) {
  const button = (kind, action) => h("button", { type: "button", class: "ghost", "data-save": kind.toLowerCase(), "aria-label": `Save ${what} as ${kind}`, title: `Save as ${kind}`, onclick: action }, kind);
  return h(
    "span",
    { class: "keep" },
    svg ? button("SVG", () => save(`${name}.svg`, svgBlob(svg()))) : null,
    svg ? button("PNG", async () => save(`${name}.png`, await png(svg()))) : null,
    button("CSV", () => {
      const { columns, rows } = data();
      save(`${name}.csv`, new Blob([csv(columns, rows)], { type: "text/csv" }));
    }),
  );
}
