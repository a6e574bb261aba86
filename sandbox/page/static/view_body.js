/**
 * The blocks of a modal or a Home tab. Only blocks that changed are drawn again, and what a person typed stays as long
 * as the block and action ids stay: an update by the app must not eat it.
 */

import { drawBlock } from "./blocks.js";
import { el } from "./dom.js";
import { problem } from "./form_check.js";
import { heldValue, holdsValue, initialValue } from "./values.js";

/** @typedef {import("./store.js").View} View */

/** One view's blocks and what was typed into them. */
export class ViewBody {
  #around;
  #drawn = new Map();
  #drafts = new Map();
  #unsent = new Set();
  #local = {};

  /**
   * @param {{acts: import("./acts.js").Acts, words: import("./i18n.js").Words, reader: () => import("./reader.js").Reader}} around
   * @param {View} view
   * @param {() => void} [enter] Enter in a line of text
   */
  constructor(around, view, enter) {
    this.#around = around;
    this.view = view;
    this.node = el("div", { class: "view-blocks" });
    /** @type {import("./elements.js").Host} */
    this.host = {
      reader: around.reader(),
      enter,
      valueOf: (block, element) => this.#valueOf(block, element),
      set: (block, element, value) => this.#set(block, element, value),
      act: (block, element, value) => this.#act(block, element, value),
      options: (block, element, query) => around.acts.options({ view_id: this.view.id, action_id: element.action_id, block_id: block.block_id, query }),
      upload: (file) => around.acts.upload(file),
    };
    this.update(view);
  }

  /** @param {View} view the same view as the server has it now */
  update(view) {
    this.view = view;
    const keys = new Set(inputs(view).map(({ key }) => key));
    for (const key of this.#drafts.keys()) if (!keys.has(key)) this.#drafts.delete(key);
    this.#draw();
  }

  /** Everything anew, in another language. */
  redraw() {
    this.host.reader = this.#around.reader();
    this.#drawn.clear();
    this.#draw();
  }

  /**
   * The values to submit, by block id; null when the client's own checks hold the form back.
   *
   * @returns {Record<string, any>|null}
   */
  collect() {
    this.#local = {};
    const values = {};
    for (const { block, element } of inputs(this.view).filter((each) => each.block.type === "input")) {
      const value = this.#valueOf(block, element);
      const wrong = problem(block, value, this.#around.words);
      if (wrong) this.#local[block.block_id] = wrong;
      values[block.block_id] = element.type === "file_input" ? value.map((file) => file.id) : value;
    }
    // The app's errors belong to the submission before.
    this.view = { ...this.view, errors: {} };
    this.#draw();
    if (!Object.keys(this.#local).length) return values;
    this.focusError();
    return null;
  }

  /** To the first input with an error, if there is one. */
  focusError() {
    this.node.querySelector("[aria-invalid=true]")?.focus();
  }

  #draw() {
    const errors = { ...this.view.errors, ...this.#local };
    const focused = this.node.contains(document.activeElement) ? document.activeElement.closest("[data-action-id]")?.dataset.actionId : null;
    const kept = new Map();
    let before = null;
    for (const [at, block] of this.view.definition.blocks.entries()) {
      const id = block.block_id ?? `at-${at}`;
      const error = errors[id] ?? "";
      const sign = JSON.stringify([block, error]);
      const held = this.#drawn.get(id);
      const node = held?.sign === sign ? held.node : drawBlock(block, this.host, error);
      kept.set(id, { sign, node });
      const place = before ? before.nextSibling : this.node.firstChild;
      // Moving a node takes the focus out of it, so only what stands wrong is moved.
      if (place !== node) this.node.insertBefore(node, place);
      before = node;
    }
    const standing = new Set([...kept.values()].map(({ node }) => node));
    for (const node of [...this.node.childNodes]) if (!standing.has(node)) node.remove();
    this.#drawn = kept;
    if (focused && !this.node.contains(document.activeElement)) focusAction(this.node, focused);
  }

  #valueOf(block, element) {
    const key = keyOf(block, element);
    if (this.#drafts.has(key)) return this.#drafts.get(key);
    return heldValue(element, this.view.values?.[block.block_id]?.[element.action_id]) ?? initialValue(element);
  }

  #set(block, element, value) {
    if (!holdsValue(element)) return;
    this.#drafts.set(keyOf(block, element), value);
    this.#unsent.add(keyOf(block, element));
  }

  // Slack hands the app all inputs with every press, so the server first hears what was typed elsewhere in the form.
  async #act(block, element, value) {
    this.#unsent.delete(keyOf(block, element));
    for (const other of inputs(this.view)) {
      if (other.block.type !== "input" || other.block.dispatch_action || !this.#unsent.delete(other.key)) continue;
      await this.#around.acts.press(this.#pressed(other.block, other.element, this.#drafts.get(other.key)), true);
    }
    return this.#around.acts.press(this.#pressed(block, element, value));
  }

  #pressed(block, element, value) {
    const sent = element.type === "file_input" ? value.map((file) => file.id) : value;
    return { view_id: this.view.id, action_id: element.action_id, block_id: block.block_id, value: sent };
  }
}

function keyOf(block, element) {
  return `${block.block_id}/${element.action_id}`;
}

function inputs(view) {
  return view.definition.blocks.flatMap((block) => {
    const elements = block.type === "input" ? [block.element] : block.type === "actions" ? block.elements : block.accessory ? [block.accessory] : [];
    return elements.map((element) => ({ block, element, key: keyOf(block, element) }));
  });
}

/**
 * @param {Element} node
 * @param {string} actionId
 */
export function focusAction(node, actionId) {
  const holder = node.querySelector(`[data-action-id="${CSS.escape(actionId)}"]`);
  (holder?.matches("button, input, textarea") ? holder : holder?.querySelector("button, input, textarea"))?.focus();
}
