/**
 * Where the reader is: which person, channel, thread and tab. It lives in the URL's hash, so a reload, the back button
 * and a link lead to the same screen.
 */

/**
 * @typedef {{person: string, channel: string, thread: string, tab: string}} Where
 */

/** Dispatches `move` whenever the hash changes; `detail` is the earlier `Where`. */
export class Place extends EventTarget {
  constructor() {
    super();
    this.now = read();
    window.addEventListener("hashchange", () => this.#arrive());
  }

  /**
   * Go there; what is not named stays as it is.
   *
   * @param {Partial<Where>} change
   * @param {{replace?: boolean}} [how] `replace`: no step for the back button
   */
  go(change, { replace = false } = {}) {
    const next = { ...this.now, ...change };
    const parameters = new URLSearchParams(Object.entries(next).filter(([, value]) => value));
    const hash = `#${parameters}`;
    if (hash === window.location.hash) return;
    if (replace) window.history.replaceState(null, "", hash);
    else window.history.pushState(null, "", hash);
    this.#arrive();
  }

  #arrive() {
    const before = this.now;
    this.now = read();
    this.dispatchEvent(new CustomEvent("move", { detail: before }));
  }
}

/** @returns {Where} */
function read() {
  const given = new URLSearchParams(window.location.hash.slice(1));
  return {
    person: given.get("person") ?? "",
    channel: given.get("channel") ?? "",
    thread: given.get("thread") ?? "",
    tab: given.get("tab") ?? "",
  };
}
