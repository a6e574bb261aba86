/** Short notes at the edge of the screen: what the sandbox refused, or that the server is gone. */

import { el, iconButton } from "./dom.js";

const SHOWN_MS = 9000;

/** @param {import("./i18n.js").Words} words */
export function makeToasts(words) {
  const node = el("div", { class: "toasts", id: "toasts", role: "status", "aria-live": "polite", popover: "manual" });
  const show = (sentence) => {
    toTop();
    const close = () => toast.remove();
    const toast = el("div", { class: "toast" }, el("span", { text: sentence }), iconButton("close", words.say("dismiss"), close));
    node.append(toast);
    setTimeout(close, SHOWN_MS);
  };
  return { node, show, refused: (sentence) => show(sentence ?? words.say("no_answer")) };

  // While a dialog is open, all outside of it is covered, and dead to keyboard and screen reader: toasts go inside.
  function toTop() {
    const home = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.getElementById("app");
    if (node.parentNode !== home) home.append(node);
    if (node.matches(":popover-open")) node.hidePopover();
    node.showPopover();
  }
}
