/** Puts the page together, and takes each piece of news to the part that shows it. */

import { Acts } from "./acts.js";
import { makeComposer } from "./composer.js";
import { el, fill, iconButton } from "./dom.js";
import { makeHome } from "./home.js";
import { Words } from "./i18n.js";
import { Live } from "./live.js";
import { MessageList } from "./messages.js";
import { makeModals } from "./modal.js";
import { Place } from "./place.js";
import { Reader } from "./reader.js";
import { makeSidebar } from "./sidebar.js";
import { byTs, isReply, Store } from "./store.js";
import { makeToasts } from "./toasts.js";
import { makeWorld } from "./world.js";

const store = new Store();
const words = new Words();
const place = new Place();
const live = new Live(store);
/** @type {Map<string, string>} channel → ts of the newest message that was seen there */
const seen = new Map();
let reader = new Reader(store, words, openChannel);
let parts = null;

start();

function start() {
  build();
  words.addEventListener("change", () => {
    reader = new Reader(store, words, openChannel);
    build();
    drawAll();
  });
  place.addEventListener("move", (event) => {
    if (event.detail.person !== place.now.person) live.open(place.now.person);
    else drawAll();
  });
  store.addEventListener("hello", () => {
    reader = new Reader(store, words, openChannel);
    seen.clear();
    for (const channel of store.channels.keys()) seen.set(channel, newestIn(channel));
    if (place.now.person !== store.me.id) place.go({ person: store.me.id }, { replace: true });
    build();
    drawAll();
  });
  store.addEventListener("message", (event) => onMessage(event.detail));
  store.addEventListener("modals", () => parts.modals.draw());
  store.addEventListener("home", () => parts.home?.draw());
  for (const kind of ["channels", "people"]) store.addEventListener(kind, drawAll);
  store.addEventListener("connection", () => parts.sidebar.draw());
  for (const kind of ["money", "faults", "audit"]) store.addEventListener(kind, () => parts.world.news(kind));
  live.open(place.now.person);
}

function build() {
  document.querySelector("dialog.modal")?.remove();
  const toasts = makeToasts(words);
  const acts = new Acts(() => store.me?.id ?? place.now.person, toasts.refused);
  const around = { store, acts, words, place, reader: () => reader, unread, tell: toasts.show, openThread, useLanguage: (language) => useLanguage(acts, language) };
  const sidebar = makeSidebar(around);
  const world = makeWorld(around);
  const middle = el("main", { class: "middle" });
  const side = el("section", { class: "side", hidden: true });
  document.title = words.say("title");
  fill(
    document.getElementById("app"),
    el("a", { class: "skip", href: "#composer", text: words.say("skip"), on: { click: (event) => (event.preventDefault(), document.getElementById("composer")?.focus()) } }),
    sidebar.node,
    middle,
    side,
    world.node,
    toasts.node,
  );
  parts = { around, sidebar, world, middle, side, modals: makeModals(around), home: null, list: null, thread: null };
}

function drawAll() {
  if (!store.me) return;
  const channel = currentChannel();
  if (channel && place.now.channel !== channel.id) {
    place.go({ channel: channel.id }, { replace: true });
    return;
  }
  if (channel) seen.set(channel.id, newestIn(channel.id));
  parts.sidebar.draw();
  drawMiddle(channel);
  drawThread(channel);
  parts.world.draw();
  parts.modals.draw();
}

function drawMiddle(channel) {
  parts.home = parts.list = null;
  if (!channel) {
    fill(parts.middle, el("p", { class: "empty", text: words.say("no_channels") }));
    return;
  }
  const name = reader.channelName(channel.id);
  const isApp = channel.kind === "im";
  const tabs = isApp && el("div", { class: "tabs", role: "group", "aria-label": name }, ["messages", "home"].map(tabButton));
  const head = el("header", { class: "room-head" }, el("h2", { text: name }), tabs);
  if (isApp && place.now.tab === "home") {
    parts.home = makeHome(parts.around);
    fill(parts.middle, head, el("div", { class: "scroller" }, parts.home.node));
    parts.home.draw();
    return;
  }
  const list = new MessageList(parts.around, { label: words.say("log_of", { channel: name }) });
  const beginning = el("p", { class: "beginning", text: words.say(isApp ? "start_of_app" : "start_of_channel", { channel: name }) });
  const scroller = el("div", { class: "scroller" }, beginning, list.node);
  list.scrollsIn(scroller);
  parts.list = list;
  fill(parts.middle, head, scroller, writing(channel, name));
  list.show(store.roots(channel.id));
  list.toEnd();
}

function tabButton(tab) {
  const current = (place.now.tab || "messages") === tab;
  return el("button", {
    type: "button", class: "tab", "aria-pressed": String(current), text: words.say(`${tab}_tab`), data: { tab },
    on: {
      click: () => {
        place.go({ tab: tab === "home" ? "home" : "", thread: "" });
        if (tab === "home") parts.around.acts.home();
      },
    },
  });
}

function writing(channel, name) {
  if (channel.archived) return el("p", { class: "closed", text: words.say("archived") });
  if (!channel.member && channel.kind !== "im") return el("p", { class: "closed", text: words.say("not_member") });
  return makeComposer({ ...parts.around, label: words.say("write_to", { channel: name }), channel: channel.id, id: "composer" });
}

function drawThread(channel) {
  const ts = place.now.thread;
  const parent = ts && channel ? store.message(channel.id, ts) : null;
  parts.thread = null;
  parts.side.hidden = !parent;
  if (!parent) {
    fill(parts.side);
    return;
  }
  const list = new MessageList(parts.around, { label: words.say("thread_log"), inThread: true });
  const scroller = el("div", { class: "scroller" }, list.node);
  list.scrollsIn(scroller);
  parts.thread = { list, ts };
  fill(
    parts.side,
    el("header", { class: "room-head" }, el("h2", { text: words.say("thread") }), iconButton("close", words.say("close_thread"), () => place.go({ thread: "" }))),
    scroller,
    makeComposer({ ...parts.around, label: words.say("write_reply"), channel: channel.id, threadTs: ts }),
  );
  list.show([parent, ...store.replies(channel.id, ts)]);
  list.toEnd();
}

function onMessage(message) {
  const channel = currentChannel();
  if (channel?.id === message.channel) {
    if (document.visibilityState === "visible") seen.set(channel.id, newestIn(channel.id));
    parts.list?.show(store.roots(channel.id));
    if (parts.thread) {
      const parent = store.message(channel.id, parts.thread.ts);
      if (parent) parts.thread.list.show([parent, ...store.replies(channel.id, parts.thread.ts)]);
      else place.go({ thread: "" });
    }
  }
  parts.sidebar.draw();
}

function currentChannel() {
  const named = store.channels.get(place.now.channel);
  return named ?? [...store.channels.values()].find((channel) => channel.member || channel.kind === "im") ?? null;
}

function unread(channel) {
  const last = seen.get(channel) ?? "0.0";
  const own = store.me?.id;
  return [...(store.messages.get(channel)?.values() ?? [])].filter((message) => !isReply(message) && message.user !== own && byTs(message.ts, last) > 0).length;
}

function newestIn(channel) {
  return [...(store.messages.get(channel)?.keys() ?? [])].reduce((newest, ts) => (byTs(ts, newest) > 0 ? ts : newest), "0.0");
}

function openChannel(channel) {
  place.go({ channel, thread: "", tab: "" });
}

function openThread(_channel, ts) {
  place.go({ thread: ts });
}

function useLanguage(acts, language) {
  words.use(language);
  // The person's Slack locale goes along: the app then speaks to them in it.
  acts.locale(words.tag);
}
