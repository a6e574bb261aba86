/**
 * Slack's mrkdwn → DOM nodes. The text is hostile: it is taken apart here and becomes text nodes and a few elements
 * of our own choosing, never markup.
 */

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { safeUrl } from "./reader.js";

/** @typedef {import("./reader.js").Reader} Reader */

// Marks count at word edges only, and Chinese characters are letters: 请*确认*金额 stays as it is.
const edge = (mark) => `(?<![\\p{L}\\p{N}_${mark}])[${mark}](?=\\S)([^${mark}\\n]+?)(?<=\\S)[${mark}](?![\\p{L}\\p{N}_${mark}])`;
const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    edge("*"),
    "(?<![\\p{L}\\p{N}_])_(?=\\S)([^_\\n]+?)(?<=\\S)_(?![\\p{L}\\p{N}_])",
    edge("~"),
    ":([a-z0-9_+'-]+(?:::[a-z0-9-]+)?):",
    "(https?://[^\\s<>|]+[^\\s<>|.,;:!?)\\]}'\"])",
  ].join("|"),
  "gu",
);
const PRE = /```\n?([\s\S]+?)\n?```/g;
const QUOTE = /^(?:&gt;|>)\s?/;
const LONG_QUOTE = /^(?:&gt;|>){3}\s?/;

/**
 * @param {string} text as Slack keeps it, the three characters escaped
 * @param {Reader} reader
 * @param {{verbatim?: boolean}} [how] verbatim: bare addresses are no links
 * @returns {Node[]}
 */
export function mrkdwn(text, reader, { verbatim = false } = {}) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(PRE)) {
    nodes.push(...lines(text.slice(at, match.index), reader, verbatim));
    nodes.push(el("pre", { class: "pre" }, tokensOnly(match[1], reader)));
    at = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(at), reader, verbatim));
  return nodes;
}

/**
 * @param {string} text
 * @returns {string} with `&lt;`, `&gt;` and `&amp;` undone once
 */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function lines(text, reader, verbatim) {
  const nodes = [];
  const trimmed = text.replace(/^\n/, "");
  if (!trimmed) return nodes;
  const all = trimmed.split("\n");
  for (let at = 0; at < all.length; at += 1) {
    const quoted = [];
    if (LONG_QUOTE.test(all[at])) {
      quoted.push(all[at].replace(LONG_QUOTE, ""), ...all.splice(at + 1));
    } else {
      while (at < all.length && QUOTE.test(all[at])) {
        quoted.push(all[at].replace(QUOTE, ""));
        at += 1;
      }
      if (quoted.length) at -= 1;
    }
    if (quoted.length) nodes.push(el("blockquote", {}, inline(quoted.join("\n"), reader, verbatim)));
    else nodes.push(...inline(all[at] + (at < all.length - 1 ? "\n" : ""), reader, verbatim));
  }
  return nodes;
}

function inline(text, reader, verbatim) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const node = styled(match, reader, verbatim);
    if (node === null) continue;
    if (match.index > at) nodes.push(unescape(text.slice(at, match.index)));
    nodes.push(node);
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(unescape(text.slice(at)));
  return nodes;
}

// The groups stand in the order of INLINE. null: it only looked like something.
function styled([, code, angle, bold, italic, strike, name, bare], reader, verbatim) {
  if (code !== undefined) return el("code", {}, tokensOnly(code, reader));
  if (angle !== undefined) return token(angle, reader);
  if (bold !== undefined) return el("strong", {}, inline(bold, reader, verbatim));
  if (italic !== undefined) return el("em", {}, inline(italic, reader, verbatim));
  if (strike !== undefined) return el("s", {}, inline(strike, reader, verbatim));
  if (name !== undefined) return emojiNode(name);
  return verbatim ? null : link(unescape(bare), unescape(bare));
}

// Inside code no mark counts, but Slack still resolves what stands between < and >.
function tokensOnly(text, reader) {
  return text.split(/(<[^<>\n]+>)/).map((part) => (/^<[^<>\n]+>$/.test(part) ? token(part.slice(1, -1), reader) : unescape(part)));
}

/**
 * @param {string} name
 * @returns {Node|null}
 */
export function emojiNode(name) {
  const character = emoji(name);
  return character && el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:`, text: character });
}

function token(inner, reader) {
  const cut = inner.indexOf("|");
  const target = cut < 0 ? inner : inner.slice(0, cut);
  const label = cut < 0 ? "" : unescape(inner.slice(cut + 1));
  if (/^@[UWB][0-9A-Z]+$/.test(target)) return userMention(target.slice(1), reader);
  if (/^#[CGD][0-9A-Z]+$/.test(target)) return channelMention(target.slice(1), reader, label);
  if (target.startsWith("!")) return special(target.slice(1), label, reader);
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return link(unescape(target), label || unescape(target).replace(/^(mailto|tel):/, ""));
  return document.createTextNode(unescape(`<${inner}>`));
}

function special(target, label, reader) {
  const [kind, ...rest] = target.split("^");
  if (kind === "subteam") return groupMention(rest[0] ?? "", reader);
  if (kind === "date") return dateNode(Number(rest[0]), rest[1] ?? "", label, reader, rest.slice(2).join("^"));
  if (["here", "channel", "everyone"].includes(kind)) return el("span", { class: "mention mention-me", text: `@${kind}` });
  return document.createTextNode(label || unescape(`<!${target}>`));
}

/** @param {string} id @param {Reader} reader @returns {Node} */
export function userMention(id, reader) {
  return el("span", { class: id === reader.id ? "mention mention-me" : "mention", text: `@${reader.userName(id)}` });
}

/** @param {string} id @param {Reader} reader @returns {Node} */
export function groupMention(id, reader) {
  return el("span", { class: "mention", text: `@${reader.groupHandle(id)}` });
}

/** @param {string} id @param {Reader} reader @param {string} [label] @returns {Node} */
export function channelMention(id, reader, label = "") {
  if (!reader.store.channels.has(id)) return el("span", { class: "mention", text: label ? `#${label}` : reader.channelName(id) });
  return el("button", { type: "button", class: "mention mention-link", text: reader.channelName(id), on: { click: () => reader.openChannel(id) } });
}

/** @param {number} seconds @param {string} pattern @param {string} fallback @param {Reader} reader @param {string} [url] @returns {Node} */
export function dateNode(seconds, pattern, fallback, reader, url = "") {
  const shown = reader.calendar.pattern(seconds, pattern, fallback);
  const valid = Number.isFinite(seconds) && Math.abs(seconds) <= 8.64e12;
  const time = el("time", { datetime: valid ? new Date(seconds * 1000).toISOString() : undefined, title: fallback, text: shown });
  return safeUrl(url) ? link(url, time) : time;
}

/**
 * A link that cannot reach back into this page; what is not http or https stays text.
 *
 * @param {string} url
 * @param {string|Node} label
 * @returns {Node}
 */
export function link(url, label) {
  const safe = safeUrl(url);
  if (!safe) return el("span", {}, label);
  return el("a", { href: safe, target: "_blank", rel: "noopener noreferrer nofollow" }, label);
}
