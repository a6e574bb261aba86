/** One message: who, when, what, and what can be done with it. */

import { drawBlock } from "./blocks.js";
import { el, icon, iconButton } from "./dom.js";
import { drawFiles } from "./files.js";
import { withMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { messageHost } from "./surface.js";

/**
 * @typedef {object} Around what a message needs of the rest of the page
 * @property {import("./store.js").Store} store
 * @property {import("./acts.js").Acts} acts
 * @property {() => import("./reader.js").Reader} reader
 * @property {import("./i18n.js").Words} words
 * @property {Map<string, any>} choices
 * @property {(ts: string) => void} openThread
 * @property {(sentence: string) => void} tell
 */

/**
 * @param {Around} around
 * @param {import("./store.js").Message} message
 * @param {{count: number, last: string}} replies `last`: ts of the newest
 * @param {boolean} inThread a thread's own list offers no thread
 * @returns {HTMLElement}
 */
export function drawMessage(around, message, replies, inThread) {
  const { words, store } = around;
  const reader = around.reader();
  const name = message.bot ? message.username || store.app.name : reader.userName(message.user ?? "");
  const when = reader.calendar.moment(message.ts);
  return el(
    "article",
    {
      class: `message${message.ephemeral ? " message-ephemeral" : ""}`, tabindex: "-1", "aria-label": words.say("message_by", { name, when }),
      data: { channel: message.channel, ts: message.ts, user: message.user },
    },
    el("div", { class: `face face-${faceOf(name)}`, "aria-hidden": "true", text: [...name][0] ?? "?" }),
    el(
      "div",
      { class: "message-main" },
      message.ephemeral && el("p", { class: "only-you" }, icon("eye"), words.say("only_you")),
      el(
        "header",
        { class: "message-head" },
        el("strong", { text: name }),
        message.bot && el("span", { class: "app-mark", text: words.say("app_mark") }),
        el("time", { class: "detail", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: when, text: reader.calendar.time(message.ts) }),
        message.edited && el("span", { class: "detail", text: words.say("edited") }),
      ),
      el("div", { class: "message-body" }, content(around, message, reader), message.files?.length > 0 && drawFiles(message.files, reader)),
      replies.count > 0 && threadLink(around, message, replies),
    ),
    !message.ephemeral && tools(around, message, inThread),
  );
}

function content(around, message, reader) {
  if (!message.blocks?.length) return message.text && el("div", { class: "text" }, mrkdwn(message.text, reader));
  const host = messageHost(message, reader, around.acts, around.choices);
  return message.blocks.map((block) => drawBlock(block, host));
}

function threadLink({ words, reader, openThread }, message, replies) {
  return el(
    "button",
    { type: "button", class: "thread-link", data: { thread: message.ts }, on: { click: () => openThread(message.ts) } },
    el("span", { text: words.count("replies", replies.count) }),
    el("span", { class: "detail", text: words.say("last_reply", { when: reader().calendar.moment(replies.last) }) }),
  );
}

// Invisible until the message is pointed at or focused, which also keeps hundreds of them out of the way of Tab.
function tools({ words, acts, store, openThread, tell }, message, inThread) {
  const more = iconButton("more", words.say("more_actions"), () => {});
  const items = () => [
    ...store.shortcuts
      .filter((shortcut) => shortcut.type === "message")
      .map((shortcut) => ({
        label: shortcut.name,
        detail: store.app.name,
        value: shortcut.callback_id,
        run: () => acts.shortcut(shortcut.callback_id, { channel: message.channel, ts: message.ts }),
      })),
    {
      label: words.say("copy_text"),
      run: async () => {
        await navigator.clipboard.writeText(message.text);
        tell(words.say("copied"));
      },
    },
  ];
  withMenu(more, words.say("more_actions"), items);
  const reply = iconButton("reply", words.say("reply_in_thread"), () => openThread(message.ts));
  return el("div", { class: "message-tools" }, !inThread && reply, more);
}

// One of six colours, the same for one name for ever.
function faceOf(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
}
