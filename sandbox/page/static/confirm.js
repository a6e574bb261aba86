/** The second thought before a click counts. Slack's client asks it; the app never hears of a no. */

import { el } from "./dom.js";
import { plainText, textObject } from "./text.js";

/**
 * @param {{title: any, text: any, confirm: any, deny: any, style?: "primary"|"danger"}} question a Block Kit confirm object
 * @param {import("./reader.js").Reader} reader
 * @returns {Promise<boolean>}
 */
export function ask(question, reader) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const style = question.style === "danger" ? "button-danger" : "button-primary";
    const dialog = el(
      "dialog",
      { class: "dialog confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      el("h2", { id: "confirm-title", class: "dialog-title", text: plainText(question.title) }),
      el("div", { id: "confirm-text", class: "confirm-text text" }, textObject(question.text, reader)),
      el(
        "div",
        { class: "dialog-buttons" },
        el("button", { type: "button", class: "button", data: { answer: "deny" }, text: plainText(question.deny), on: { click: () => answer(false) } }),
        el("button", { type: "button", class: `button ${style}`, data: { answer: "confirm" }, text: plainText(question.confirm), on: { click: () => answer(true) } }),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false);
    });
    document.body.append(dialog);
    dialog.showModal();
    // Enter must not spend money by habit: the first key press lands on the harmless answer.
    dialog.querySelector("[data-answer=deny]").focus();
  });
}
