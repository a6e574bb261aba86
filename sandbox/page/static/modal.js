/**
 * Forms: a stack of them in one dialog, of which the top is shown. The browser's own modal dialog keeps the focus inside
 * and everything behind it still.
 */

import { el, fill, iconButton } from "./dom.js";
import { plainText } from "./text.js";
import { ViewBody } from "./view_body.js";

/**
 * @typedef {{store: import("./store.js").Store, acts: import("./acts.js").Acts, words: import("./i18n.js").Words,
 *   reader: () => import("./reader.js").Reader}} Around
 */

/** The open forms of whoever is at the screen. */
export class Modals {
  #around;
  /** What was typed in each form, also in those under the top one. */
  #bodies = new Map();
  #dialog;
  #frame = "";
  #top = "";
  #sending = "";
  #returnTo = null;

  /** @param {Around} around */
  constructor(around) {
    this.#around = around;
    this.#dialog = el("dialog", { class: "dialog modal", id: "modal", "aria-modal": "true", "aria-labelledby": "modal-title" });
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    // Not by `cancel`: at the second Escape in a row Chromium closes a dialog whatever was answered to the first.
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#leave();
    });
    document.body.append(this.#dialog);
  }

  /** Show the stack as the store has it. */
  draw() {
    const { modals } = this.#around.store;
    for (const id of [...this.#bodies.keys()]) if (!modals.some((view) => view.id === id)) this.#bodies.delete(id);
    for (const view of modals) {
      const held = this.#bodies.get(view.id);
      if (held) held.update(view);
      else this.#bodies.set(view.id, new ViewBody(this.#around, view, () => this.#submit()));
    }
    const top = modals.at(-1);
    if (top) this.#show(top, modals.length);
    else this.#shut();
  }

  /** Everything anew, in other words; what was typed stays. */
  redraw() {
    this.#frame = "";
    for (const body of this.#bodies.values()) body.redraw();
    this.draw();
  }

  #show(view, depth) {
    const body = this.#bodies.get(view.id);
    const { title, submit, close } = view.definition;
    const frame = JSON.stringify([view.id, depth, title, submit, close]);
    // While only fields change the frame stays, and with it focus, scrolling and half-typed words.
    if (frame !== this.#frame) this.#drawFrame(view, depth, body);
    this.#frame = frame;
    this.#showBusy(view);
    if (!this.#dialog.open) {
      this.#returnTo = document.activeElement;
      this.#dialog.showModal();
    }
    const fresh = this.#top !== view.id;
    this.#top = view.id;
    if (Object.keys(view.errors ?? {}).length && !this.#isTyping()) body.focusError();
    else if (fresh || !this.#dialog.contains(document.activeElement)) this.#focusFirst(view, body);
  }

  #drawFrame(view, depth, body) {
    const { words } = this.#around;
    const { title, submit, close } = view.definition;
    const leave = () => this.#leave();
    fill(
      this.#dialog,
      el(
        "header",
        { class: "modal-head" },
        depth > 1 && iconButton("back", words.say("back"), leave),
        el("h2", { class: "dialog-title", id: "modal-title", tabindex: "-1", text: plainText(title) }),
        iconButton("close", words.say("close"), leave),
      ),
      el(
        "form",
        {
          class: "modal-form", id: "modal-form", novalidate: true, data: { viewId: view.id, callbackId: view.definition.callback_id },
          on: { submit: (event) => (event.preventDefault(), this.#submit()) },
        },
        body.node,
      ),
      el(
        "footer",
        { class: "dialog-buttons" },
        el("span", { class: "detail", role: "status", data: { modal: "busy" } }),
        el("button", { type: "button", class: "button", data: { modal: "close" }, text: plainText(close) || words.say(submit ? "cancel" : "close"), on: { click: leave } }),
        submit && el("button", { type: "submit", form: "modal-form", class: "button button-primary", data: { modal: "submit" }, text: plainText(submit) }),
      ),
    );
  }

  #showBusy(view) {
    const busy = view.busy || this.#sending === view.id;
    this.#dialog.querySelector("[data-modal=busy]").textContent = busy ? this.#around.words.say("busy") : "";
    // aria-disabled and not disabled: a disabled button drops the focus.
    this.#dialog.querySelector("[data-modal=submit]")?.setAttribute("aria-disabled", String(busy));
    if (busy) this.#dialog.setAttribute("aria-busy", "true");
    else this.#dialog.removeAttribute("aria-busy");
  }

  #isTyping() {
    return this.#dialog.contains(document.activeElement) && document.activeElement.matches("input, textarea");
  }

  #focusFirst(view, body) {
    const elements = view.definition.blocks.flatMap((block) => [block.element, block.accessory, ...(block.elements ?? [])]);
    const eager = elements.find((element) => element?.focus_on_load);
    const holder = eager?.action_id && body.node.querySelector(`[data-action-id="${CSS.escape(eager.action_id)}"]`);
    const control = "input, textarea, button";
    const target = (holder && (holder.matches(control) ? holder : holder.querySelector(control))) || body.node.querySelector("input, textarea");
    (target ?? this.#dialog.querySelector("#modal-title")).focus();
  }

  async #submit() {
    const view = this.#around.store.modals.at(-1);
    if (!view?.definition.submit || this.#sending || view.busy) return;
    const body = this.#bodies.get(view.id);
    const values = body.collect();
    if (!values) return;
    this.#sending = view.id;
    this.#showBusy(view);
    const answer = await this.#around.acts.submit(view.id, values);
    this.#sending = "";
    const top = this.#around.store.modals.at(-1);
    if (!top) return;
    this.#showBusy(top);
    const errors = answer?.errors ?? {};
    if (top.id !== view.id || !Object.keys(errors).length) return;
    body.update({ ...top, errors });
    body.focusError();
  }

  #leave() {
    const view = this.#around.store.modals.at(-1);
    if (view) this.#around.acts.close(view.id);
  }

  #shut() {
    if (!this.#dialog.open) return;
    this.#top = this.#frame = "";
    this.#dialog.close();
    fill(this.#dialog);
    // Whatever opened it may have been drawn anew meanwhile.
    (this.#returnTo?.isConnected ? this.#returnTo : document.getElementById("composer"))?.focus();
    this.#returnTo = null;
  }
}
