/**
 * The page's own words. Slack's words, the app's and WeChat Pay's come from the server and are shown as they are.
 */

import { en } from "./words_en.js";
import { zh } from "./words_zh.js";

const WORDS = { en, zh };
const REMEMBERED = "sandbox-language";

/** @typedef {"en"|"zh"} Language */

/**
 * One language at a time; whoever shows words draws them anew after `change`.
 */
export class Words extends EventTarget {
  constructor() {
    super();
    /** @type {Language} */
    this.language = firstLanguage();
    document.documentElement.lang = this.tag;
  }

  /** For `lang` attributes, and Slack's name of the locale. */
  get tag() {
    return this.language === "zh" ? "zh-CN" : "en-US";
  }

  /** @param {Language} language */
  use(language) {
    if (language === this.language) return;
    this.language = language;
    window.localStorage.setItem(REMEMBERED, language);
    document.documentElement.lang = this.tag;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * @param {keyof typeof en} key
   * @param {Record<string, string|number>} [given] put in place of `{name}`
   * @returns {string}
   */
  say(key, given = {}) {
    const sentence = WORDS[this.language][key] ?? en[key] ?? key;
    return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(given[name] ?? whole));
  }

  /**
   * A sentence for a number: `key_one` for one, `key` otherwise (Chinese has one form only).
   *
   * @param {keyof typeof en} key
   * @param {number} n
   * @returns {string}
   */
  count(key, n) {
    return this.say(n === 1 && this.language === "en" ? `${key}_one` : key, { n });
  }

  /**
   * What the server says in both languages.
   *
   * @param {{en: string, zh: string}|string|null|undefined} both
   * @returns {string}
   */
  of(both) {
    return typeof both === "string" ? both : (both?.[this.language] ?? both?.en ?? "");
  }
}

/** @returns {Language} */
function firstLanguage() {
  const remembered = window.localStorage.getItem(REMEMBERED);
  if (remembered === "en" || remembered === "zh") return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}
