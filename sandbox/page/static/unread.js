/** How far each person has read each channel. Kept for the browser tab, so neither a reload nor being another forgets it. */

import { byTs } from "./store.js";

const KEPT = "sandbox-read";

/** What is new to whoever looks. */
export class ReadMarks {
  #store;
  /** @type {Record<string, string>} "person/channel" → ts of the newest message seen */
  #marks = JSON.parse(window.sessionStorage.getItem(KEPT) ?? "{}");

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** @param {string} channel @returns {number} messages of others that this person has not read */
  unread(channel) {
    const me = this.#store.me?.id ?? "";
    const seen = this.#marks[`${me}/${channel}`] ?? "0.0";
    return this.#store.roots(channel).filter((message) => message.user !== me && byTs(message.ts, seen) > 0).length;
  }

  /** This person has read all there is now. @param {string} channel */
  read(channel) {
    const last = this.#store.roots(channel).at(-1)?.ts;
    const key = `${this.#store.me?.id ?? ""}/${channel}`;
    if (!last || this.#marks[key] === last) return;
    this.#marks[key] = last;
    window.sessionStorage.setItem(KEPT, JSON.stringify(this.#marks));
  }
}
