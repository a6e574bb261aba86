/** Beside the workspace, the other world: WeChat Pay, faults, audit. */

import { drawAudit } from "./audit.js";
import { el, fill } from "./dom.js";
import { drawFaults } from "./faults.js";
import { drawMoney } from "./money.js";

const TABS = ["money", "faults", "audit"];
const DRAW = { money: drawMoney, faults: drawFaults, audit: drawAudit };

/**
 * @param {any} around store, acts, words and reader, as the parts need them; `kept.tab` is the open tab, which stays
 *   open when the person or the language changes
 */
export function makeWorld(around) {
  const { words, kept } = around;
  const panel = el("div", { class: "world-panel", role: "tabpanel", id: "world-panel", tabindex: "0" });
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": words.say("world") });
  const node = el("aside", { class: "world", "aria-label": words.say("world") }, el("h2", { text: words.say("world") }), tabs, panel);
  tabs.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    kept.tab = TABS[(TABS.indexOf(kept.tab) + step) % TABS.length];
    draw();
    tabs.querySelector("[aria-selected=true]").focus();
  });
  return { node, draw, news };

  /** @param {string} kind what came: only the open tab is drawn anew */
  function news(kind) {
    if (kind === kept.tab) DRAW[kept.tab](around, panel);
  }

  function draw() {
    const focused = tabs.contains(document.activeElement);
    fill(
      tabs,
      TABS.map((name) =>
        el("button", {
          type: "button", role: "tab", id: `tab-${name}`, class: "tab", "aria-selected": String(name === kept.tab), "aria-controls": "world-panel",
          tabindex: name === kept.tab ? "0" : "-1", text: words.say(`tab_${name}`),
          on: { click: () => ((kept.tab = name), draw()) },
        }),
      ),
    );
    if (focused) tabs.querySelector("[aria-selected=true]").focus();
    panel.setAttribute("aria-labelledby", `tab-${kept.tab}`);
    DRAW[kept.tab](around, panel);
  }
}
