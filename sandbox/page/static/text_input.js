/** Lines of text, numbers, addresses. */

import { choose } from "./choosing.js";
import { el } from "./dom.js";
import { plainText } from "./text.js";

const LONGEST = 3000;
// A counter is news near the end only, as in Slack.
const COUNTED_BELOW = 300;

/**
 * @param {any} element plain_text_input, email_text_input, url_text_input or number_input
 * @param {any} block
 * @param {import("./elements.js").Host} host
 * @param {string|null} label
 * @returns {{node: HTMLElement, box: HTMLElement}}
 */
export function drawTextInput(element, block, host, label) {
  const multiline = element.multiline === true;
  const kinds = { email_text_input: "email", url_text_input: "url" };
  const shared = { "aria-label": label, placeholder: plainText(element.placeholder) || undefined, autocomplete: "off" };
  const box = multiline
    ? el("textarea", { class: "line area", rows: "4", ...shared })
    : el("input", { class: "line", type: "text", inputmode: kinds[element.type] ?? (element.type === "number_input" ? "decimal" : undefined), ...shared });
  box.value = host.valueOf(block, element) ?? "";
  const counter = element.type === "plain_text_input" && element.max_length ? el("span", { class: "counter", "aria-live": "polite" }) : null;
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];

  const count = () => {
    if (!counter) return;
    // Code points, as Slack counts, so that one emoji or rare character is one.
    const left = Math.min(element.max_length, LONGEST) - [...box.value].length;
    counter.textContent = left <= COUNTED_BELOW ? String(left) : "";
    counter.setAttribute("aria-label", host.reader.words.say("left", { n: left }));
    counter.classList.toggle("over", left < 0);
  };
  const report = (why) => {
    if (block.dispatch_action && on.includes(why)) choose(element, block, host, box.value || null);
  };
  box.addEventListener("input", () => {
    host.set(block, element, box.value || null);
    count();
    report("on_character_entered");
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || multiline) return;
    event.preventDefault();
    if (block.dispatch_action) report("on_enter_pressed");
    else host.enter?.();
  });
  count();
  return { node: el("div", { class: "text-input" }, box, counter), box };
}
