/** The surface that the blocks of a message stand on; that of a form or a Home tab is in `view_body.js`. */

import { initialValue } from "./values.js";

/**
 * @param {import("./store.js").Message} message
 * @param {import("./reader.js").Reader} reader
 * @param {import("./acts.js").Acts} acts
 * @param {Map<string, any>} choices what was chosen in messages: it stays when a message is drawn anew
 * @returns {import("./elements.js").Host}
 */
export function messageHost(message, reader, acts, choices) {
  const at = { channel: message.channel, ts: message.ts };
  const named = (block, element) => ({ ...at, action_id: element.action_id, block_id: block.block_id });
  const key = (block, element) => Object.values(named(block, element)).join("/");
  return {
    reader,
    valueOf: (block, element) => choices.get(key(block, element)) ?? initialValue(element),
    set: (block, element, value) => choices.set(key(block, element), value),
    act: (block, element, value) => acts.click({ ...named(block, element), value }),
    options: (block, element, query) => acts.options({ ...named(block, element), query }),
    upload: (file) => acts.upload(file),
  };
}
