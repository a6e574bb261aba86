/** Puts the page together, and takes each piece of news to the part that shows it. */

import { Acts } from "./acts.js";
import { el, fill } from "./dom.js";
import { Words } from "./i18n.js";
import { Live } from "./live.js";
import { Modals } from "./modal.js";
import { Place } from "./place.js";
import { Reader } from "./reader.js";
import { Room } from "./room.js";
import { makeSidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { makeToasts } from "./toasts.js";
import { ReadMarks } from "./unread.js";
import { makeWorld } from "./world.js";

const store = new Store();
const words = new Words();
const place = new Place();
const live = new Live(store);
const marks = new ReadMarks(store);
let reader = new Reader(store, words, openChannel);
let toasts = makeToasts(words);
const acts = new Acts(() => store.me?.id ?? place.now.person, (sentence) => toasts.refused(sentence));
/** What every part may need. Drafts, choices and the open tab outlive a change of the person or the language. */
const around = {
  store, acts, words, place, openThread, useLanguage,
  reader: () => reader,
  unread: (channel) => marks.unread(channel),
  tell: (sentence) => toasts.show(sentence),
  drafts: new Map(),
  choices: new Map(),
  kept: { tab: "money", home: "" },
};
const modals = new Modals(around);
let parts = null;
let drawingIsDue = false;

start();

function start() {
  build();
  words.addEventListener("change", () => {
    build();
    modals.redraw();
  });
  place.addEventListener("move", (event) => {
    if (event.detail.person !== place.now.person) live.open(place.now.person);
    else draw();
  });
  store.addEventListener("hello", () => {
    if (place.now.person !== store.me.id) place.go({ person: store.me.id }, { replace: true });
    build();
    modals.redraw();
  });
  store.addEventListener("people", () => {
    const { locale, zone } = reader.calendar;
    reader = new Reader(store, words, openChannel);
    // Names and titles stand everywhere, and so do dates; but most news is of somebody who joined.
    if (locale !== reader.calendar.locale || zone !== reader.calendar.zone) build();
    else parts.sidebar.draw();
  });
  store.addEventListener("channels", draw);
  store.addEventListener("message", (event) => onMessage(event.detail));
  store.addEventListener("modals", () => modals.draw());
  store.addEventListener("home", () => parts.room.news(currentChannel()));
  store.addEventListener("connection", () => parts.sidebar.draw());
  for (const kind of ["money", "faults", "audit"]) store.addEventListener(kind, () => parts.world.news(kind));
  document.addEventListener("visibilitychange", draw);
  live.open(place.now.person);
}

function build() {
  const focused = document.activeElement?.id;
  parts?.room.end();
  reader = new Reader(store, words, openChannel);
  toasts = makeToasts(words);
  parts = { sidebar: makeSidebar(around), room: new Room(around), world: makeWorld(around) };
  document.title = words.say("title");
  fill(
    document.getElementById("app"),
    el("a", { class: "skip", href: "#composer", text: words.say("skip"), on: { click: (event) => (event.preventDefault(), document.getElementById("composer")?.focus()) } }),
    parts.sidebar.node,
    parts.room.middle,
    parts.room.side,
    parts.world.node,
    toasts.node,
  );
  parts.world.draw();
  draw();
  if (focused) document.getElementById(focused)?.focus();
}

function draw() {
  if (!store.me) {
    parts.sidebar.draw();
    return;
  }
  const channel = currentChannel();
  if (channel && place.now.channel !== channel.id) {
    place.go({ channel: channel.id }, { replace: true });
    return;
  }
  read(channel);
  parts.sidebar.draw();
  parts.room.draw(channel);
}

function onMessage(message) {
  const own = message.channel === place.now.channel && message.user === store.me?.id;
  if (own && !message.edited && !message.deleted) parts.room.toEnd(Boolean(message.thread_ts));
  // However many come in one go, they are drawn once.
  if (drawingIsDue) return;
  drawingIsDue = true;
  requestAnimationFrame(() => {
    drawingIsDue = false;
    const channel = currentChannel();
    read(channel);
    parts.room.news(channel);
    parts.sidebar.draw();
  });
}

function read(channel) {
  if (channel && document.visibilityState === "visible") marks.read(channel.id);
}

function currentChannel() {
  const named = store.channels.get(place.now.channel);
  return named ?? [...store.channels.values()].find((channel) => channel.member || channel.kind === "im") ?? null;
}

function openChannel(channel) {
  place.go({ channel, thread: "", tab: "" });
}

function openThread(ts) {
  place.go({ thread: ts });
}

function useLanguage(language) {
  words.use(language);
  // The person's Slack locale goes along: the app then speaks to them in it.
  acts.locale(words.tag);
}
