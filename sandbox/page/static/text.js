/** Block Kit's text objects. */

import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, unescape } from "./mrkdwn.js";

/**
 * @param {{text: string, emoji?: boolean}|string|null|undefined} object a plain_text object
 * @returns {string} as it stands on the screen
 */
export function plainText(object) {
  if (!object) return "";
  if (typeof object === "string") return object;
  const text = unescape(object.text ?? "");
  return object.emoji === false ? text : withEmoji(text);
}

/**
 * @param {{type: string, text: string, emoji?: boolean, verbatim?: boolean}} object plain_text or mrkdwn
 * @param {import("./reader.js").Reader} reader
 * @returns {Node[]}
 */
export function textObject(object, reader) {
  if (object.type === "mrkdwn") return mrkdwn(object.text, reader, { verbatim: object.verbatim === true });
  return [document.createTextNode(plainText(object))];
}

/**
 * @param {any} object a text object
 * @param {import("./reader.js").Reader} reader
 * @param {string} [kind] a class
 * @returns {HTMLElement}
 */
export function textBox(object, reader, kind = "text") {
  return el("div", { class: kind }, textObject(object, reader));
}
