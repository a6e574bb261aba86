/** The middle of the page: a channel, or the app's two tabs; and beside it the open thread. */

import { makeComposer } from "./composer.js";
import { el, fill, iconButton } from "./dom.js";
import { makeHome } from "./home.js";
import { MessageList } from "./messages.js";

/** What is drawn of one place; drawn anew only when the place, or what it says of itself, has changed. */
export class Room {
  #around;
  #drawn = "";
  #drawnThread = "";
  #list = null;
  #home = null;
  #thread = null;

  /** @param {any} around the page's parts, as `main.js` makes them */
  constructor(around) {
    this.#around = around;
    this.middle = el("main", { class: "middle" });
    this.side = el("aside", { class: "side", id: "thread", hidden: true, "aria-label": around.words.say("thread") });
    this.side.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.#closeThread();
    });
  }

  /** @param {import("./store.js").Channel|null} channel */
  draw(channel) {
    const { place, reader } = this.#around;
    const isHome = channel?.kind === "im" && place.now.tab === "home";
    const sign = JSON.stringify([channel && [channel, reader().channelName(channel.id)], isHome]);
    if (sign !== this.#drawn) {
      this.#drawn = sign;
      this.#list?.end();
      this.#list = this.#home = null;
      if (!isHome) this.#around.kept.home = "";
      if (!channel) fill(this.middle, el("p", { class: "empty", text: this.#around.words.say("no_channels") }));
      else if (isHome) this.#drawHome(channel);
      else this.#drawChannel(channel);
    }
    this.#drawThread(channel);
    this.news(channel);
  }

  /**
   * Messages or the Home tab changed.
   *
   * @param {import("./store.js").Channel|null} channel
   */
  news(channel) {
    const { store, place } = this.#around;
    this.#home?.draw();
    if (!channel) return;
    this.#list?.show(store.roots(channel.id), store.replyCounts(channel.id));
    if (!this.#thread) return;
    const parent = store.message(channel.id, this.#thread.ts);
    if (parent) this.#thread.list.show([parent, ...store.replies(channel.id, this.#thread.ts)]);
    else place.go({ thread: "" });
  }

  /** What this person has just written is always in sight. @param {boolean} inThread */
  toEnd(inThread) {
    (inThread ? this.#thread?.list : this.#list)?.toEnd();
  }

  /** It will not be shown again. */
  end() {
    this.#list?.end();
    this.#thread?.list.end();
  }

  #drawHome(channel) {
    this.#home = makeHome(this.#around);
    fill(this.middle, this.#head(channel), el("div", { class: "scroller" }, this.#home.node));
    // However one comes to the tab, by click, link or reload, the app hears of it once; and again when the person's
    // language changed, as Slack's own client then starts anew.
    const { store, kept, acts } = this.#around;
    const opened = `${store.me.id} ${store.me.locale}`;
    if (kept.home !== opened) acts.home();
    kept.home = opened;
  }

  #drawChannel(channel) {
    const { words, reader } = this.#around;
    const name = reader().channelName(channel.id);
    const beginning = words.say(channel.kind === "im" ? "start_of_app" : "start_of_channel", { channel: name });
    this.#list = new MessageList(this.#around, { label: words.say("log_of", { channel: name }), beginning });
    fill(this.middle, this.#head(channel), this.#list.node, this.#writing(channel, name));
  }

  #head(channel) {
    const name = this.#around.reader().channelName(channel.id);
    const tabs = channel.kind === "im" && el("div", { class: "tabs", role: "group", "aria-label": name }, ["messages", "home"].map((tab) => this.#tab(tab)));
    return el("header", { class: "room-head" }, el("h2", { text: name }), tabs);
  }

  #tab(tab) {
    const { place, words } = this.#around;
    const current = (place.now.tab || "messages") === tab;
    const open = () => {
      place.go({ tab: tab === "home" ? "home" : "", thread: "" });
      // The button pressed was drawn anew.
      this.middle.querySelector(`[data-tab=${tab}]`)?.focus();
    };
    return el("button", { type: "button", class: "tab", "aria-pressed": String(current), text: words.say(`${tab}_tab`), data: { tab }, on: { click: open } });
  }

  #writing(channel, name) {
    const { words } = this.#around;
    if (channel.archived) return el("p", { class: "closed", text: words.say("archived") });
    if (!channel.member && channel.kind !== "im") return el("p", { class: "closed", text: words.say("not_member") });
    return makeComposer({ ...this.#around, label: words.say("write_to", { channel: name }), channel: channel.id, id: "composer" });
  }

  #drawThread(channel) {
    const { store, place, words } = this.#around;
    const ts = channel && store.message(channel.id, place.now.thread) ? place.now.thread : "";
    const sign = ts && `${channel.id}/${ts}`;
    if (sign === this.#drawnThread) return;
    this.#drawnThread = sign;
    this.#thread?.list.end();
    this.#thread = null;
    this.side.hidden = !ts;
    if (!ts) {
      fill(this.side);
      return;
    }
    const list = new MessageList(this.#around, { label: words.say("thread_log"), inThread: true });
    const title = el("h2", {}, words.say("thread"), " ", el("span", { class: "detail", text: this.#around.reader().channelName(channel.id) }));
    const composer = channel.member && !channel.archived && makeComposer({ ...this.#around, label: words.say("write_reply"), channel: channel.id, threadTs: ts, id: "thread-composer" });
    this.#thread = { list, ts };
    fill(this.side, el("header", { class: "room-head" }, title, iconButton("close", words.say("close_thread"), () => this.#closeThread())), list.node, composer);
    if (composer) requestAnimationFrame(() => document.getElementById("thread-composer")?.focus());
  }

  #closeThread() {
    const { ts } = this.#thread;
    this.#around.place.go({ thread: "" });
    this.#list?.focus(ts);
  }
}
