/** The app's Home tab. */

import { el, fill } from "./dom.js";
import { ViewBody } from "./view_body.js";

/**
 * @param {{store: import("./store.js").Store, acts: import("./acts.js").Acts, words: import("./i18n.js").Words,
 *   reader: () => import("./reader.js").Reader}} around
 */
export function makeHome(around) {
  const { store, words } = around;
  const node = el("div", { class: "home", id: "home", role: "region", "aria-label": words.say("home_tab") });
  let body = null;
  return {
    node,
    draw() {
      const view = store.home;
      if (!view) {
        body = null;
        fill(node, el("p", { class: "empty", text: words.say("home_empty") }));
      } else if (body?.view.id === view.id) body.update(view);
      else {
        body = new ViewBody(around, view);
        node.dataset.viewId = view.id;
        fill(node, body.node);
      }
    },
  };
}
