// The figures of a study at one rung: study, analysis, layer statistics → one function a figure → { title, note, picture, columns, rows } → a card.

import { read } from "./api.js";
import { h, fill } from "./dom.js";
import { keepButtons } from "./download.js";
import { token } from "./colours.js";
import { scoreFor } from "./grid.js";
import { cellsAt } from "./figures/common.js";
import { shares } from "./figures/shares.js";
import { violins } from "./figures/violins.js";
import { pareto } from "./figures/pareto.js";
import { profiles } from "./figures/profiles.js";
import { contrasts } from "./figures/contrasts.js";
import { robustness } from "./figures/robustness.js";
import { ridges, STATISTICS } from "./figures/ridges.js";
import { paperTable } from "./figures/paper.js";
import * as format from "./format.js";

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
    if (study.summary.id !== this.#study?.summary.id) {
      this.#analysis = null;
      this.#analysisOf = "";
      this.#layers = null;
      this.#layersOf = "";
    }
    this.#study = study;
    this.#rung = rung;
    const score = scoreFor(study, rung);
    const runs = scoredRuns(study, score);
    const shape = JSON.stringify([study.summary.id, score, runs, study.optimizers, study.backbones, rung, token("--ink")]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#draw();
    }
    this.#fetchAnalysis(score, runs);
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
    this.#show("violins", violins(study, values, where), name);
    this.#show("shares", shares(score, where), name);
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

  async #fetchAnalysis(score, runs) {
    if (!score) return;
    const wanted = `${this.#study.summary.id}/${score.rung}/${score.cellsReporting}/${runs}`;
    if (wanted === this.#analysisOf) return;
    this.#analysisOf = wanted;
    const got = await read(`/api/studies/${encodeURIComponent(this.#study.summary.id)}/analysis?rung=${score.rung}`);
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
    const got = await read(`/api/studies/${encodeURIComponent(study.summary.id)}/layers?backbone=${encodeURIComponent(this.#backbone)}`);
    if (wanted !== this.#layersOf) return;
    if (got) {
      this.#layers = got;
      this.#draw();
    } else {
      this.#layersOf = "";
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

/** How many runs the scores of a rung are made of: further seeds change what follows from them. */
function scoredRuns(study, score) {
  let runs = 0;
  for (const cell of study.byPairing.values()) runs += cell.rungs.find((value) => value.rung === score?.rung)?.runs ?? 0;
  return runs;
}
