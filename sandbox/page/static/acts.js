/**
 * What a person does, told to the server. A refusal is shown as a toast and answered with null, so that callers only
 * have to care about success.
 */

/** Acts of whoever is at the screen now. */
export class Acts {
  #person;
  #refused;

  /**
   * @param {() => string} person id of whoever acts
   * @param {(sentence: string|null) => void} refused told why; null: the server did not answer
   */
  constructor(person, refused) {
    this.#person = person;
    this.#refused = refused;
  }

  /** @param {string} channel @param {string} text @param {string} [threadTs] @param {string[]} [fileIds] uploaded before */
  say(channel, text, threadTs, fileIds = []) {
    return this.#act("say", { channel, text, ...(threadTs && { thread_ts: threadTs }), ...(fileIds.length > 0 && { file_ids: fileIds }) });
  }

  /** @param {{channel: string, ts: string, action_id: string, block_id: string, value?: any}} what */
  click(what) {
    return this.#act("click", what);
  }

  /** @param {{view_id: string, action_id: string, block_id: string, value?: any}} what @param {boolean} [quiet] */
  press(what, quiet = false) {
    return this.#act("press", what, quiet);
  }

  /** @param {string} viewId @param {Record<string, any>} values */
  submit(viewId, values) {
    return this.#act("submit", { view_id: viewId, values });
  }

  /** @param {string} viewId */
  close(viewId) {
    return this.#act("close", { view_id: viewId });
  }

  /** @param {Record<string, any>} what the view or message, action_id, block_id and query */
  options(what) {
    return this.#act("options", what);
  }

  home() {
    return this.#act("home", {});
  }

  /** @param {string} callbackId @param {{channel: string, ts: string}} [message] */
  shortcut(callbackId, message) {
    return this.#act("shortcut", { callback_id: callbackId, ...(message ?? {}) });
  }

  /** @param {string} locale */
  locale(locale) {
    return this.#act("locale", { locale });
  }

  /**
   * @param {File} file
   * @returns {Promise<{file_id: string}|null>}
   */
  upload(file) {
    const form = new FormData();
    form.append("file", file, file.name);
    return this.#post(this.#url("upload"), form);
  }

  /** @param {{stock_id: string, coupon_code: string}} coupon as the shop's till does when a customer pays with it */
  use(coupon) {
    return this.#post("/api/coupons/use", JSON.stringify(coupon));
  }

  /** @param {Record<string, any>} fault `side` and `kind`; kind "clear" takes all away */
  fault(fault) {
    return this.#post("/api/faults", JSON.stringify(fault));
  }

  #url(act) {
    return `/api/people/${encodeURIComponent(this.#person())}/${act}`;
  }

  #act(act, body, quiet = false) {
    return this.#post(this.#url(act), JSON.stringify(body), quiet);
  }

  async #post(url, body, quiet = false) {
    // A page of another origin cannot send this header without being asked about it first.
    const headers = { "X-Sandbox": "1" };
    if (typeof body === "string") headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(url, { method: "POST", headers, body });
    } catch {
      this.#refused(null);
      return null;
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (!quiet) this.#refused(answer.error ?? null);
    return null;
  }
}
