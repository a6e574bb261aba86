/**
 * A box to type in with a list of choices under it: every select of Block Kit, for one choice or many. Follows the
 * combobox pattern: the focus stays in the box, arrow keys move through the list.
 */

import { el, fill, freshId, icon } from "./dom.js";
import { openPopup } from "./popup.js";

/**
 * @typedef {{value: string, label: string, detail?: string, raw: any}} Option
 * @typedef {{label: string|null, options: Option[]}} Group
 * @typedef {object} Setup
 * @property {(query: string) => Group[]|Promise<Group[]>} source
 * @property {Option[]} chosen
 * @property {(chosen: Option[]) => void} onChoose
 * @property {boolean} multiple
 * @property {boolean} clearable one choice may be taken back by emptying the box
 * @property {number} [most]
 * @property {number} [least] letters to type before the source is asked
 * @property {string} placeholder
 * @property {string|null} label null: the caller labels the box
 * @property {import("./i18n.js").Words} words
 */

const SEARCH_PAUSE_MS = 150;

/**
 * @param {Setup} setup
 * @returns {{node: HTMLElement, box: HTMLInputElement}}
 */
export function choice(setup) {
  const made = new Choice(setup);
  return { node: made.node, box: made.box };
}

class Choice {
  #setup;
  #chosen;
  #options = [];
  #active = -1;
  #close = null;
  #list;
  #asked = 0;
  #timer = 0;
  #chips;

  constructor(setup) {
    this.#setup = setup;
    this.#chosen = [...setup.chosen];
    const id = freshId("choices");
    this.#list = el("div", { class: "popup listbox", id, role: "listbox", popover: "manual", "aria-multiselectable": setup.multiple || undefined, "aria-label": setup.label ?? setup.placeholder });
    this.box = el("input", {
      type: "text", class: "choice-box", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id,
      "aria-label": setup.label, placeholder: setup.placeholder,
      on: { click: () => this.#open(""), input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#left() },
    });
    this.#chips = el("span", { class: "chips" });
    this.node = el("div", { class: "choice" }, setup.multiple && this.#chips, this.box, icon("down"));
    this.#show();
  }

  #show() {
    if (!this.#setup.multiple) {
      this.box.value = this.#chosen[0]?.label ?? "";
      return;
    }
    this.box.value = "";
    fill(this.#chips, this.#chosen.map((option) => this.#chip(option)));
  }

  #chip(option) {
    const label = this.#setup.words.say("remove", { name: option.label });
    const remove = () => {
      this.#set(this.#chosen.filter((each) => each.value !== option.value));
      this.box.focus();
    };
    return el("span", { class: "chip", data: { value: option.value } }, option.label, el("button", { type: "button", class: "chip-remove", "aria-label": label, on: { click: remove } }, icon("close")));
  }

  #set(chosen) {
    this.#chosen = chosen;
    this.#show();
    this.#setup.onChoose([...chosen]);
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(this.box.value.trim()), SEARCH_PAUSE_MS);
  }

  async #open(query) {
    const { words, least = 0, source } = this.#setup;
    if (!this.#close) {
      this.box.setAttribute("aria-expanded", "true");
      this.#close = openPopup(this.#list, this.node, () => this.#closed(), { wide: true });
    }
    this.#asked += 1;
    const turn = this.#asked;
    if (query.length < least) return this.#note(words.say("type_more", { n: least }));
    const found = source(query);
    if (found instanceof Promise) this.#note(words.say("searching"));
    const groups = await found;
    // A slow answer must not overwrite that to a later question, nor fill a list already closed.
    if (turn === this.#asked && this.#close) this.#fill(groups);
  }

  #note(sentence) {
    this.#options = [];
    this.#active = -1;
    this.box.removeAttribute("aria-activedescendant");
    fill(this.#list, el("p", { class: "popup-note", role: "status", text: sentence }));
  }

  #fill(groups) {
    const parts = [];
    this.#options = [];
    for (const group of groups) {
      if (!group.options.length) continue;
      const rows = group.options.map((option) => this.#row(option));
      if (group.label) parts.push(el("div", { role: "group", "aria-label": group.label }, el("div", { class: "group-label", text: group.label }), rows));
      else parts.push(rows);
    }
    if (!this.#options.length) return this.#note(this.#setup.words.say("no_match"));
    fill(this.#list, parts);
    const chosen = this.#options.findIndex(({ option }) => this.#has(option));
    this.#mark(this.#setup.multiple ? 0 : Math.max(chosen, 0));
  }

  #has(option) {
    return this.#chosen.some((each) => each.value === option.value);
  }

  #row(option) {
    const index = this.#options.length;
    const row = el(
      "div",
      {
        role: "option", id: freshId("option"), class: "option", "aria-selected": String(this.#has(option)), data: { value: option.value },
        // Pressing must not take the focus out of the box.
        on: { pointerdown: (event) => event.preventDefault(), click: () => this.#pick(index), pointermove: () => this.#mark(index) },
      },
      el("span", { class: "option-label", text: option.label }),
      option.detail && el("span", { class: "detail", text: option.detail }),
      this.#has(option) && icon("check"),
    );
    this.#options.push({ option, row });
    return row;
  }

  #mark(index) {
    this.#options[this.#active]?.row.classList.remove("active");
    this.#active = index;
    const row = this.#options[index]?.row;
    if (!row) return;
    row.classList.add("active");
    row.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", row.id);
  }

  #pick(index) {
    const { multiple, most = Infinity, words } = this.#setup;
    const { option } = this.#options[index];
    if (multiple && !this.#has(option) && this.#chosen.length >= most) return this.#note(words.say("at_most", { n: most }));
    this.#close?.();
    if (!multiple) return this.#set([option]);
    this.#set(this.#has(option) ? this.#chosen.filter((each) => each.value !== option.value) : [...this.#chosen, option]);
    // Whoever may choose many goes on choosing; the chips have moved the box, so the list is opened anew.
    return this.#open("");
  }

  #key(event) {
    const { key } = event;
    if (key === "Tab") return this.#close?.();
    if (key === "Backspace" && this.#setup.multiple && !this.box.value && this.#chosen.length) return this.#set(this.#chosen.slice(0, -1));
    if (key === "Escape" && this.#close) {
      event.stopPropagation();
      event.preventDefault();
      this.#close();
      return this.#show();
    }
    if (key === "Enter") {
      // Enter chooses; it never submits the form around.
      event.preventDefault();
      if (this.#close && this.#active >= 0) this.#pick(this.#active);
      else this.#open("");
      return undefined;
    }
    if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
    event.preventDefault();
    if (!this.#close) return this.#open("");
    const last = this.#options.length - 1;
    const next = this.#active + (key === "ArrowDown" ? 1 : -1);
    return this.#mark(next > last ? 0 : next < 0 ? last : next);
  }

  #left() {
    clearTimeout(this.#timer);
    this.#close?.();
    const emptied = !this.#setup.multiple && this.#setup.clearable && !this.box.value.trim() && this.#chosen.length > 0;
    if (emptied) this.#set([]);
    else this.#show();
  }

  #closed() {
    this.#close = null;
    this.#asked += 1;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }
}

/**
 * Choices that are all known, narrowed down by what was typed.
 *
 * @param {Group[]} groups
 * @param {string} query
 * @returns {Group[]}
 */
export function matching(groups, query) {
  const wanted = query.toLowerCase();
  return groups.map(({ label, options }) => ({ label, options: options.filter((option) => `${option.label} ${option.detail ?? ""}`.toLowerCase().includes(wanted)) }));
}
