// The page: follows one study and draws what changed, at most once a frame.

import { h, fill, setText } from "./dom.js";
import { Feed, merged, pairing } from "./feed.js";
import { Grid, MODES, scoreFor } from "./grid.js";
import { Detail } from "./detail.js";
import { Curves, MOST_CELLS } from "./curves.js";
import { Figures } from "./figures.js";
import { Decisions } from "./decisions.js";
import { OrderDesk } from "./orders.js";
import { Lock } from "./lock.js";
import { failure } from "./api.js";
import { Tabs, VIEWS } from "./tabs.js";
import { keepButtons } from "./download.js";
import { onThemeChange } from "./colours.js";
import * as format from "./format.js";

const $ = (id) => document.getElementById(id);
const MANY_COLUMNS = 12;
const WORDS = { connecting: "connecting", live: "live", lost: "connection lost, trying again", locked: "waiting for the token" };

const PLAY_MILLIS = 650;
const HEALTH_MILLIS = 10_000;
/** A server that has just started has not read all studies yet. */
const PATIENCE_MILLIS = 15_000;

const state = { connection: "connecting", failure: null, instance: null, study: null, studies: [], wanted: null, view: "overview", mode: "accuracy", rung: 0, chosen: null, chosenByHand: false, compared: [], heard: false };

const tabs = new Tabs($("tabs"), (view) => {
  state.view = view;
  if (view === "curves" && !state.compared.length && state.chosen) state.compared = [state.chosen];
  remember();
  draw();
});
const grid = new Grid($("grid"), $("legend"), $("grid-note"), (backbone, optimizer, more) => {
  const key = pairing(backbone, optimizer);
  if (more) {
    state.compared = state.compared.includes(key) ? state.compared.filter((each) => each !== key) : [...state.compared, key].slice(-MOST_CELLS);
    remember();
    draw();
    return;
  }
  state.chosen = key;
  state.chosenByHand = true;
  remember();
  draw();
  if (matchMedia("(max-width: 1080px)").matches) $("detail").scrollIntoView({ behavior: "smooth", block: "start" });
});
const desk = new OrderDesk($("told"), () => draw());
const detail = new Detail($("detail"), desk, (key) => {
  state.compared = [...new Set([...state.compared, key])].slice(-MOST_CELLS);
  state.view = "curves";
  remember();
  draw();
});
const curves = new Curves($("curves"), (keys) => {
  state.compared = keys;
  remember();
  draw();
});
const figures = new Figures($("figures"));
const recent = new Decisions($("recent-decisions"), $("decisions-note"), desk);
const decided = new Decisions($("feed"), $("feed-note"), desk, $("feed-tools"));
fill($("grid-keep"), keepButtons("grid", "the grid", () => grid.picture(), () => grid.table()));
const feed = new Feed(onUpdate, (connection) => {
  state.connection = connection;
  drawConnection();
});

/** A server whose reader has failed still answers, with what it has read until then. */
async function askHealth() {
  state.failure = await failure();
  drawConnection();
  setTimeout(askHealth, HEALTH_MILLIS);
}

function drawConnection() {
  const stale = state.connection === "live" && state.failure !== null;
  $("connection").dataset.state = stale ? "lost" : state.connection;
  setText($("connection").querySelector("span"), stale ? "shows what was read until now" : WORDS[state.connection]);
  setText($("failure"), stale ? state.failure : "");
  $("failure").hidden = !stale;
}

let frame = 0;
const draw = () => {
  if (!frame) {
    frame = requestAnimationFrame(() => {
      frame = 0;
      render();
    });
  }
};

function onUpdate(kind, update) {
  state.heard = true;
  state.studies = update.studies;
  const ids = update.studies.map((study) => study.id);
  if (state.wanted === null && ids.length) {
    choose(ids[0]);
    return;
  }
  if (ids.includes(state.wanted)) waitNoMore();
  else if (ids.length) waitForWanted();
  if (update.study) {
    if (kind === "delta" && update.instance !== state.instance) {
      // The snapshot before it did not have the study yet, and a delta is not all of it.
      feed.follow(state.wanted);
      return;
    }
    state.instance = update.instance;
    state.study = merged(state.study, kind, update);
  }
  draw();
}

let patience = null;

function waitForWanted() {
  patience ??= setTimeout(() => {
    patience = null;
    if (state.studies.length && !state.studies.some((study) => study.id === state.wanted)) choose(state.studies[0].id);
  }, PATIENCE_MILLIS);
}

function waitNoMore() {
  clearTimeout(patience);
  patience = null;
}

function choose(id) {
  // A link that names no study is about the first one.
  if (state.wanted !== null && id !== state.wanted) {
    state.chosen = null;
    state.chosenByHand = false;
    state.rung = 0;
    state.compared = [];
  }
  state.wanted = id;
  remember();
  follow();
}

function follow() {
  waitNoMore();
  state.study = null;
  state.instance = null;
  feed.follow(state.wanted);
}

/** The address carries what is shown, so that a link shows the same. */
function remember() {
  const parts = new URLSearchParams();
  if (state.wanted) parts.set("study", state.wanted);
  if (state.view !== "overview") parts.set("view", state.view);
  if (state.mode !== "accuracy") parts.set("show", state.mode);
  if (state.rung) parts.set("rung", String(state.rung));
  if (state.chosen && state.chosenByHand) parts.set("cell", state.chosen.replace("\u0000", "/"));
  for (const key of state.compared) parts.append("with", key.replace("\u0000", "/"));
  history.replaceState(null, "", `#${parts}`);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  state.wanted = parts.get("study");
  state.mode = MODES.some((mode) => mode.id === parts.get("show")) ? parts.get("show") : "accuracy";
  state.view = VIEWS.some((view) => view.id === parts.get("view")) ? parts.get("view") : "overview";
  state.compared = parts.getAll("with").slice(0, MOST_CELLS).map((each) => each.replace("/", "\u0000"));
  state.rung = Number.parseInt(parts.get("rung") ?? "0", 10) || 0;
  state.chosenByHand = Boolean(parts.get("cell"));
  state.chosen = state.chosenByHand ? parts.get("cell").replace("/", "\u0000") : null;
}

/** A link that was pasted into the open page. */
function onHash() {
  // The skip link's, opened in another way than by a click on it: no state.
  if (location.hash !== "#grid") {
    const shown = state.wanted;
    recall();
    state.wanted ??= shown;
    if (state.wanted !== shown) follow();
  }
  remember();
  draw();
}

function skipToGrid(event) {
  event.preventDefault();
  state.view = "overview";
  remember();
  render();
  $("grid").querySelector("[tabindex='0']")?.focus();
}

function render() {
  drawPicker();
  const study = state.study;
  document.title = study ? `${Math.round(100 * study.summary.progress)} % · ${study.summary.name} · Couplet` : "Couplet";
  document.body.classList.toggle("nothing", !study);
  tabs.show(study ? state.view : "overview");
  if (!study) {
    fill($("tiles"));
    setText($("subtitle"), "");
    fill($("grid"), h("tbody", {}, h("tr", {}, h("td", { class: "emptygrid" }, h("p", { class: "empty" }, patience !== null ? "The study of this link has not been read yet …" : state.heard ? "No study yet." : "Reading the topics …"), h("p", { class: "note" }, "Start one with ", h("code", {}, "couplet run"), " or send one with ", h("code", {}, "couplet submit"), ". It shows here by itself.")))));
    fill($("legend"));
    fill($("rungs"));
    fill($("advice"));
    fill($("recent-decisions"));
    fill($("foot"));
    detail.render(null, null, null);
    return;
  }
  $("board").classList.toggle("wide", study.backbones.length > MANY_COLUMNS);
  if (!state.chosenByHand) state.chosen = liveliest(study) ?? state.chosen;
  desk.render(study);
  drawSubtitle(study);
  drawTiles(study);
  drawFoot(study);
  VIEW_DRAWERS[state.view](study);
}

const VIEW_DRAWERS = {
  overview: (study) => {
    drawModes();
    drawRungs(study);
    grid.render(study, state.mode, state.rung, state.chosen, state.compared);
    drawAdvice(study);
    recent.render(study);
    detail.render(study.byPairing.get(state.chosen) ?? null, state.chosen, study);
  },
  curves: (study) => curves.render(study, state.compared),
  figures: (study) => figures.render(study, state.rung),
  decisions: (study) => decided.render(study),
};

/** The pairing at work with the newest record, or else the most accurate one: what to show before anybody has chosen. It stays as long as it is at work. */
function liveliest(study) {
  if (study.byPairing.get(state.chosen)?.status === "running") return state.chosen;
  let best = null;
  for (const [key, cell] of study.byPairing) {
    const running = cell.status === "running" ? 1 : 0;
    const rank = running ? Math.max(...cell.runs.map((run) => run.newestMillis)) : cell.rungs.at(-1)?.accuracy ?? -1;
    if (!best || running > best.running || (running === best.running && rank > best.rank)) best = { key, running, rank };
  }
  return best?.key ?? null;
}

function drawPicker() {
  const select = $("study");
  const shape = JSON.stringify(state.studies.map((study) => [study.id, study.name]));
  if (select.dataset.shape !== shape) {
    select.dataset.shape = shape;
    fill(
      select,
      state.studies.length
        ? state.studies.map((study) => h("option", { value: study.id }, study.name === study.id ? study.id : `${study.name}  (${study.id})`))
        : h("option", { value: "" }, "no study yet"),
    );
  }
  select.disabled = state.studies.length < 2;
  if (state.wanted) select.value = state.wanted;
}

function drawSubtitle(study) {
  const s = study.settings;
  setText(
    $("subtitle"),
    s
      ? [
          `${study.backbones.length} backbones × ${study.optimizers.length} optimizers × ${format.plural(s.seeds.length, "seed")}`,
          `${format.count(s.budgetSteps)} steps of ${s.batchSize}`,
          `${s.imageSize} px`,
          `recipe ${s.recipe}`,
        ].join("  ·  ")
      : "",
  );
}

function drawTiles(study) {
  const s = study.summary;
  const ended = s.completed + s.stopped + s.paused + s.diverged + s.failed;
  const score = scoreFor(study, 0);
  let best = null;
  for (const cell of study.byPairing.values()) {
    const at = cell.rungs.at(-1);
    if (at?.accuracy != null && (!best || at.accuracy > best.at.accuracy)) best = { cell, at };
  }
  const done = ended === s.runsExpected;
  const bar = h("span", { class: "progress" }, h("i"));
  bar.firstChild.style.width = `${100 * s.progress}%`;
  const mix = [
    [s.running, "running"],
    [s.waiting, "waiting"],
    [s.stopped, "stopped"],
    [s.paused, "paused"],
    [s.diverged, "diverged"],
    [s.failed, "failed"],
  ].filter(([n]) => n > 0).map(([n, name]) => `${format.count(n)} ${name}`);
  const counts = study.counts;
  const agree = counts.stepsTrained === counts.stepsInTopic;
  const share = score?.interactionShare;
  fill(
    $("tiles"),
    tile("Runs", `${format.count(ended)}`, ` of ${format.count(s.runsExpected)}`, done && !mix.length ? "all ended" : mix.join(", "), bar),
    tile("Time left", done ? "done" : format.duration(s.etaSeconds), "", `${format.duration(s.deviceSeconds)} of device time`),
    tile("Best pairing", best ? format.percent(best.at.accuracy) : "–", "", best ? `${best.cell.backbone} × ${best.cell.optimizer}` : "no evaluation yet"),
    tile(
      "One optimizer for all",
      score?.minimaxOptimizer ?? "–",
      "",
      score?.minimaxRegret != null ? `gives away at most ${format.number(score.minimaxRegret, 1)} points` : score?.tooFew ?? "needs more cells",
    ),
    tile("Coupling", share != null ? format.percent(share, 0) : "–", "", share != null ? "of the variance in accuracy" : "needs more cells", share != null ? shares(score) : null),
    tile(
      "Steps in Kafka",
      format.count(counts.stepsInTopic),
      "",
      [
        agree ? "equal to the steps trained" : `${format.count(counts.stepsTrained)} trained`,
        counts.duplicates ? `${format.plural(counts.duplicates, "duplicate")}` : null,
        counts.deadLetters ? format.plural(counts.deadLetters, "dead letter") : null,
        counts.unreadable ? `${format.count(counts.unreadable)} unreadable` : null,
      ].filter(Boolean).join(", "),
      null,
      agree ? "good" : "warn",
    ),
  );
}

function shares(score) {
  const parts = [["backbone", score.backboneShare], ["optimizer", score.optimizerShare], ["coupling", score.interactionShare]];
  const bar = h("span", { class: "stack", title: parts.map(([name, share]) => `${name} ${format.percent(share, 0)}`).join(", ") });
  for (const [name, share] of parts) {
    const part = h("i", { class: `share-${name}` });
    part.style.flexGrow = String(share ?? 0);
    bar.append(part);
  }
  return bar;
}

function tile(name, value, unit, below, extra = null, tone = null) {
  return h("div", { class: "tile", "data-tone": tone }, h("h3", {}, name), h("p", { class: "big" }, value, unit ? h("small", {}, unit) : null), extra, h("p", { class: "below", title: below }, below));
}

function drawModes() {
  const box = $("modes");
  if (!box.childElementCount) {
    fill(
      box,
      MODES.map((mode) =>
        h(
          "button",
          {
            type: "button",
            role: "radio",
            "data-mode": mode.id,
            onclick: () => {
              state.mode = mode.id;
              remember();
              draw();
            },
            onkeydown: (event) => {
              const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (!step) return;
              const next = MODES[(MODES.findIndex((each) => each.id === state.mode) + step + MODES.length) % MODES.length];
              state.mode = next.id;
              box.querySelector(`[data-mode=${next.id}]`).focus();
              remember();
              draw();
            },
          },
          mode.label,
        )),
    );
  }
  for (const button of box.children) {
    const on = button.dataset.mode === state.mode;
    button.setAttribute("aria-checked", String(on));
    button.tabIndex = on ? 0 : -1;
  }
}

const AT_RUNGS = ["accuracy", "coupling"];

function drawRungs(study) {
  const box = $("rungs");
  const rungs = study.settings?.rungs ?? [];
  const useful = rungs.length > 1 && AT_RUNGS.includes(state.mode);
  box.hidden = !useful;
  if (!useful) return;
  if (box.dataset.shape !== `${study.summary.id}/${rungs.length}`) {
    box.dataset.shape = `${study.summary.id}/${rungs.length}`;
    const input = h("input", { type: "range", min: 1, max: rungs.length + 1, step: 1, id: "rung", oninput: (event) => goToRung(Number(event.target.value), rungs.length) });
    const play = h("button", { type: "button", id: "play", class: "round", "aria-label": "Play the grid over the course of training", onclick: () => (player ? stopPlaying() : startPlaying(rungs.length)) }, "▶");
    fill(box, h("label", { for: "rung" }, "Budget"), play, input, h("output", { for: "rung" }));
  }
  const input = box.querySelector("input");
  input.value = String(state.rung || rungs.length + 1);
  const score = scoreFor(study, state.rung);
  const coverage = score ? ` · ${score.cellsReporting}/${score.cellsExpected} cells` : "";
  const words = state.rung ? `${format.percent(rungs[state.rung - 1], 0)}, rung ${state.rung} of ${rungs.length}${coverage}` : `newest of each${coverage}`;
  input.setAttribute("aria-valuetext", words);
  setText(box.querySelector("output"), words);
}

function goToRung(value, rungs) {
  state.rung = value > rungs ? 0 : value;
  remember();
  draw();
}

let player = null;

/** From the first rung to the newest, once. */
function startPlaying(rungs) {
  let at = 1;
  const next = () => {
    goToRung(at, rungs);
    if (++at > rungs + 1) stopPlaying();
  };
  player = setInterval(next, PLAY_MILLIS);
  setText($("play"), "❚❚");
  next();
}

function stopPlaying() {
  clearInterval(player);
  player = null;
  if ($("play")) setText($("play"), "▶");
}

const ICONS = { "one-for-all": "◎", backbone: "▸", coupling: "◇", pairing: "◆", shares: "▤", cost: "◷", coverage: "" };

function drawAdvice(study) {
  const shape = JSON.stringify(study.advice);
  const box = $("advice");
  if (box.dataset.shape === shape) return;
  box.dataset.shape = shape;
  const coverage = study.advice.filter((sentence) => sentence.kind === "coverage");
  const rest = study.advice.filter((sentence) => sentence.kind !== "coverage");
  const group = (title, kinds) => {
    const sentences = rest.filter((sentence) => kinds.includes(sentence.kind));
    if (!sentences.length) return null;
    return h("div", {}, h("h3", {}, title), h("ul", {}, sentences.map((sentence) => h("li", { class: `is-${sentence.kind}` }, h("i", { "aria-hidden": "true" }, ICONS[sentence.kind]), h("span", {}, sentence.text)))));
  };
  fill(
    box,
    group("Which optimizer", ["one-for-all", "backbone"]),
    group("How they couple", ["shares", "coupling", "pairing", "cost"]),
    rest.length ? null : h("p", { class: "empty" }, "Advice comes with the first scores."),
  );
  setText($("advice-note"), coverage.map((sentence) => sentence.text).join(" "));
}

function drawFoot(study) {
  const data = study.provenance.data[0];
  const environment = study.provenance.environments[0];
  const parts = [
    data ? `${data.source}: ${format.count(data.trainingImages)} training and ${format.count(data.validationImages)} validation images, ${data.classes} classes${data.imagesSkipped ? `, ${format.count(data.imagesSkipped)} skipped` : ""}` : null,
    environment ? `Couplet ${environment.coupletVersion}${environment.gitRevision ? ` (${environment.gitRevision})` : ""}, ${environment.engine}, Java ${environment.javaVersion}, ${environment.device}` : null,
    study.provenance.environments.length > 1 ? `${study.provenance.environments.length} different environments` : null,
    study.provenance.data.length > 1 ? `${study.provenance.data.length} different data sets: the runs do not compare` : null,
    study.counts.attemptsWithoutEnding ? `${format.plural(study.counts.attemptsWithoutEnding, "attempt")} died without a word` : null,
    `begun ${format.dateTime(study.summary.firstMillis)}`,
  ];
  fill($("foot"), parts.filter(Boolean).map((part) => h("span", {}, part)), h("a", { href: "/api/openapi.json" }, "the API of this page"));
}

$("study").addEventListener("change", (event) => choose(event.target.value));
onThemeChange(() => {
  draw();
  detail.redraw();
  curves.redraw();
  figures.redraw();
});
addEventListener("hashchange", onHash);
$("skip").addEventListener("click", skipToGrid);
recall();
new Lock(() => {
  feed.again();
  desk.ask();
});
desk.ask();
askHealth();
feed.follow(state.wanted);
render();
