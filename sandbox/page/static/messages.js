/** A list of messages, drawn piece by piece: only what changed is drawn anew, so that hundreds stay smooth. */

import { drawBlock } from "./blocks.js";
import { el, fill, iconButton } from "./dom.js";
import { drawFiles } from "./files.js";
import { withMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { messageHost } from "./surface.js";

// Nearer to the end than this, a reader is taken along when something new comes.
const NEAR_END_PX = 80;

/**
 * @typedef {object} Around what a list needs of the rest of the page
 * @property {import("./store.js").Store} store
 * @property {import("./acts.js").Acts} acts
 * @property {() => import("./reader.js").Reader} reader
 * @property {import("./i18n.js").Words} words
 * @property {(channel: string, ts: string) => void} openThread
 * @property {(sentence: string) => void} tell
 */

/** One log of messages, oldest first. */
export class MessageList {
  #around;
  #drawn = new Map();
  #inThread;
  #scroller = null;
  #follows = true;

  /** @param {Around} around @param {{label: string, inThread?: boolean}} how */
  constructor(around, { label, inThread = false }) {
    this.#around = around;
    this.#inThread = inThread;
    this.node = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": label, tabindex: "0" });
  }

  /** @param {HTMLElement} scroller what scrolls: it stays at the end while the reader is there */
  scrollsIn(scroller) {
    this.#scroller = scroller;
    // The heights of messages that were never on the screen are guesses: the end moves when one is drawn.
    scroller.addEventListener("scroll", () => (this.#follows = this.#isAtEnd()), { passive: true });
    new ResizeObserver(() => this.#follows && this.toEnd()).observe(this.node);
  }

  /** @param {import("./store.js").Message[]} messages */
  show(messages) {
    const wanted = new Set(messages.map((message) => message.ts));
    for (const [ts, drawn] of this.#drawn) {
      if (wanted.has(ts)) continue;
      drawn.node.remove();
      this.#drawn.delete(ts);
    }
    let before = null;
    for (const message of messages) {
      const node = this.#drawnOf(message);
      const place = before ? before.nextSibling : this.node.firstChild;
      if (place !== node) this.node.insertBefore(node, place);
      before = node;
    }
    if (this.#follows) this.toEnd();
  }

  toEnd() {
    this.#follows = true;
    if (this.#scroller) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #isAtEnd() {
    const box = this.#scroller;
    return !box || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
  }

  #drawnOf(message) {
    const replies = this.#inThread ? [] : this.#around.store.replies(message.channel, message.ts);
    // The store keeps one object for each version of a message: another object is another version.
    const known = this.#drawn.get(message.ts);
    const newest = replies.at(-1)?.ts ?? "";
    if (known && known.message === message && known.replies === replies.length && known.newest === newest) return known.node;
    const node = this.#draw(message, replies);
    if (known) {
      const focused = known.node.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
      known.node.replaceWith(node);
      if (focused) (node.querySelector(`[data-action-id="${CSS.escape(focused)}"]`) ?? node).focus();
    }
    this.#drawn.set(message.ts, { message, node, replies: replies.length, newest });
    return node;
  }

  #draw(message, replies) {
    const reader = this.#around.reader();
    const { words } = this.#around;
    const seconds = Number(message.ts.split(".")[0]);
    const when = reader.calendar.pattern(seconds, "{time}", "");
    const name = message.bot ? message.username || reader.store.app.name : reader.userName(message.user ?? "");
    const host = messageHost(message, reader, this.#around.acts);
    const body = el("div", { class: "message-body" });
    if (message.blocks?.length) body.append(...message.blocks.map((block) => drawBlock(block, host)));
    else if (message.text) body.append(el("div", { class: "text" }, mrkdwn(message.text, reader)));
    if (message.files?.length) body.append(drawFiles(message.files, reader));
    return el(
      "article",
      {
        class: `message${message.ephemeral ? " message-ephemeral" : ""}`,
        tabindex: "-1",
        "aria-label": words.say("message_by", { name, when }),
        data: { channel: message.channel, ts: message.ts },
      },
      el("div", { class: `face face-${faceOf(name)}`, "aria-hidden": "true", text: [...name][0] ?? "?" }),
      el(
        "div",
        { class: "message-main" },
        message.ephemeral && el("p", { class: "only-you", text: words.say("only_you") }),
        el(
          "header",
          { class: "message-head" },
          el("strong", { text: name }),
          message.bot && el("span", { class: "app-mark", text: words.say("app_mark") }),
          el("time", { class: "detail", datetime: new Date(seconds * 1000).toISOString(), text: when }),
          message.edited && el("span", { class: "detail", text: words.say("edited") }),
        ),
        body,
        replies.length > 0 && this.#threadLink(message, replies),
      ),
      !message.ephemeral && this.#tools(message),
    );
  }

  #threadLink(message, replies) {
    const { words, openThread } = this.#around;
    const last = this.#around.reader().calendar.pattern(Number(replies.at(-1).ts.split(".")[0]), "{time}", "");
    return el(
      "button",
      { type: "button", class: "thread-link", on: { click: () => openThread(message.channel, message.ts) } },
      el("span", { text: words.count("replies", replies.length) }),
      el("span", { class: "detail", text: words.say("last_reply", { when: last }) }),
    );
  }

  #tools(message) {
    const { words, acts, store, openThread, tell } = this.#around;
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
    const reply = iconButton("reply", words.say("reply_in_thread"), () => openThread(message.channel, message.thread_ts || message.ts));
    return el("div", { class: "message-tools" }, !this.#inThread && reply, more);
  }
}

// One of six colours, the same for one name for ever.
function faceOf(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
export function emptyNote(node, text) {
  fill(node, el("p", { class: "empty", text }));
}
