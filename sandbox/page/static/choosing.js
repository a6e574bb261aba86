/** From a choice on the screen to the app. */

import { ask } from "./confirm.js";

/**
 * Keep a new value, and tell the app if this element reports at once; a confirm object is asked first.
 *
 * @param {any} element
 * @param {any} block
 * @param {import("./elements.js").Host} host
 * @param {any} value
 * @param {HTMLElement} [node] shown as busy until the app has answered
 */
export async function choose(element, block, host, value, node) {
  host.set(block, element, value);
  if (block.type === "input" && !block.dispatch_action) return;
  if (element.confirm && !(await ask(element.confirm, host.reader))) return;
  node?.setAttribute("aria-busy", "true");
  await host.act(block, element, value);
  node?.removeAttribute("aria-busy");
}
