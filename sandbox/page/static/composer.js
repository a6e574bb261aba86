/** The box to write in: messages, with files, and slash commands with a list of what there is. */

import { el, fill, freshId, icon, iconButton } from "./dom.js";
import { withMenu } from "./menu.js";

/**
 * @typedef {object} Setup
 * @property {import("./store.js").Store} store
 * @property {import("./acts.js").Acts} acts
 * @property {import("./i18n.js").Words} words
 * @property {(sentence: string) => void} tell
 * @property {string} label
 * @property {string} channel
 * @property {string} [threadTs]
 * @property {string} [id]
 * @property {Map<string, string>} drafts what was typed and not sent, by person and place
 */

/** @param {Setup} setup @returns {HTMLElement} */
export function makeComposer(setup) {
  const { store, acts, words, drafts, channel, threadTs } = setup;
  const draft = `${store.me?.id}/${channel}/${threadTs ?? ""}`;
  const listId = freshId("commands");
  const list = el("div", { class: "completion", id: listId, role: "listbox", "aria-label": words.say("commands"), hidden: true });
  const box = el("textarea", {
    class: "composer-box", id: setup.id, rows: "1", placeholder: setup.label, "aria-label": setup.label,
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
  });
  box.value = drafts.get(draft) ?? "";
  let active = 0;

  const found = () => {
    const typed = box.value;
    if (threadTs || !typed.startsWith("/") || typed.includes("\n")) return [];
    return store.commands.filter(({ command }) => command.startsWith(typed) || typed.startsWith(`${command} `));
  };
  const choosable = () => found().filter(({ command }) => !box.value.startsWith(`${command} `));
  const show = () => {
    const hits = found();
    const able = choosable();
    active = Math.min(active, Math.max(able.length - 1, 0));
    fill(list, hits.map((hit) => row(hit, hit === able[active])));
    list.hidden = hits.length === 0;
    drafts.set(draft, box.value);
    box.setAttribute("aria-expanded", String(hits.length > 0));
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  };
  const take = (hit) => {
    box.value = `${hit.command} `;
    show();
    box.focus();
  };
  const row = (hit, isActive) =>
    el(
      "div",
      { role: "option", class: `completion-row${isActive ? " active" : ""}`, "aria-selected": String(isActive), on: { pointerdown: (event) => (event.preventDefault(), take(hit)) } },
      el("strong", { text: hit.command }),
      el("span", { class: "usage", text: hit.usage_hint }),
      el("span", { class: "detail", text: hit.description }),
    );
  const send = async () => {
    const text = box.value.trim();
    if (!text) return;
    if (threadTs && text.startsWith("/")) {
      setup.tell(words.say("command_in_thread", { command: text.split(/\s/)[0] }));
      return;
    }
    box.value = "";
    show();
    const answer = await acts.say(channel, text, threadTs);
    // What was refused is not lost.
    if (answer === null && !box.value) box.value = text;
    // The answer may come when the person looks elsewhere; the list belongs to the box that is being written in.
    if (document.activeElement === box) show();
    else drafts.set(draft, box.value);
  };
  box.addEventListener("input", show);
  const hide = () => {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
  };
  box.addEventListener("blur", hide);
  box.addEventListener("focus", show);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const able = list.hidden ? [] : choosable();
    if (able.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : able.length - 1)) % able.length;
      show();
    } else if (able.length && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey && box.value !== able[active].command) {
      event.preventDefault();
      take(able[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      // It closes the list only, not the thread around.
      event.stopPropagation();
      hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  const chooser = el("input", { type: "file", multiple: true, hidden: true, on: { change: () => attach([...chooser.files]) } });
  // What was typed goes with the files, as in Slack's own client.
  const attach = async (files) => {
    const sent = (await Promise.all(files.map((file) => acts.upload(file)))).filter(Boolean);
    // The same file may be chosen again.
    chooser.value = "";
    if (sent.length === 0) return;
    const text = box.value.trim();
    const answer = await acts.say(channel, text, threadTs, sent.map((each) => each.file_id));
    if (answer !== null && box.value.trim() === text) {
      box.value = "";
      show();
    }
  };
  const clip = iconButton("file", words.say("attach"), () => chooser.click());
  const plus = iconButton("plus", words.say("shortcuts"), () => {});
  withMenu(
    plus,
    words.say("shortcuts"),
    () =>
      store.shortcuts
        .filter((shortcut) => shortcut.type === "global")
        .map((shortcut) => ({ label: shortcut.name, detail: shortcut.description, value: shortcut.callback_id, run: () => acts.shortcut(shortcut.callback_id) })),
    { above: true, empty: words.say("no_global_shortcuts") },
  );
  return el(
    "form",
    { class: "composer", on: { submit: (event) => (event.preventDefault(), send()) } },
    list,
    el(
      "div",
      { class: "composer-row" },
      !threadTs && plus,
      clip,
      chooser,
      box,
      el("button", { type: "submit", class: "send-button", "aria-label": words.say("send"), title: words.say("send") }, icon("send")),
    ),
    !threadTs && el("p", { class: "composer-hint", text: words.say("composer_hint") }),
  );
}
