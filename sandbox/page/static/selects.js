/** The select menus of Block Kit: static, external, users, conversations, channels; one choice or many. */

import { choice, matching } from "./choice.js";
import { plainText } from "./text.js";

/** @typedef {import("./elements.js").Host} Host */
/** @typedef {import("./choice.js").Option} Option */

/**
 * @param {any} element
 * @param {any} block
 * @param {Host} host
 * @param {(value: any) => void} choose told the new value: a value, a list, or null
 * @param {string|null} label null inside an input block, whose label labels the box
 * @returns {{node: HTMLElement, box: HTMLElement}}
 */
export function drawSelect(element, block, host, choose, label) {
  const multiple = element.type.startsWith("multi_");
  const kind = element.type.replace(/^multi_/, "");
  const { source, find, value } = KINDS[kind](element, block, host);
  const held = host.valueOf(block, element);
  const chosen = (multiple ? (held ?? []) : held === null || held === undefined ? [] : [held]).map(find).filter(Boolean);
  const words = host.reader.words;
  return choice({
    source,
    chosen,
    multiple,
    words,
    label,
    clearable: block.type === "input" && block.optional === true,
    most: element.max_selected_items,
    least: kind === "external_select" ? (element.min_query_length ?? 3) : 0,
    placeholder: plainText(element.placeholder) || words.say(multiple ? "choose_many" : "choose"),
    onChoose: (options) => choose(multiple ? options.map(value) : options.length ? value(options[0]) : null),
  });
}

const KINDS = {
  static_select: (element) => listed(optionGroups(element), (option) => option.value),
  users_select: (element, _block, { reader }) => listed(people(reader), (option) => option.value),
  channels_select: (element, _block, { reader }) => listed(channels(reader, ["public_channel"]), (option) => option.value),
  conversations_select: (element, _block, { reader }) => listed(conversations(element, reader), (option) => option.value),
  external_select: (element, block, host) => ({
    source: async (query) => optionGroups((await host.options(block, element, query)) ?? {}),
    find: asOption,
    value: (option) => option.raw,
  }),
};

function listed(groups, value) {
  const all = groups.flatMap((group) => group.options);
  return { source: (query) => matching(groups, query), find: (held) => all.find((option) => option.value === held), value };
}

function optionGroups(holder) {
  if (holder.option_groups?.length) return holder.option_groups.map((group) => ({ label: plainText(group.label), options: group.options.map(asOption) }));
  return [{ label: null, options: (holder.options ?? []).map(asOption) }];
}

/** @returns {Option} */
function asOption(raw) {
  return { value: raw.value, label: plainText(raw.text), detail: plainText(raw.description), raw };
}

function people(reader) {
  const shown = [...reader.store.people.values()].filter((person) => !person.deleted);
  return [{ label: null, options: shown.map((person) => ({ value: person.id, label: person.name, detail: person.title, raw: person.id })) }];
}

function channels(reader, kinds) {
  const shown = [...reader.store.channels.values()].filter((channel) => kinds.includes(channel.kind) && !channel.archived);
  return [{ label: null, options: shown.map((channel) => ({ value: channel.id, label: reader.channelName(channel.id), raw: channel.id })) }];
}

const INCLUDED = { public: "public_channel", private: "private_channel", im: "im" };

function conversations(element, reader) {
  const include = element.filter?.include?.map((each) => INCLUDED[each]) ?? Object.values(INCLUDED);
  return channels(reader, include);
}
