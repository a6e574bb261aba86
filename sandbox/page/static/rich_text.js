/** Slack's rich_text: already taken apart by the app, so nothing in it is parsed. */

import { el } from "./dom.js";
import { channelMention, dateNode, emojiNode, groupMention, link, userMention } from "./mrkdwn.js";

/** @typedef {import("./reader.js").Reader} Reader */

/**
 * @param {any[]} elements of a rich_text block or a table's cell
 * @param {Reader} reader
 * @returns {Node[]}
 */
export function richText(elements, reader) {
  return elements.map((element) => part(element, reader));
}

function part(element, reader) {
  switch (element.type) {
    case "rich_text_list":
      return list(element, reader);
    case "rich_text_quote":
      return el("blockquote", {}, runs(element.elements, reader));
    case "rich_text_preformatted":
      return el("pre", { class: "pre" }, runs(element.elements, reader));
    default:
      return el("div", { class: "rich-section" }, runs(element.elements ?? [], reader));
  }
}

function list(element, reader) {
  const ordered = element.style === "ordered";
  const items = element.elements.map((item) => el("li", {}, runs(item.elements, reader)));
  // Classes, because a style attribute would fall to the content security policy; Slack goes eight deep.
  const depth = Math.min(element.indent ?? 0, 8);
  return el(ordered ? "ol" : "ul", { class: `rich-list depth-${depth}`, start: ordered ? (element.offset ?? 0) + 1 : undefined }, items);
}

function runs(elements, reader) {
  return elements.map((element) => dressed(run(element, reader), element.style ?? {}));
}

function run(element, reader) {
  switch (element.type) {
    case "text":
      return document.createTextNode(element.text);
    case "link":
      return link(element.url, element.text || element.url);
    case "user":
      return userMention(element.user_id, reader);
    case "usergroup":
      return groupMention(element.usergroup_id, reader);
    case "channel":
      return channelMention(element.channel_id, reader);
    case "emoji":
      return emojiNode(element.name) ?? document.createTextNode(fromUnicode(element.unicode) ?? `:${element.name}:`);
    case "broadcast":
      return el("span", { class: "mention mention-me", text: `@${element.range}` });
    case "date":
      return dateNode(element.timestamp, element.format, element.fallback ?? "", reader, element.url ?? "");
    case "color":
      return swatch(element.value);
    default:
      return document.createTextNode(element.text ?? "");
  }
}

function fromUnicode(code) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(code ?? "")) return null;
  const points = code.split("-").map((each) => parseInt(each, 16));
  return points.every((point) => point <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

function swatch(value) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) box.style.backgroundColor = value;
  return el("span", {}, box, value);
}

const DRESS = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];

function dressed(node, style) {
  return DRESS.reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), node);
}
