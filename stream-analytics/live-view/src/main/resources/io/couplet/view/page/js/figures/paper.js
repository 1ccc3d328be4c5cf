// The paper’s statistics of each backbone, by both of its rules.

import { h } from "../dom.js";
import { waiting } from "./common.js";
import * as format from "../format.js";

export function paperTable(score) {
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
