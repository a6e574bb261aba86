/**
 * Block Kit's elements: buttons, menus and inputs. Each is drawn by one function that knows its value and whom to tell;
 * where the block is a message's, a form's or a Home tab's is the host's business.
 */

import { choose } from "./choosing.js";
import { el, icon } from "./dom.js";
import { drawFileInput } from "./file_input.js";
import { withMenu } from "./menu.js";
import { safeUrl } from "./reader.js";
import { drawSelect } from "./selects.js";
import { plainText, textObject } from "./text.js";
import { drawTextInput } from "./text_input.js";

/**
 * @typedef {object} Host the surface the blocks stand on
 * @property {import("./reader.js").Reader} reader
 * @property {(block: any, element: any) => any} valueOf what the element holds, in the plain form of `values.js`
 * @property {(block: any, element: any, value: any) => void} set the person typed or chose
 * @property {(block: any, element: any, value: any) => Promise<any>} act tell the app at once
 * @property {(block: any, element: any, query: string) => Promise<any>} options of an external select
 * @property {(file: File) => Promise<{file_id: string}|null>} upload
 * @property {() => void} [enter] Enter was pressed in a line of text
 */

/**
 * @param {any} element
 * @param {any} block the block it stands in
 * @param {Host} host
 * @param {string|null} label the accessible name; null: a `<label>` of the caller's names the control
 * @returns {{node: HTMLElement, box: HTMLElement|null}} box: what a `<label>` may point at
 */
export function drawElement(element, block, host, label = null) {
  const draw = DRAW[element.type] ?? (element.type.endsWith("_select") ? drawMenu : null);
  if (!draw) return { node: el("span", { class: "unknown", text: host.reader.words.say("unknown_block", { type: element.type }) }), box: null };
  const made = draw(element, block, host, label);
  made.node.dataset.actionId = element.action_id ?? "";
  made.node.dataset.element = element.type;
  return made;
}

const DRAW = {
  button,
  overflow,
  image: (element, _block, host) => ({ node: picture(element, host.reader, "thumbnail"), box: null }),
  radio_buttons: ticks,
  checkboxes: ticks,
  datepicker: (...given) => clockInput("date", ...given),
  timepicker: (...given) => clockInput("time", ...given),
  plain_text_input: drawTextInput,
  email_text_input: drawTextInput,
  url_text_input: drawTextInput,
  number_input: drawTextInput,
  file_input: drawFileInput,
};

function drawMenu(element, block, host, label) {
  const drawn = drawSelect(element, block, host, (value) => choose(element, block, host, value, drawn.node), label ?? (block.type === "input" ? null : plainText(element.placeholder)));
  return drawn;
}

function button(element, block, host) {
  const style = element.style ? ` button-${element.style}` : "";
  const press = async () => {
    if (node.getAttribute("aria-busy") === "true") return;
    const url = safeUrl(element.url ?? "");
    if (url) window.open(url, "_blank", "noopener,noreferrer");
    await choose(element, block, host, element.value, node);
  };
  const node = el(
    "button",
    { type: "button", class: `button${style}`, "aria-label": element.accessibility_label, data: { value: element.value }, on: { click: press } },
    plainText(element.text),
  );
  return { node, box: node };
}

function overflow(element, block, host, label) {
  const name = label ?? host.reader.words.say("options_menu");
  const node = el("button", { type: "button", class: "button overflow", "aria-label": name, title: name }, icon("more"));
  const items = () =>
    element.options.map((option) => ({
      label: plainText(option.text),
      detail: plainText(option.description),
      value: option.value,
      run: () => {
        const url = safeUrl(option.url ?? "");
        if (url) window.open(url, "_blank", "noopener,noreferrer");
        choose(element, block, host, option.value, node);
      },
    }));
  return { node: withMenu(node, name, items), box: node };
}

function ticks(element, block, host, label) {
  const many = element.type === "checkboxes";
  const held = host.valueOf(block, element);
  const group = `${block.block_id}-${element.action_id}-${Math.random()}`;
  const node = el("div", { class: "ticks", role: many ? "group" : "radiogroup", "aria-label": label });
  const changed = () => {
    const on = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    choose(element, block, host, many ? on : (on[0] ?? null), node);
  };
  for (const option of element.options) {
    const checked = many ? held?.includes(option.value) : held === option.value;
    const input = el("input", { type: many ? "checkbox" : "radio", name: group, value: option.value, on: { change: changed } });
    input.checked = Boolean(checked);
    const words = el("span", { class: "tick-words" }, el("span", {}, textObject(option.text, host.reader)), option.description && el("span", { class: "detail" }, textObject(option.description, host.reader)));
    node.append(el("label", { class: "tick" }, input, words));
  }
  return { node, box: null };
}

function clockInput(type, element, block, host, label) {
  const held = host.valueOf(block, element);
  const box = el("input", { type, class: "line clock", "aria-label": label ?? (block.type === "input" ? null : plainText(element.placeholder) || host.reader.words.say(type)) });
  if (held !== null && held !== undefined) box.value = held;
  let told = box.value;
  let byKeys = false;
  const tell = () => {
    if (box.value === told) return;
    told = box.value;
    choose(element, block, host, box.value === "" ? null : box.value, box);
  };
  // The browser reports every step of an arrow key; the app should hear of the day that was meant, not of those passed.
  box.addEventListener("keydown", (event) => {
    byKeys = event.key !== "Enter";
    if (event.key === "Enter") tell();
  });
  box.addEventListener("pointerdown", () => (byKeys = false));
  box.addEventListener("change", () => (byKeys ? undefined : tell()));
  box.addEventListener("blur", tell);
  return { node: box, box };
}

/**
 * A picture, or its words where showing it would need the outside.
 *
 * @param {any} image with image_url or slack_file, and alt_text
 * @param {import("./reader.js").Reader} reader
 * @param {string} kind a class
 * @returns {HTMLElement}
 */
export function picture(image, reader, kind) {
  const url = reader.imageUrl(image);
  if (url) return el("img", { class: kind, src: url, alt: image.alt_text, loading: "lazy" });
  return el("span", { class: `${kind} no-picture`, role: "img", "aria-label": image.alt_text, title: image.alt_text, text: image.alt_text });
}
