// How the page speaks to its server. A token, where one is needed, is kept for this tab only and sent as a header; there are no cookies.

const KEPT = "couplet.token";
const RETRY_MILLIS = 1000;
const SILENT_MILLIS = 25_000;

/** What a header carries, and a token is made of; with anything else `fetch` itself would fail. */
const SENDABLE = /^[!-~]+$/;

let locked = () => {};

function headers(more = {}) {
  const token = sessionStorage.getItem(KEPT);
  return token && SENDABLE.test(token) ? { ...more, Authorization: `Bearer ${token}` } : more;
}

/** `listener` hears that the server wants a token, and whether the one it was given is the wrong one. */
export function onLocked(listener) {
  locked = listener;
}

function heard(response) {
  if (response.status === 401) locked(Boolean(sessionStorage.getItem(KEPT)));
  return response;
}

export function unlock(token) {
  sessionStorage.setItem(KEPT, token);
}

/** What is at an address; null when it was refused or the server is away: the connection pill says so, and the next update asks again. */
export async function read(address) {
  try {
    const response = heard(await fetch(address, { headers: headers() }));
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Why the server reads no more records, in a sentence; null while it reads, and when it cannot be asked: then the connection itself is lost, which shows. */
export async function failure() {
  try {
    const response = await fetch("/api/health", { headers: headers(), cache: "no-store" });
    const health = await response.json();
    return health.status === "down" ? health.reason ?? "Its reader has failed." : null;
  } catch {
    return null;
  }
}

/** Gives an order: what became of it, or throws with one sentence, the server's where it has one. */
export async function order(runId, verb, what) {
  let response;
  try {
    response = heard(
      await fetch(`/api/runs/${encodeURIComponent(runId)}/${verb}`, {
        method: "POST",
        headers: headers({ "Content-Type": "application/json", "X-Couplet-Order": "page" }),
        body: JSON.stringify(what),
      }),
    );
  } catch {
    throw new Error("The dashboard does not answer, so nothing is known of the order: look whether it runs, and order again.");
  }
  // A proxy before the dashboard may answer in its place, in HTML.
  const answer = await response.json().catch(() => null);
  if (!response.ok || !answer) throw new Error(answer?.error ?? `The order did not get through: something before the dashboard answered with status ${response.status}.`);
  return answer;
}

/**
 * Server-sent events by fetch, since EventSource sends no headers. Goes on by itself after any break, except while the server wants a token: then `again` goes on.
 */
export class Stream {
  #address;
  #onEvent;
  #onState;
  #ended = new AbortController();
  #locked = false;

  constructor(address, onEvent, onState) {
    this.#address = address;
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#run();
  }

  close() {
    this.#ended.abort();
  }

  /** Tries at once, when it waits for a token. */
  again() {
    if (this.#locked) this.#run();
  }

  async #run() {
    this.#locked = false;
    const over = this.#ended.signal;
    while (!over.aborted) {
      const outcome = await this.#follow().catch(() => "broken");
      if (over.aborted) return;
      this.#onState(outcome === "locked" ? "locked" : "lost");
      if (outcome === "locked") {
        this.#locked = true;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
    }
  }

  async #follow() {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    this.#ended.signal.addEventListener("abort", stop);
    // The server says something every ten seconds; a connection that is silent for longer is dead, whatever the network thinks.
    let watch = setTimeout(stop, SILENT_MILLIS);
    try {
      const response = heard(await fetch(this.#address, { headers: headers({ Accept: "text/event-stream" }), signal: attempt.signal, cache: "no-store" }));
      if (response.status === 401) return "locked";
      if (!response.ok) return "refused";
      this.#onState("live");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const text = new EventText();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "ended";
        clearTimeout(watch);
        watch = setTimeout(stop, SILENT_MILLIS);
        for (const event of text.add(value)) if (!this.#ended.signal.aborted) this.#onEvent(event.name, event.data);
      }
    } finally {
      clearTimeout(watch);
      this.#ended.signal.removeEventListener("abort", stop);
    }
  }
}

/** Pieces of text, cut anywhere, into whole events. */
export class EventText {
  #text = "";

  add(piece) {
    this.#text += piece;
    const end = this.#text.lastIndexOf("\n\n");
    if (end < 0) return [];
    const whole = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return whole.split("\n\n").map(parsed).filter((event) => event.data !== "");
  }
}

function parsed(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return { name, data: data.join("\n") };
}
