/** Forms: a stack of them, of which the top is shown. */

import { drawBlock } from "./blocks.js";
import { el, fill, iconButton } from "./dom.js";
import { ViewHost } from "./surface.js";
import { plainText } from "./text.js";

/**
 * @param {{store: import("./store.js").Store, acts: import("./acts.js").Acts, words: import("./i18n.js").Words,
 *   reader: () => import("./reader.js").Reader}} around
 */
export function makeModals({ store, acts, words, reader }) {
  const dialog = el("dialog", { class: "dialog modal", "aria-labelledby": "modal-title" });
  /** What was typed in each form, also in those under the top one. */
  const hosts = new Map();
  let errors = {};
  let shown = "";
  let returnTo = null;

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.body.append(dialog);
  return { draw };

  function top() {
    return store.modals.at(-1);
  }

  function close() {
    const view = top();
    if (view) acts.close(view.id);
  }

  async function submit() {
    const view = top();
    const host = view && hosts.get(view.id);
    if (!host || dialog.getAttribute("aria-busy") === "true") return;
    dialog.setAttribute("aria-busy", "true");
    const answer = await acts.submit(view.id, host.values());
    dialog.removeAttribute("aria-busy");
    errors = answer?.errors ?? {};
    if (Object.keys(errors).length) {
      draw();
      dialog.querySelector("[aria-invalid=true]")?.focus();
    }
  }

  function draw() {
    const view = top();
    for (const id of hosts.keys()) if (!store.modals.some((each) => each.id === id)) hosts.delete(id);
    if (!view) {
      if (dialog.open) dialog.close();
      returnTo?.isConnected && returnTo.focus();
      returnTo = null;
      shown = "";
      return;
    }
    if (view.id !== shown) errors = {};
    const host = hosts.get(view.id) ?? new ViewHost(view, reader(), acts, submit);
    host.view = view;
    host.reader = reader();
    hosts.set(view.id, host);
    const focused = dialog.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    const { definition } = view;
    const wrong = { ...view.errors, ...errors };
    fill(
      dialog,
      el(
        "header",
        { class: "modal-head" },
        store.modals.length > 1 && iconButton("back", words.say("back"), close),
        el("h2", { class: "dialog-title", id: "modal-title", text: plainText(definition.title) }),
        iconButton("close", words.say("close"), close),
      ),
      el(
        "form",
        { class: "modal-form", id: "modal-form", novalidate: true, on: { submit: (event) => (event.preventDefault(), submit()) } },
        definition.blocks.map((block) => drawBlock(block, host, wrong[block.block_id] ?? "")),
      ),
      el(
        "footer",
        { class: "dialog-buttons" },
        view.busy && el("span", { class: "detail", role: "status", text: words.say("busy") }),
        el("button", { type: "button", class: "button", data: { modal: "close" }, text: plainText(definition.close) || words.say("cancel"), on: { click: close } }),
        definition.submit && el("button", { type: "submit", form: "modal-form", class: "button button-primary", data: { modal: "submit" }, text: plainText(definition.submit) }),
      ),
    );
    if (!dialog.open) {
      returnTo = document.activeElement;
      dialog.showModal();
    }
    const target = (focused && [...dialog.querySelectorAll("input, textarea, button, select")].find((node) => keyOf(node) === focused)) || (view.id !== shown && dialog.querySelector(".modal-form input, .modal-form textarea"));
    if (target) target.focus();
    shown = view.id;
  }
}

// Enough to find the same control in a form that was drawn anew.
function keyOf(node) {
  const block = node.closest("[data-block-id]")?.dataset.blockId ?? "";
  const action = node.closest("[data-action-id]")?.dataset.actionId ?? node.dataset.modal ?? "";
  return block || action ? `${block}/${action}` : null;
}
