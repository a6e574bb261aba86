/** Short notes at the edge of the screen: what the sandbox refused, or that the server is gone. */

import { el, iconButton } from "./dom.js";

const SHOWN_MS = 9000;

/** @param {import("./i18n.js").Words} words */
export function makeToasts(words) {
  const node = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
  const show = (sentence) => {
    const close = () => toast.remove();
    const toast = el("div", { class: "toast" }, el("span", { text: sentence }), iconButton("close", words.say("dismiss"), close));
    node.append(toast);
    setTimeout(close, SHOWN_MS);
  };
  return { node, show, refused: (sentence) => show(sentence ?? words.say("no_answer")) };
}
