/**
 * The server's events. The connection is opened for one person; each new one begins with `hello`, which replaces
 * everything, so nothing has to be remembered across a break.
 */

const KINDS = ["hello", "message", "modals", "home", "channels", "people", "money", "faults", "audit"];
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

/** Keeps one event stream open and feeds the store with it. */
export class Live {
  #store;
  #source = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #person = "";

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * Look at the workspace as this person; an earlier connection is closed.
   *
   * @param {string} person "" lets the server choose
   */
  open(person) {
    this.close();
    this.#person = person;
    this.#store.setConnection("connecting");
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    const source = new EventSource(`/api/live?person=${encodeURIComponent(this.#person)}`);
    this.#source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        // An event already queued when the person was changed belongs to the other person's screen.
        if (source !== this.#source) return;
        if (kind === "hello") {
          this.#wait = FIRST_WAIT_MS;
          this.#store.setConnection("live");
        }
        this.#store.take(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      // The browser itself gives up for good on an HTTP error, such as a server that is just starting.
      source.close();
      this.#store.setConnection("lost");
      this.#timer = setTimeout(() => this.#connect(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    });
  }
}
