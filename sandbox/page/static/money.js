/** WeChat Pay's ledger: what was really given, and each request it got. */

import { el, fill } from "./dom.js";

const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;

/**
 * @param {{store: import("./store.js").Store, words: import("./i18n.js").Words, acts: import("./acts.js").Acts, reader: () => import("./reader.js").Reader}} around
 * @param {HTMLElement} node
 */
export function drawMoney({ store, words, reader, acts }, node) {
  const { money } = store;
  if (!money) {
    fill(node, el("p", { class: "empty", text: words.say("waiting_for") }));
    return;
  }
  fill(
    node,
    el(
      "dl",
      { class: "totals" },
      total(words.say("coupons_given"), String(money.totals.coupons)),
      total(words.say("money_given"), yuan(money.totals.fen)),
      total(words.say("requests_got"), String(money.totals.requests)),
    ),
    el("h3", { text: words.say("stocks") }),
    el("ul", { class: "cards", data: { ledger: "stocks" } }, money.stocks.map((stock) => drawStock(stock, words))),
    el("h3", { text: words.say("coupons") }),
    money.coupons.length
      ? el("ul", { class: "cards", data: { ledger: "coupons" } }, money.coupons.map((coupon) => drawCoupon(coupon, words, acts, clock(reader()))))
      : el("p", { class: "empty", text: words.say("no_coupons") }),
    el("h3", { text: words.say("requests") }),
    money.requests.length
      ? el("ul", { class: "cards", data: { ledger: "requests" } }, money.requests.map((request) => drawRequest(request, words, clock(reader()))))
      : el("p", { class: "empty", text: words.say("no_requests") }),
  );
}

const clock = (reader) => (at) => reader.calendar.pattern(Math.floor(at), "{time_secs}", "");

function total(name, value) {
  return el("div", { class: "total" }, el("dd", { text: value }), el("dt", { text: name }));
}

function drawStock(stock, words) {
  const given = stock.max_coupons === null ? words.say("stock_given", { n: stock.given }) : words.say("stock_of", { n: stock.given, max: stock.max_coupons });
  const budget = stock.budget_left_fen === null ? null : words.say("budget_left", { money: yuan(stock.budget_left_fen) });
  return el(
    "li",
    {},
    el("div", { class: "card-line" }, el("strong", { text: stock.name }), el("span", { class: "badge-plain", text: stock.state })),
    el("div", { class: "detail", text: [stock.stock_id, yuan(stock.value_fen), given, budget].filter(Boolean).join(" · ") }),
  );
}

function drawCoupon(coupon, words, acts, time) {
  return el(
    "li",
    {},
    el(
      "div",
      { class: "card-line" },
      el("code", { text: coupon.coupon_code }),
      el("span", { class: "badge-plain", text: coupon.state }),
      coupon.state === "SENDED" && el("button", {
        type: "button", class: "button", "aria-label": words.say("use_this_coupon", { code: coupon.coupon_code }), text: words.say("use_coupon"),
        on: { click: () => acts.use({ stock_id: coupon.stock_id, coupon_code: coupon.coupon_code }) },
      }),
    ),
    el("div", { class: "detail", text: [time(coupon.at), coupon.stock_id, coupon.openid].join(" · ") }),
    el("div", { class: "detail", text: coupon.out_request_no }),
  );
}

function drawRequest(request, words, time) {
  const good = request.signature === "good";
  const status = request.status ?? words.say("unanswered");
  return el(
    "li",
    { class: request.fault ? "with-fault" : undefined },
    el(
      "div",
      { class: "card-line" },
      el("code", { text: `${request.method} ${request.path.split("/").slice(-2).join("/")}` }),
      el("span", { class: `badge-plain ${request.status && request.status < 300 ? "good" : "bad"}`, text: [status, request.code].filter(Boolean).join(" ") }),
    ),
    el(
      "div",
      { class: "detail" },
      time(request.at),
      " · ",
      el("span", { class: good ? "good" : "bad", text: good ? words.say("signature_good") : words.say("signature_bad", { what: request.signature }) }),
      request.took_ms === null ? null : ` · ${Math.round(request.took_ms)} ms`,
      request.fault ? ` · ${words.say("fault_was", { kind: request.fault })}` : null,
    ),
    request.out_request_no && el("div", { class: "detail", text: request.out_request_no }),
  );
}
