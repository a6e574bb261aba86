/**
 * Whoever reads the screen: the names behind ids, their calendar, and what may be opened.
 */

import { Calendar } from "./dates.js";

/** Looks things up for one person. Made anew when the person, or the language, changes. */
export class Reader {
  /**
   * @param {import("./store.js").Store} store
   * @param {import("./i18n.js").Words} words
   * @param {(channel: string) => void} openChannel
   */
  constructor(store, words, openChannel) {
    this.store = store;
    this.words = words;
    this.openChannel = openChannel;
    this.calendar = new Calendar(store.me?.locale ?? "en-US", store.me?.tz ?? "UTC", () => store.now(), words);
  }

  /** @returns {string} the id of whoever reads */
  get id() {
    return this.store.me?.id ?? "";
  }

  /** @param {string} id @returns {string} */
  userName(id) {
    return id === this.store.app.bot_user_id ? this.store.app.name : (this.store.people.get(id)?.name ?? id);
  }

  /** @param {string} id @returns {string} */
  groupHandle(id) {
    return (this.store.groups.get(id)?.handle ?? id).replace(/^@/, "");
  }

  /** @param {string} id @returns {string} with its mark, `#support`; direct messages carry the app's name */
  channelName(id) {
    const channel = this.store.channels.get(id);
    if (!channel) return `#${id}`;
    return channel.kind === "im" ? this.store.app.name : `#${channel.name}`;
  }

  /** @param {import("./store.js").SlackFile} file @returns {string} on this server, whatever the record says */
  fileUrl(file) {
    const path = file.url?.startsWith("/api/files/") ? file.url : `/api/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
    return `${path.split("?")[0]}?person=${encodeURIComponent(this.id)}`;
  }

  /**
   * A picture the page may load: ours or inside the message. Anything else would be a request to the outside.
   *
   * @param {{image_url?: string, slack_file?: {id?: string}}} image
   * @returns {string|null}
   */
  imageUrl(image) {
    if (image.slack_file?.id) return this.fileUrl({ id: image.slack_file.id, name: "image" });
    const url = image.image_url ?? "";
    if (/^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/.test(url)) return url;
    try {
      return new URL(url, window.location.href).origin === window.location.origin ? url : null;
    } catch {
      return null;
    }
  }
}

/**
 * @param {string} url
 * @returns {string|null} the address if following it is harmless: http and https only, never a script
 */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "http:" || parsed.protocol === "https:" ? parsed.href : null;
  } catch {
    return null;
  }
}
