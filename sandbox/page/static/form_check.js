/** What Slack's client checks before it lets a form go. */

import { isEmpty } from "./values.js";

/**
 * @param {any} block an input block
 * @param {any} value in the plain form of `values.js`
 * @param {import("./i18n.js").Words} words
 * @returns {string} what is wrong, "" when nothing is
 */
export function problem(block, value, words) {
  if (isEmpty(value)) return block.optional ? "" : words.say("required");
  const check = CHECKS[block.element.type];
  return check ? check(block.element, value, words) : "";
}

const CHECKS = {
  plain_text_input(element, value, words) {
    const length = [...value].length;
    if (length < (element.min_length ?? 0)) return words.say("too_short", { n: element.min_length });
    const most = element.max_length ?? 3000;
    return length > most ? words.say("too_long", { n: most }) : "";
  },
  email_text_input: (_, value, words) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? "" : words.say("bad_email")),
  url_text_input: (_, value, words) => (/^https?:\/\/[^\s/]+/.test(value) ? "" : words.say("bad_url")),
  number_input(element, value, words) {
    if (!/^-?\d+(\.\d+)?$/.test(value.trim())) return words.say("bad_number");
    if (!element.is_decimal_allowed && value.includes(".")) return words.say("bad_whole");
    if (element.min_value !== undefined && Number(value) < Number(element.min_value)) return words.say("too_small", { n: element.min_value });
    if (element.max_value !== undefined && Number(value) > Number(element.max_value)) return words.say("too_big", { n: element.max_value });
    return "";
  },
};
