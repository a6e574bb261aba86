"""After any campaign: cards, rows, the log and WeChat Pay's own ledger agree, line by line.

What does not is found as sentences, so that a campaign can also show that it finds damage.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.wechatpay.ledger import SENDS, Received
from storage.errors import AuditBroken
from storage.proof.verify import verify
from tests.world import World

#: What the first words of a card say, by the state of its row.
HEADLINES = {
    "pending": "Waiting",
    "sent": "Sent",
    "refused": "Refused",
    "held": "Held",
    "declined": "Declined",
    "cancelled": "Withdrawn",
    "expired": "Expired",
    "closed": "Closed",
}
FINAL = frozenset({"sent", "refused", "declined", "cancelled", "expired", "closed"})
_DECIDING = ("approve_request", "decline_request", "approve_batch", "decline_batch")
_APPROVED_ONCE = frozenset({"sent", "refused", "held", "closed"})

Row = Mapping[str, Any]


@dataclass(slots=True)
class Agreement:
    """Everything that a campaign left, read once, with the bot stopped."""

    shop: World
    rows: list[Row]
    coupons: Mapping[str, list[Any]]
    calls: Mapping[str, list[Received]]
    tags: Mapping[int, Counter[str]]
    approvers: Mapping[int, set[str]]
    approvers_of_batch: Mapping[int, set[str]]
    #: Of the attempts that ended.
    codes: Counter[str]

    def figures(self) -> str:
        """For the campaign's line."""
        states = Counter(row["state"] for row in self.rows)
        listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        in_batches = sum(row["batch"] is not None for row in self.rows)
        attempts = sum(tags["attempt:started"] for tags in self.tags.values())
        calls, coupons = (sum(map(len, each.values())) for each in (self.calls, self.coupons))
        return (
            f"{len(self.rows)} requests ({in_batches} in batches): {listed}; "
            f"{attempts} attempts, {calls} calls, {coupons} coupons given"
        )

    def attempts_that_ended_with(self, code: str) -> int:
        return self.codes[code]

    # --- what does not agree

    def problems(self) -> Iterator[str]:
        """One sentence for each disagreement; none: everything agrees."""
        yield from self._chain()
        yield from self._ledger()
        for row in self.rows:
            yield from self._coupon(row)
            yield from self._calls(row)
            yield from self._approvals(row)
        yield from self._cards()
        yield from self._loose_ends()

    def _chain(self) -> Iterator[str]:
        try:
            verify(self.shop.folder / "coupon.db", thorough=True)
        except AuditBroken as error:
            yield f"the record is broken: {error}"

    def _ledger(self) -> Iterator[str]:
        numbers = {row["out_request_no"] for row in self.rows}
        for number in sorted({*self.coupons, *self.calls} - numbers):
            yield f"{number} was called or given, and is no request's"
        sent = Counter((row["openid"], row["stock_id"]) for row in self.rows if row["state"] == "sent")
        given = Counter(
            (coupon.openid, coupon.stock_id) for coupons in self.coupons.values() for coupon in coupons
        )
        for (openid, stock_id), count in given.items():
            if count > sent[openid, stock_id]:
                yield f"{count} coupons of {stock_id} for …{openid[-4:]}, and {sent[openid, stock_id]} sent"

    def _coupon(self, row: Row) -> Iterator[str]:
        coupons = self.coupons.get(row["out_request_no"], [])
        if len(coupons) != (row["state"] == "sent"):
            yield f"#{row['id']} is {row['state']}, and WeChat Pay gave {len(coupons)} coupons"
        for coupon in coupons:
            given = (coupon.openid, coupon.stock_id, coupon.coupon_code)
            if given != (row["openid"], row["stock_id"], row["coupon_code"]):
                yield f"#{row['id']}: the coupon that was given is another one"

    def _calls(self, row: Row) -> Iterator[str]:
        number, calls = row["id"], self.calls.get(row["out_request_no"], [])
        started = self.tags[number]["attempt:started"]
        if len(calls) > started:
            yield f"#{number}: {len(calls)} calls, and {started} committed attempts"
        if started != row["attempts"]:
            yield f"#{number}: {started} attempts in the log, {row['attempts']} in the row"
        if {call.body for call in calls} - {row["body"]}:
            yield f"#{number}: a call said something else than what was approved"

    def _approvals(self, row: Row) -> Iterator[str]:
        number, tags = row["id"], self.tags[row["id"]]
        batch = row["batch"]
        approvers = self.approvers[number] if batch is None else self.approvers_of_batch[batch]
        was_approved = row["state"] in _APPROVED_ONCE or row["attempts"] > 0
        if tags["request:approved"] != was_approved and row["state"] != "cancelled":
            yield f"#{number} is {row['state']}, and was approved {tags['request:approved']} times"
        if was_approved and len(approvers - {row["requester"]}) < row["approvals_needed"]:
            yield f"#{number} has {len(approvers)} of {row['approvals_needed']} approvals"
        if batch is None and tags["approval:given"] != len(approvers):
            yield f"#{number}: {tags['approval:given']} approvals in the log, {len(approvers)} in the rows"
        for state in FINAL:
            count = tags[f"request:{state}"]
            if count != (row["state"] == state):
                yield f"#{number} is {row['state']}, and the log says {state} {count} times"

    def _cards(self) -> Iterator[str]:
        named = defaultdict(list)
        for card in self.shop.slack.messages("C0APPROVE"):
            found = re.search(r"request #(\d+)\b", card.text)
            if found and card.from_bot:
                named[int(found[1])].append(card)
        for row in self.rows:
            if row["batch"] is not None:
                continue
            cards = named[row["id"]]
            if [card.ts for card in cards] != [row["card_ts"]]:
                yield f"#{row['id']} has {len(cards)} cards"
                continue
            headline = HEADLINES.get(row["state"], "")
            text = cards[0].text
            if not (text.startswith(headline) and f": request #{row['id']} " in text):
                yield f"#{row['id']} is {row['state']}, and its card says {text[:20]!r}"
            if row["state"] in FINAL and any(cards[0].element(action) for action in _DECIDING):
                yield f"#{row['id']} is {row['state']}, and its card can still be decided on"

    def _loose_ends(self) -> Iterator[str]:
        for what, sql in (
            ("posts wait", "select count(*) as n from outbox"),
            ("clicks wait", "select count(*) as n from click where done = 0"),
            ("requests are said to run", "select count(*) as n from request where running = 1"),
        ):
            count = self.shop.rows(sql)[0]["n"]
            if count:
                yield f"{count} {what}"


def agreement_of(shop: World) -> Agreement:
    """Reads it all; the bot must not run."""
    coupons, calls = defaultdict(list), defaultdict(list)
    for coupon in shop.wechatpay.ledger.coupons:
        coupons[coupon.out_request_no].append(coupon)
    for received in shop.wechatpay.ledger.requests:
        if received.endpoint in SENDS:
            calls[received.out_request_no or ""].append(received)
    tags: defaultdict[int, Counter[str]] = defaultdict(Counter)
    codes = Counter[str]()
    for row in shop.rows("select body from event order by seq"):
        event = json.loads(row["body"])
        if event["request_id"] is not None:
            tags[event["request_id"]][event["tag"]] += 1
        if event["tag"] == "attempt:finished":
            codes[event["detail"]["code"]] += 1
    return Agreement(
        shop=shop,
        rows=shop.rows(
            "select request.*, customer.openid as openid from request "
            "join customer on customer.id = request.customer order by request.id"
        ),
        coupons=coupons,
        calls=calls,
        tags=tags,
        approvers=_sets(shop, "select request_id as of, approver from approval"),
        approvers_of_batch=_sets(shop, "select batch as of, approver from batch_approval"),
        codes=codes,
    )


def _sets(shop: World, sql: str) -> Mapping[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for row in shop.rows(sql):
        found[row["of"]].add(row["approver"])
    return found


def acked_are_kept(agreement: Agreement, acked: set[int]) -> list[str]:
    """Of numbers that agents were told."""
    lost = sorted(acked - {row["id"] for row in agreement.rows})
    return [f"#{number} was acked, and is not on disk" for number in lost]
