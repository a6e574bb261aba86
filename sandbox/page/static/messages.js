/**
 * A list of messages, drawn piece by piece: only what changed is drawn anew, so that hundreds stay smooth. It stays at
 * its end unless the reader scrolled up.
 */

import { el, icon } from "./dom.js";
import { drawMessage } from "./message.js";
import { focusAction } from "./view_body.js";

/** @typedef {import("./store.js").Message} Message */

// Nearer to the end than this, a reader is taken along when something new comes.
const NEAR_END_PX = 80;
// Messages of one author within five minutes share one head.
const TOGETHER_S = 300;
const NO_REPLIES = { count: 0, last: "" };

/** One log of messages, oldest first. */
export class MessageList {
  #around;
  #inThread;
  /** @type {Map<string, {message: Message, article: HTMLElement, row: HTMLElement, count: number, last: string, day: string}>} */
  #drawn = new Map();
  #order = [];
  #scroller;
  #newest;
  #follows = true;
  #grown;

  /**
   * @param {import("./message.js").Around} around
   * @param {{label: string, beginning?: string, inThread?: boolean}} how
   */
  constructor(around, { label, beginning = "", inThread = false }) {
    const { words } = around;
    this.#around = around;
    this.#inThread = inThread;
    this.log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": label, tabindex: "0" });
    this.#scroller = el("div", { class: "scroller" }, beginning && el("p", { class: "beginning", text: beginning }), this.log);
    this.#newest = el("button", { type: "button", class: "newest", hidden: true, on: { click: () => this.toEnd() } }, icon("down"), words.say("newest"));
    this.node = el("div", { class: "log-frame" }, this.#scroller, this.#newest);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.log.addEventListener("keydown", (event) => this.#walk(event));
    // The heights of messages that were never on the screen are guesses: the end moves when one is drawn.
    this.#grown = new ResizeObserver(() => this.#follows && this.toEnd());
    this.#grown.observe(this.log);
    this.#grown.observe(this.#scroller);
  }

  /**
   * @param {Message[]} messages all that shall stand there, oldest first
   * @param {Map<string, {count: number, last: string}>} [replies] by parent
   */
  show(messages, replies = new Map()) {
    const wanted = new Set(messages.map((message) => message.ts));
    for (const [ts, { row }] of this.#drawn) {
      if (wanted.has(ts)) continue;
      row.remove();
      this.#drawn.delete(ts);
    }
    const newestBefore = this.#order.at(-1);
    this.#order = messages.map((message) => message.ts);
    let before = null;
    let earlier = null;
    for (const message of messages) {
      const drawn = this.#drawnOf(message, replies.get(message.ts) ?? NO_REPLIES);
      const place = before ? before.nextSibling : this.log.firstChild;
      // Moving a node takes the focus out of it, so only what stands wrong is moved.
      if (place !== drawn.row) this.log.insertBefore(drawn.row, place);
      this.#join(drawn, earlier);
      before = drawn.row;
      earlier = message;
    }
    this.#keepOneReachable();
    if (this.#follows) this.toEnd();
    else if (newestBefore !== this.#order.at(-1)) this.#newest.hidden = false;
  }

  toEnd() {
    this.#follows = true;
    this.#newest.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** @param {string} ts */
  focus(ts) {
    this.#drawn.get(ts)?.article.focus();
  }

  /** It will not be shown again. */
  end() {
    this.#grown.disconnect();
  }

  #drawnOf(message, { count, last }) {
    const known = this.#drawn.get(message.ts);
    // The store keeps one object for each version of a message: another object is another version.
    if (known && known.message === message && known.count === count && known.last === last) return known;
    const article = drawMessage(this.#around, message, { count, last }, this.#inThread);
    if (known) replaceKeepingFocus(known.article, article);
    const row = known?.row ?? el("div", { class: "row" }, article);
    const drawn = { message, article, row, count, last, day: known?.day ?? "" };
    this.#drawn.set(message.ts, drawn);
    return drawn;
  }

  // A line above the first message of a day; no second head under one author within minutes.
  #join(drawn, earlier) {
    const { calendar } = this.#around.reader();
    const { message } = drawn;
    const newDay = !this.#inThread && (!earlier || calendar.dayKey(earlier.ts) !== calendar.dayKey(message.ts));
    const day = newDay ? calendar.day(message.ts) : "";
    if (day !== drawn.day) {
      drawn.row.querySelector(":scope > .day")?.remove();
      if (day) drawn.row.prepend(el("div", { class: "day" }, el("span", { text: day })));
      drawn.day = day;
    }
    drawn.article.classList.toggle("continued", !newDay && together(earlier, message));
  }

  // Tab reaches one message, arrows the others: five hundred stops would be a wall.
  #keepOneReachable() {
    const reachable = this.log.querySelector("article[tabindex='0']");
    if (reachable && reachable === document.activeElement) return;
    if (reachable) reachable.tabIndex = -1;
    const last = this.#drawn.get(this.#order.at(-1));
    if (last) last.article.tabIndex = 0;
  }

  #walk(event) {
    if (!event.target.matches("article")) return;
    const at = this.#order.indexOf(event.target.dataset.ts);
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: this.#order.length - 1 }[event.key];
    const target = this.#drawn.get(this.#order[next]);
    if (!target) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    target.article.tabIndex = 0;
    target.article.focus();
  }

  #scrolled() {
    const box = this.#scroller;
    this.#follows = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
    if (this.#follows) this.#newest.hidden = true;
  }
}

function together(earlier, message) {
  if (!earlier || earlier.ephemeral || message.ephemeral || earlier.bot !== message.bot || earlier.user !== message.user) return false;
  return Number(message.ts) - Number(earlier.ts) < TOGETHER_S;
}

function replaceKeepingFocus(old, article) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const actionId = focused?.closest("[data-action-id]")?.dataset.actionId;
  article.tabIndex = old.tabIndex;
  old.replaceWith(article);
  if (!focused) return;
  if (actionId) focusAction(article, actionId);
  // The button that was pressed may be gone: the reader stays at the message.
  if (!article.contains(document.activeElement)) article.focus({ preventScroll: true });
}
