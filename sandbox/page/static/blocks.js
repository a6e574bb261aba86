/** Block Kit's blocks, drawn as Slack draws them. */

import { drawElement, picture } from "./elements.js";
import { el, freshId } from "./dom.js";
import { richText } from "./rich_text.js";
import { mrkdwn } from "./mrkdwn.js";
import { plainText, textBox, textObject } from "./text.js";

/** @typedef {import("./elements.js").Host} Host */

/**
 * @param {any} block
 * @param {Host} host
 * @param {string} [error] what is wrong with an input
 * @returns {HTMLElement}
 */
export function drawBlock(block, host, error = "") {
  const draw = DRAW[block.type];
  const node = draw ? draw(block, host, error) : el("div", { class: "unknown", text: host.reader.words.say("unknown_block", { type: block.type }) });
  node.classList.add("block", `block-${block.type.replaceAll("_", "-")}`);
  node.dataset.blockId = block.block_id ?? "";
  return node;
}

const DRAW = {
  section,
  context,
  actions,
  input,
  table,
  divider: () => el("hr"),
  // A message is no chapter of the page: the level keeps screen readers' outlines sensible.
  header: (block) => el("div", { role: "heading", "aria-level": "3", text: plainText(block.text) }),
  image,
  rich_text: (block, { reader }) => el("div", { class: "text" }, richText(block.elements, reader)),
  markdown: (block, { reader }) => el("div", { class: "text" }, mrkdwn(asMrkdwn(block.text), reader)),
};

function section(block, host) {
  const words = el("div", { class: "section-words" });
  if (block.text) words.append(textBox(block.text, host.reader));
  if (block.fields) words.append(el("div", { class: "fields" }, block.fields.map((field) => textBox(field, host.reader, "text field"))));
  const node = el("div", {}, words);
  if (block.accessory) {
    const named = ["button", "image", "overflow"].includes(block.accessory.type);
    const name = named ? null : plainText(block.accessory.placeholder) || words.textContent;
    node.append(el("div", { class: "accessory" }, drawElement(block.accessory, block, host, name).node));
    node.classList.toggle("with-ticks", ["checkboxes", "radio_buttons"].includes(block.accessory.type));
  }
  return node;
}

function context(block, host) {
  return el(
    "div",
    {},
    block.elements.map((element) => (element.type === "image" ? picture(element, host.reader, "context-picture") : el("span", { class: "text" }, textObject(element, host.reader)))),
  );
}

function actions(block, host) {
  return el(
    "div",
    {},
    block.elements.map((element) => {
      const name = element.type === "button" ? null : plainText(element.placeholder) || null;
      return drawElement(element, block, host, name).node;
    }),
  );
}

function image(block, { reader }) {
  const title = block.title ? el("figcaption", { text: plainText(block.title) }) : null;
  return el("figure", {}, title, picture(block, reader, "picture"));
}

function input(block, host, error) {
  const { words } = host.reader;
  const drawn = drawElement(block.element, block, host);
  const id = freshId("input");
  const label = el(drawn.box ? "label" : "div", { class: "label", id: `${id}-label` }, plainText(block.label));
  if (block.optional) label.append(el("span", { class: "optional", text: ` ${words.say("optional")}` }));
  const described = [];
  const note = (kind, text, extra = {}) => {
    if (!text) return null;
    described.push(`${id}-${kind}`);
    return el("p", { class: kind, id: `${id}-${kind}`, text, ...extra });
  };
  const node = el("div", {}, label, drawn.node, note("error", error, { role: "alert" }), note("hint", plainText(block.hint)));
  const control = drawn.box ?? drawn.node;
  if (drawn.box) {
    drawn.box.id = id;
    label.setAttribute("for", id);
    if (!block.optional) drawn.box.setAttribute("aria-required", "true");
  } else control.setAttribute("aria-labelledby", `${id}-label`);
  if (described.length) control.setAttribute("aria-describedby", described.join(" "));
  if (error) {
    control.setAttribute("aria-invalid", "true");
    node.classList.add("wrong");
  }
  return node;
}

function table(block, { reader }) {
  const settings = block.column_settings ?? [];
  const rows = block.rows.map((row, at) =>
    el(
      "tr",
      {},
      row.map((cell, column) => {
        const look = settings[column] ?? {};
        const kind = `align-${look.align ?? "left"}${look.is_wrapped ? " wrapped" : ""}`;
        const content = cell.type === "rich_text" ? richText(cell.elements, reader) : String(cell.text ?? "");
        return el(at === 0 ? "th" : "td", { class: kind, scope: at === 0 ? "col" : undefined }, content);
      }),
    ),
  );
  // It scrolls sideways by itself, so it must be reachable by keyboard.
  return el("div", { class: "table-frame", tabindex: "0", role: "group" }, el("table", {}, el("thead", {}, rows.slice(0, 1)), el("tbody", {}, rows.slice(1))));
}

// The markdown block is Markdown, not mrkdwn; of it, what bots write most.
function asMrkdwn(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/^#{1,6}\s+(.+)$/gm, "*$1*")
    .replace(/\*\*(.+?)\*\*/g, "*$1*")
    .replace(/~~(.+?)~~/g, "~$1~")
    .replace(/^(\s*)[-*]\s+/gm, "$1• ")
    .replace(/\[([^\]\n]+)\]\((https?:\/\/[^)\s|]+)\)/g, "<$2|$1>");
}
