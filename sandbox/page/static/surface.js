/** The surfaces that blocks stand on: a message, or a view (a form or a Home tab). */

import { heldValue, initialValue } from "./values.js";

/** @typedef {import("./elements.js").Host} Host */

/**
 * @param {import("./store.js").Message} message
 * @param {import("./reader.js").Reader} reader
 * @param {import("./acts.js").Acts} acts
 * @returns {Host}
 */
export function messageHost(message, reader, acts) {
  const chosen = new Map();
  const at = { channel: message.channel, ts: message.ts };
  return {
    reader,
    valueOf: (block, element) => chosen.get(element.action_id) ?? initialValue(element),
    set: (_block, element, value) => chosen.set(element.action_id, value),
    act: (block, element, value) => acts.click({ ...at, action_id: element.action_id, block_id: block.block_id, value }),
    options: (block, element, query) => acts.options({ ...at, action_id: element.action_id, block_id: block.block_id, query }),
    upload: (file) => acts.upload(file),
  };
}

/**
 * What is typed is kept here across redraws: the app may update a form while somebody writes in it. As in Slack, a
 * value survives as long as block_id and action_id stay the same.
 */
export class ViewHost {
  #typed = new Map();

  /**
   * @param {import("./store.js").View} view
   * @param {import("./reader.js").Reader} reader
   * @param {import("./acts.js").Acts} acts
   * @param {() => void} [enter]
   */
  constructor(view, reader, acts, enter) {
    this.view = view;
    this.reader = reader;
    this.acts = acts;
    this.enter = enter;
  }

  valueOf(block, element) {
    const key = `${block.block_id}/${element.action_id}`;
    if (this.#typed.has(key)) return this.#typed.get(key);
    return heldValue(element, this.view.values?.[block.block_id]?.[element.action_id]) ?? initialValue(element);
  }

  set(block, element, value) {
    this.#typed.set(`${block.block_id}/${element.action_id}`, value);
  }

  act(block, element, value) {
    return this.acts.press({ view_id: this.view.id, action_id: element.action_id, block_id: block.block_id, value });
  }

  options(block, element, query) {
    return this.acts.options({ view_id: this.view.id, action_id: element.action_id, block_id: block.block_id, query });
  }

  upload(file) {
    return this.acts.upload(file);
  }

  /** @returns {Record<string, any>} block id → value, of every input */
  values() {
    const inputs = this.view.definition.blocks.filter((block) => block.type === "input");
    return Object.fromEntries(inputs.map((block) => [block.block_id, this.valueOf(block, block.element)]));
  }
}
