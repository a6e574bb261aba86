/**
 * Dates as the reader sees them: in the reader's zone and language. An unknown zone or locale must not break a message,
 * so both fall back.
 */

const PATTERNS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date_slash: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_long_full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  day_divider_pretty: { weekday: "long", month: "long", day: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};
const DAY_MS = 86_400_000;

/** The calendar of one reader. */
export class Calendar {
  #formats = new Map();

  /**
   * @param {string} locale such as zh-CN
   * @param {string} zone such as Asia/Shanghai
   * @param {() => number} now milliseconds
   * @param {import("./i18n.js").Words} words
   */
  constructor(locale, zone, now, words) {
    this.locale = supported(() => new Intl.DateTimeFormat(locale)) ? locale : "en-US";
    this.zone = supported(() => new Intl.DateTimeFormat("en-US", { timeZone: zone })) ? zone : "UTC";
    this.now = now;
    this.words = words;
  }

  /**
   * Slack's date pattern, such as `{date_short_pretty} at {time}`.
   *
   * @param {number} seconds since 1970
   * @param {string} pattern
   * @param {string} fallback shown when the pattern holds a token Slack does not know
   * @returns {string}
   */
  pattern(seconds, pattern, fallback) {
    const at = seconds * 1000;
    let known = Number.isFinite(at) && Math.abs(at) <= 8.64e15;
    const written = pattern.replace(/\{(\w+)\}/g, (_, token) => {
      const piece = known ? this.#token(token, at) : null;
      if (piece === null) known = false;
      return piece ?? "";
    });
    return known ? written : fallback;
  }

  /** @param {string} ts @returns {string} the time of day */
  time(ts) {
    return this.#token("time", tsMs(ts));
  }

  /** @param {string} ts @returns {string} a day for a divider */
  day(ts) {
    return this.#pretty(tsMs(ts), "day_divider_pretty");
  }

  /** @param {string} ts @returns {string} day and time */
  moment(ts) {
    return `${this.#pretty(tsMs(ts), "date_short")} ${this.time(ts)}`;
  }

  /** @param {string} ts @returns {string} one word for each day, to compare */
  dayKey(ts) {
    return this.#key(tsMs(ts));
  }

  #token(token, at) {
    if (token === "ago") return this.#ago(at);
    if (token === "date_num") return this.#key(at);
    if (token.endsWith("_pretty") && token !== "day_divider_pretty") return this.#pretty(at, token.slice(0, -7));
    if (!(token in PATTERNS)) return null;
    return token === "day_divider_pretty" ? this.#pretty(at, token) : this.#format(token).format(at);
  }

  #pretty(at, token) {
    if (!(token in PATTERNS)) return null;
    const days = { [this.#key(this.now())]: "today", [this.#key(this.now() - DAY_MS)]: "yesterday", [this.#key(this.now() + DAY_MS)]: "tomorrow" };
    const near = days[this.#key(at)];
    return near ? this.words.say(near) : this.#format(token).format(at);
  }

  #ago(at) {
    const relative = new Intl.RelativeTimeFormat(this.locale, { numeric: "auto" });
    const seconds = Math.round((at - this.now()) / 1000);
    const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
    const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
    return relative.format(Math.round(seconds / size), unit);
  }

  #key(at) {
    const parts = Object.fromEntries(this.#format("date_num", "en-CA").formatToParts(at).map((p) => [p.type, p.value]));
    return `${parts.year}-${parts.month}-${parts.day}`;
  }

  // Intl formatters are slow to make; five hundred messages need the same few.
  #format(token, locale = this.locale) {
    const name = `${token} ${locale}`;
    if (!this.#formats.has(name)) {
      this.#formats.set(name, new Intl.DateTimeFormat(locale, { ...PATTERNS[token], timeZone: this.zone }));
    }
    return this.#formats.get(name);
  }
}

function supported(make) {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

function tsMs(ts) {
  return Number(ts.split(".")[0]) * 1000;
}
