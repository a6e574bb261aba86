/** The audit log's last events, and whether its chain holds. */

import { el, fill } from "./dom.js";

/**
 * @param {{store: import("./store.js").Store, words: import("./i18n.js").Words, reader: () => import("./reader.js").Reader}} around
 * @param {HTMLElement} node
 */
export function drawAudit({ store, words, reader }, node) {
  const { audit } = store;
  if (!audit) {
    fill(node, el("p", { class: "empty", text: words.say("waiting_for") }));
    return;
  }
  const { proof } = audit;
  const time = (at) => reader().calendar.pattern(Math.floor(at), "{time_secs}", "");
  fill(
    node,
    el(
      "section",
      { class: `proof ${proof.good ? "proof-good" : "proof-bad"}` },
      el("h3", { text: words.say(proof.good ? "proof_good" : "proof_bad") }),
      el("p", { text: words.of(proof.sentence) }),
      el("p", { class: "detail", text: words.count("events_kept", proof.events) }),
      proof.head && el("p", { class: "detail hash", text: `${words.say("head")} ${proof.head}` }),
    ),
    el("h3", { text: words.say("events") }),
    audit.events.length ? el("ol", { class: "cards", data: { ledger: "events" } }, audit.events.map(drawEvent)) : el("p", { class: "empty", text: words.say("no_events") }),
  );

  function drawEvent(event) {
    const actor = event.actor === "system" ? words.say("system") : reader().userName(event.actor);
    const about = event.request_id === null || event.request_id === undefined ? null : words.say("request_no", { n: event.request_id });
    const detail = Object.entries(event.detail ?? {}).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length));
    return el(
      "li",
      {},
      el("div", { class: "card-line" }, el("code", { text: event.tag }), el("span", { class: "detail", text: `#${event.seq}` })),
      el("div", { class: "detail", text: [time(event.at), actor, about].filter(Boolean).join(" · ") }),
      detail.length > 0 && el("div", { class: "detail hash", text: detail.map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ") }),
    );
  }
}
