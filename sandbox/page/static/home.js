/** The app's Home tab. */

import { drawBlock } from "./blocks.js";
import { el, fill } from "./dom.js";
import { ViewHost } from "./surface.js";

/**
 * @param {{store: import("./store.js").Store, acts: import("./acts.js").Acts, words: import("./i18n.js").Words,
 *   reader: () => import("./reader.js").Reader}} around
 */
export function makeHome({ store, acts, words, reader }) {
  const node = el("div", { class: "home", role: "region", "aria-label": words.say("home_tab") });
  let host = null;
  return {
    node,
    draw() {
      const view = store.home;
      if (!view) {
        fill(node, el("p", { class: "empty", text: words.say("home_empty") }));
        return;
      }
      const focused = node.contains(document.activeElement) ? document.activeElement.closest("[data-action-id]")?.dataset.actionId : null;
      if (!host || host.view.id !== view.id) host = new ViewHost(view, reader(), acts);
      host.view = view;
      host.reader = reader();
      fill(node, view.definition.blocks.map((block) => drawBlock(block, host)));
      if (focused) node.querySelector(`[data-action-id="${CSS.escape(focused)}"]`)?.focus();
    },
  };
}
