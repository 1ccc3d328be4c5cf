// Asks for the token once, when the server wants one; it is kept for this tab.

import { h, fill } from "./dom.js";
import { unlock, onLocked } from "./api.js";

export class Lock {
  #dialog = h("dialog", { class: "ask", "aria-labelledby": "lock-title" });
  #open = false;

  /** `onToken` hears that there is one to try. */
  constructor(onToken) {
    document.body.append(this.#dialog);
    // Without a token there is nothing behind the dialog, so Escape only brings it back.
    this.#dialog.addEventListener("close", () => this.#open && this.#dialog.showModal());
    onLocked((wrong) => this.#ask(wrong, onToken));
  }

  #ask(wrong, onToken) {
    if (this.#open) return;
    this.#open = true;
    const input = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true, spellcheck: "false", pattern: "\\s*[!-~]+\\s*", title: "Letters, digits and signs of ASCII only, without blanks: as in the file it comes from." });
    fill(
      this.#dialog,
      h(
        "form",
        {
          method: "dialog",
          onsubmit: () => {
            this.#open = false;
            unlock(input.value.trim());
            onToken();
          },
        },
        h("h2", { id: "lock-title" }, "This page needs its token"),
        wrong ? h("p", { class: "wrong", role: "alert" }, "That was not the right one.") : null,
        h("p", { class: "note" }, "Whoever started it has it, from --token-file or COUPLET_TOKEN. It is kept until this tab is closed, and sent to this server only."),
        h("label", { for: "token" }, "Token"),
        input,
        h("div", { class: "askfoot" }, h("button", { type: "submit", class: "primary" }, "Open")),
      ),
    );
    this.#dialog.showModal();
    input.focus();
  }
}
