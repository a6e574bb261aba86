/**
 * What the server told us. Only `live.js` writes here; everything on the screen reads here.
 */

/**
 * @typedef {{id: string, name: string, title?: string, locale: string, tz: string, outsider: boolean, bot: boolean, deleted: boolean}} Person
 * @typedef {{id: string, name: string, kind: "public_channel"|"private_channel"|"im", member: boolean, archived: boolean}} Channel
 * @typedef {{id: string, name: string, mimetype: string, size: number, url: string}} SlackFile
 * @typedef {{channel: string, ts: string, thread_ts: string|null, user: string|null, bot: boolean, username: string,
 *   text: string, blocks: any[]|null, files: SlackFile[], edited: boolean, ephemeral: boolean, deleted: boolean}} Message
 * @typedef {{id: string, type: "modal"|"home", definition: any, errors: Record<string, string>,
 *   values: Record<string, Record<string, any>>, busy: boolean}} View
 */

/**
 * Everything this person may see. Dispatches one event for each kind of news: `hello`, `message`, `modals`, `home`,
 * `channels`, `people`, `money`, `faults`, `audit`, and `connection`; `detail` is what changed.
 */
export class Store extends EventTarget {
  constructor() {
    super();
    /** @type {"connecting"|"live"|"lost"} */
    this.connection = "connecting";
    this.money = null;
    this.faults = null;
    this.audit = null;
    this.forget();
  }

  /** Nothing is known of the workspace: another person is about to look at it. */
  forget() {
    /** @type {Person|null} */
    this.me = null;
    /** @type {Map<string, Person>} */
    this.people = new Map();
    this.groups = new Map();
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
    this.app = { id: "", name: "", bot_user_id: "" };
    this.commands = [];
    this.shortcuts = [];
    /** @type {Map<string, Map<string, Message>>} */
    this.messages = new Map();
    /** @type {View[]} */
    this.modals = [];
    /** @type {View|null} */
    this.home = null;
    this.skew = 0;
  }

  /** The server's time in milliseconds: the stand-ins may live on another day than this browser. */
  now() {
    return Date.now() + this.skew;
  }

  /**
   * Take in one event of `/api/live`.
   *
   * @param {string} kind
   * @param {any} data
   */
  take(kind, data) {
    switch (kind) {
      case "hello":
        this.#hello(data);
        break;
      case "message":
        this.#message(data);
        break;
      case "modals":
        this.modals = data.stack;
        break;
      case "home":
        this.home = data.view;
        break;
      case "channels":
        this.channels = byId(data.channels);
        break;
      case "people":
        this.people = byId(data.people);
        this.me = this.people.get(this.me?.id ?? "") ?? this.me;
        break;
      default:
        this[kind] = data;
    }
    this.#tell(kind, data);
  }

  /** @param {"connecting"|"live"|"lost"} state */
  setConnection(state) {
    if (this.connection === state) return;
    this.connection = state;
    this.#tell("connection", state);
  }

  /**
   * The messages of a channel itself, oldest first; replies are in `replies`.
   *
   * @param {string} channel
   * @returns {Message[]}
   */
  roots(channel) {
    return this.#sorted(channel, (message) => !isReply(message));
  }

  /**
   * @param {string} channel
   * @param {string} threadTs
   * @returns {Message[]} oldest first, without the parent
   */
  replies(channel, threadTs) {
    return this.#sorted(channel, (message) => isReply(message) && message.thread_ts === threadTs);
  }

  /**
   * How many replies each parent has, and the newest of them: counted in one go for the whole channel.
   *
   * @param {string} channel
   * @returns {Map<string, {count: number, last: string}>}
   */
  replyCounts(channel) {
    const counts = new Map();
    for (const { ts, thread_ts: parent } of this.#sorted(channel, isReply)) {
      counts.set(parent, { count: (counts.get(parent)?.count ?? 0) + 1, last: ts });
    }
    return counts;
  }

  /**
   * @param {string} channel
   * @param {string} ts
   * @returns {Message|undefined}
   */
  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  #hello(data) {
    this.forget();
    this.me = data.me;
    this.people = byId(data.people);
    this.groups = byId(data.groups ?? []);
    this.channels = byId(data.channels);
    this.app = data.app;
    this.commands = data.commands ?? [];
    this.shortcuts = data.shortcuts ?? [];
    this.modals = data.modals ?? [];
    this.home = data.home ?? null;
    this.skew = data.now * 1000 - Date.now();
    for (const message of data.messages) this.#message(message);
  }

  #message(message) {
    const held = this.messages.get(message.channel) ?? new Map();
    this.messages.set(message.channel, held);
    if (message.deleted) held.delete(message.ts);
    else held.set(message.ts, message);
  }

  #sorted(channel, wanted) {
    const held = [...(this.messages.get(channel)?.values() ?? [])];
    return held.filter(wanted).sort((a, b) => byTs(a.ts, b.ts));
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

function byId(records) {
  return new Map(records.map((record) => [record.id, record]));
}

/**
 * A `ts` is two whole numbers with a point between, too long for a float to order exactly.
 *
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function byTs(a, b) {
  // Of one length they compare as text, and that is nearly always; five hundred are sorted at each news.
  if (a.length === b.length) return a < b ? -1 : Number(a > b);
  const [aSeconds, aPart = ""] = a.split(".");
  const [bSeconds, bPart = ""] = b.split(".");
  return Number(aSeconds) - Number(bSeconds) || Number(aPart) - Number(bPart);
}

/**
 * @param {Message} message
 * @returns {boolean} whether it stands in a thread and not in the channel
 */
export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}
