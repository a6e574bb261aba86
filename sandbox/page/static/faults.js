/** Bad days to order: each meets the next request that comes. */

import { el, fill } from "./dom.js";

/**
 * @param {{store: import("./store.js").Store, words: import("./i18n.js").Words, acts: import("./acts.js").Acts}} around
 * @param {HTMLElement} node
 */
export function drawFaults({ store, words, acts }, node) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.fault : null;
  const { faults } = store;
  if (!faults) {
    fill(node, el("p", { class: "empty", text: words.say("waiting_for") }));
    return;
  }
  const side = (name, kinds) => [
    el("h3", { text: words.say(`side_${name}`) }),
    el("ul", { class: "cards" }, kinds.map((kind) => drawFault(name, kind))),
  ];
  fill(
    node,
    el("p", { class: "intro", text: words.say("faults_intro") }),
    side("wechatpay", faults.wechatpay),
    side("slack", faults.slack),
    el("button", { type: "button", class: "button", data: { fault: "clear" }, text: words.say("clear_faults"), on: { click: () => acts.fault({ kind: "clear" }) } }),
  );
  if (focused) node.querySelector(`[data-fault="${CSS.escape(focused)}"]`)?.focus();

  function drawFault(name, fault) {
    const label = words.of(fault.label);
    return el(
      "li",
      { class: fault.waiting ? "with-fault" : undefined },
      el(
        "div",
        { class: "card-line" },
        el("strong", { text: label }),
        fault.waiting > 0 && el("span", { class: "badge", text: words.say("waiting", { n: fault.waiting }) }),
        el("button", {
          type: "button", class: "button", "aria-label": words.say("switch_on_fault", { fault: label }),
          data: { fault: `${name}:${fault.kind}` }, text: words.say("switch_on"),
          on: { click: () => acts.fault({ side: name, kind: fault.kind, times: 1 }) },
        }),
      ),
      el("p", { class: "detail", text: words.of(fault.explain) }),
    );
  }
}
