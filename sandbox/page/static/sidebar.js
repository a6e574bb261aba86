/** Who you are, and the places you may go. */

import { el, fill, icon } from "./dom.js";

/**
 * @param {{store: import("./store.js").Store, words: import("./i18n.js").Words, place: import("./place.js").Place,
 *   unread: (channel: string) => number, useLanguage: (language: "en"|"zh") => void}} around
 */
export function makeSidebar({ store, words, place, unread, useLanguage }) {
  const node = el("nav", { class: "sidebar", "aria-label": words.say("workspace") });
  return { node, draw };

  function draw() {
    const focused = node.contains(document.activeElement) ? document.activeElement.id : "";
    const channels = [...store.channels.values()];
    const rooms = channels.filter((channel) => channel.kind !== "im");
    const direct = channels.filter((channel) => channel.kind === "im");
    fill(
      node,
      el("h1", { class: "workspace-name", text: words.say("title") }),
      person(),
      el("h2", { text: words.say("channels") }),
      rooms.length ? el("ul", {}, rooms.map(row)) : el("p", { class: "note", text: words.say("no_channels") }),
      direct.length > 0 && [el("h2", { text: words.say("apps") }), el("ul", {}, direct.map(row))],
      el("div", { class: "sidebar-foot" }, language(), el("p", { class: `connection connection-${store.connection}`, role: "status", text: words.say(store.connection) })),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  function person() {
    const label = (each) => {
      const marks = [each.title, each.outsider && words.say("outsider"), each.deleted && words.say("deactivated")].filter(Boolean);
      return marks.length ? `${each.name} (${marks.join(", ")})` : each.name;
    };
    const people = [...store.people.values()].filter((each) => !each.bot);
    const box = el(
      "select",
      { id: "person", class: "person", on: { change: () => place.go({ person: box.value, channel: "", thread: "", tab: "" }) } },
      people.map((each) => el("option", { value: each.id, selected: each.id === store.me?.id, text: label(each) })),
    );
    return el("label", { class: "person-label" }, words.say("you_are"), box);
  }

  function row(channel) {
    const current = channel.id === place.now.channel;
    const n = unread(channel.id);
    const name = channel.kind === "im" ? store.app.name : channel.name;
    const mark = channel.kind === "im" ? el("span", { class: "app-dot", "aria-hidden": "true" }) : icon(channel.kind === "private_channel" ? "lock" : "hash");
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button", id: `go-${channel.id}`, class: `place${current ? " current" : ""}${n ? " unread" : ""}${channel.member && !channel.archived ? "" : " foreign"}`,
          "aria-current": current ? "page" : undefined, data: { place: channel.id },
          on: { click: () => place.go({ channel: channel.id, thread: "", tab: "" }) },
        },
        mark,
        el("span", { text: name }),
        n > 0 && el("span", { class: "badge", "aria-label": words.say("unread", { n }), text: n > 99 ? "99+" : String(n) }),
      ),
    );
  }

  function language() {
    const box = el(
      "select",
      { id: "language", on: { change: () => useLanguage(box.value) } },
      el("option", { value: "en", selected: words.language === "en", text: "English" }),
      el("option", { value: "zh", selected: words.language === "zh", text: "简体中文" }),
    );
    return el("label", { class: "language" }, words.say("language"), box);
  }
}
