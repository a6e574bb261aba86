/**
 * What an element holds, in one plain form: text, an option's value, an id, a list of these, a day, epoch seconds.
 * External options are kept whole, since only the app knows their words.
 */

const KEYS = {
  plain_text_input: ["value", "initial_value"],
  number_input: ["value", "initial_value"],
  email_text_input: ["value", "initial_value"],
  url_text_input: ["value", "initial_value"],
  static_select: ["selected_option", "initial_option"],
  external_select: ["selected_option", "initial_option"],
  radio_buttons: ["selected_option", "initial_option"],
  checkboxes: ["selected_options", "initial_options"],
  multi_static_select: ["selected_options", "initial_options"],
  multi_external_select: ["selected_options", "initial_options"],
  users_select: ["selected_user", "initial_user"],
  multi_users_select: ["selected_users", "initial_users"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  multi_conversations_select: ["selected_conversations", "initial_conversations"],
  channels_select: ["selected_channel", "initial_channel"],
  multi_channels_select: ["selected_channels", "initial_channels"],
  datepicker: ["selected_date", "initial_date"],
  timepicker: ["selected_time", "initial_time"],
  file_input: ["files", "files"],
};

/** @param {any} element @returns {boolean} whether it holds anything at all: a button does not */
export function holdsValue(element) {
  return element.type in KEYS;
}

/** @param {any} element @returns {any} what it holds before anybody touched it */
export function initialValue(element) {
  const key = KEYS[element.type]?.[1];
  return key ? plain(element, element[key] ?? null) : null;
}

/**
 * What the server says it holds: Slack's state object, or the plain value itself.
 *
 * @param {any} element
 * @param {any} state undefined: the server says nothing
 * @returns {any} undefined when the server says nothing
 */
export function heldValue(element, state) {
  const key = KEYS[element.type]?.[0];
  if (state === undefined || !key) return undefined;
  const isState = state !== null && typeof state === "object" && !Array.isArray(state) && key in state;
  return plain(element, isState ? state[key] : state);
}

/** @param {any} value @returns {boolean} nothing typed and nothing chosen */
export function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function plain(element, value) {
  if (value === null || value === undefined) return element.type.startsWith("multi_") || element.type === "checkboxes" || element.type === "file_input" ? [] : null;
  if (element.type === "file_input") return value.map((file) => (typeof file === "string" ? { id: file, name: file } : file));
  if (element.type.includes("external")) return value;
  const one = (each) => (each !== null && typeof each === "object" ? each.value : each);
  return Array.isArray(value) ? value.map(one) : one(value);
}
