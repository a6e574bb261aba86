"""What each question of `coupons.ports` answers about the rows of `seed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coupons.audit_words import Filter
from coupons.batch import AskedLately
from coupons.events import RequestReminded, Tag
from coupons.lifecycle import move
from coupons.model import Approval, ConsoleLink, Favourite, History, State
from coupons.ports import Reading, Transaction
from coupons.posts import Backlog, Post, PostKind
from coupons.recording import SYSTEM
from coupons.rules import Used
from coupons.totals import Scope, Total
from storage.audit import GENESIS
from tests.storage import ports_of_absences, ports_of_batches, ports_of_coupons, test_weeks
from tests.storage.records import (
    DAY,
    NOW,
    OPENID,
    STOCK,
    a_click,
    approve,
    card,
    create,
)


def seed(tx: Transaction) -> None:
    """#1 pending, #2 approved and due in a second, #3 sending with its attempt on the wire."""
    create(tx, "cb1", expires_at=NOW + 5, remind_at=NOW + 3)
    approve(tx, create(tx, "cb2"), due_at=NOW + 1000)
    third = approve(tx, create(tx, "cb3", openid="another-customer-1", ticket="T-3", approvals_needed=0))
    tx.save(
        third,
        replace(
            move(third, State.SENDING, now=NOW),
            running=True,
            running_by="here-1",
            running_until=NOW + 6,
            due_at=NOW,
        ),
    )
    tx.add_click(a_click())
    tx.post(card(1))
    tx.post(Post(kind=PostKind.REPLY, request_id=1, seq=1))
    tx.add_console_link(digest="d1", person="U0FIN", made_at=NOW, expires_at=NOW + 600)
    tx.put_post_off(2, NOW + 50)
    ports_of_batches.seed_batch(tx)
    ports_of_absences.seed(tx)
    tx.append(RequestReminded(waited_ms=1, mention=None, no_list_for=2027).done_by(SYSTEM, 1))


def ids(requests: Any) -> list[int]:
    return [request.id for request in requests]


def first_post(tx: Reading, at: int = NOW) -> Any:
    return tx.due_posts(PostKind.CARD, at, 1)[0]


TOTALS = (
    Total(Scope.CUSTOMER, OPENID, 1),
    Total(Scope.CUSTOMER, "another-customer-1", 1),
    Total(Scope.CUSTOMER, "nobody", 1),
    Total(Scope.AGENT, "U0LI", 1),
    Total(Scope.AGENT, "U0SUN", 1),
    Total(Scope.STOCK, STOCK.stock_id, 1),
    Total(Scope.STOCK, "9", 1),
    Total(Scope.ALL, "", 1),
    Total(Scope.AUTOMATIC, "", 1),
)


def was_told_of_a_year(tx: Reading) -> bool:
    return (tx.was_reminded_without_list(2027), tx.was_reminded_without_list(2028)) == (True, False)


SUMS = tuple(Used(count, count * 1000) for count in (2, 1, 0, 3, 0, 3, 0, 3, 1))
#: What the seeded database answers.
READS: dict[str, Callable[[Reading], bool]] = {
    "request": lambda tx: tx.request(2).state is State.APPROVED and tx.request(9) is None,  # type: ignore[union-attr]  # seeded
    "request_by_number": lambda tx: (
        tx.request_by_number("cb2") == tx.request(2) and tx.request_by_number("cb9") is None
    ),
    "request_by_coupon": lambda tx: tx.request_by_coupon(STOCK.stock_id, "CODE9") is None,
    "doubtful_requests": lambda tx: (
        (ids(tx.doubtful_requests(STOCK.stock_id, OPENID, 9)), ids(tx.doubtful_requests("9", None, 9)))
        == ([], [])
    ),
    "requests_to_look_up": lambda tx: ids(tx.requests_to_look_up(NOW, 9, NOW + DAY)) == [],
    "open_requests_of": lambda tx: ids(tx.open_requests_of("U0LI", 2)) == [3, 2],
    "approvals": lambda tx: tx.approvals(2) == [Approval(2, "U0WANG", NOW)] and tx.approvals(1) == [],
    "event": lambda tx: tx.event(1).tag == Tag.REQUEST_CREATED and tx.event(99) is None,  # type: ignore[union-attr]  # seeded
    "requests": lambda tx: (
        {number: each.out_request_no for number, each in tx.requests([2, 1, 9]).items()}
        == {1: "cb1", 2: "cb2"}
    ),
    "events_of_many": lambda tx: (
        {
            number: [event.tag for event in events]
            for number, events in tx.events_of_many([3, 1, 9], {Tag.REQUEST_CREATED}).items()
        }
        == {1: [Tag.REQUEST_CREATED], 3: [Tag.REQUEST_CREATED]}
    ),
    "events_of": lambda tx: (
        [event.tag for event in tx.events_of(2)]
        == [Tag.REQUEST_CREATED, Tag.APPROVAL_GIVEN, Tag.REQUEST_APPROVED]
    ),
    "duplicate_of": lambda tx: (
        [
            found and found.id
            for found in (
                tx.duplicate_of(openid=OPENID, stock_id=STOCK.stock_id, ticket="", since=NOW),
                tx.duplicate_of(openid=OPENID, stock_id=STOCK.stock_id, ticket="", since=NOW + 1),
                tx.duplicate_of(openid=OPENID, stock_id="9", ticket="", since=NOW),
                tx.duplicate_of(openid="nobody", stock_id="9", ticket="T-3", since=NOW),
                tx.duplicate_of(openid="nobody", stock_id="9", ticket="T-4", since=NOW),
            )
        ]
        == [2, None, None, 3, None]
    ),
    "asked_lately": lambda tx: (
        [
            tx.asked_lately((OPENID, "nobody"), ("T-3", "T-4", ""), NOW),
            tx.asked_lately((), ("T-3",), NOW),
            tx.asked_lately((OPENID,), ("T-3",), NOW + 1),
        ]
        == [
            AskedLately({(OPENID, STOCK.stock_id): 2}, {"T-3": 3}),
            AskedLately({}, {"T-3": 3}),
            AskedLately({}, {}),
        ]
    ),
    "used": lambda tx: (
        tx.used(TOTALS, NOW + DAY) == dict(zip(TOTALS, SUMS, strict=True))
        and tx.used(TOTALS, NOW + DAY + 1) == dict.fromkeys(TOTALS, Used())
        and tx.used((), NOW) == {}
    ),
    "used_by_customer": lambda tx: (
        [
            tx.used_by_customer(OPENID, NOW, 4),
            tx.used_by_customer(OPENID, NOW + 1, 4),
            tx.used_by_customer(OPENID, NOW, 2),
        ]
        == [Used(2, 2000), Used(), Used(1, 1000)]
    ),
    "history_of_customer": lambda tx: tx.history_of_customer(OPENID) == History(0, 0, None),
    "requests_of_customer": lambda tx: ids(tx.requests_of_customer(OPENID, 9)) == [2, 1],
    "requests_with_ticket": lambda tx: (
        (ids(tx.requests_with_ticket(("T-3", "other"), 9)), ids(tx.requests_with_ticket(("",), 9)))
        == ([3], [])
    ),
    "history_of_ticket": lambda tx: tx.history_of_ticket(("T-3",)) == History(0, 0, None),
    "favourites_of": lambda tx: (
        tx.favourites_of("U0LI", 3) == [Favourite(STOCK.stock_id, tx.request(3).reason)]
        and tx.favourites_of("nobody", 3) == []
    ),
    "requests_of": lambda tx: ids(tx.requests_of("U0LI", 2)) == [3, 2],
    "pending_requests": lambda tx: ids(tx.pending_requests(9)) == [1],
    "held_requests": lambda tx: ids(tx.held_requests(9)) == [],
    "follower_of": lambda tx: tx.follower_of(1) is None,
    "undos_of": lambda tx: tx.undos_of(1) == [],
    "pause": lambda tx: tx.pause() is None,
    "find_requests": lambda tx: (
        [
            (found.request.id, found.approvers)
            for found in tx.find_requests(Filter(texts=("parcel",)), limit=2)
        ]
        == [(3, ("U0WANG",)), (2, ("U0WANG",))]
        and [found.request.id for found in tx.find_requests(Filter(agent="U0LI"), below=2, limit=9)] == [1]
    ),
    "find": lambda tx: (
        [found.request.id for found in tx.find(Filter(agent="U0LI"), below=2, limit=9)] == [1]  # type: ignore[union-attr]  # requests
        and [event.request_id for event in tx.find(Filter(tag=Tag.REQUEST_CREATED), limit=2)] == [3, 2]  # type: ignore[union-attr]  # events
    ),
    "events_of_found": lambda tx: (
        {event.request_id for event in tx.events_of_found(Filter(openid="another-customer-1"), limit=9)}
        == {3}
        and [event.seq for event in tx.events_of_found(Filter(), limit=1)] == [tx.head()[0]]
    ),
    "find_events": lambda tx: (
        [event.request_id for event in tx.find_events(Filter(tag=Tag.REQUEST_APPROVED), limit=9)] == [3, 2]
    ),
    "count_found": lambda tx: (
        [
            tx.count_found(Filter(state=State.PENDING), most=9),
            tx.count_found(Filter(), most=2),
            tx.count_found(Filter(tag=Tag.REQUEST_CREATED), most=9),
        ]
        == [1, 2, 3]
    ),
    "find_and_count": lambda tx: (
        tx.find_and_count(Filter(), below=3, limit=1, most=2)
        == (tx.find(Filter(), below=3, limit=1), tx.count_found(Filter(), most=2))
    ),
    "console_link": lambda tx: (
        (tx.console_link("d1"), tx.console_link("d2"))
        == (ConsoleLink(person="U0FIN", made_at=NOW, expires_at=NOW + 600, used_at=None), None)
    ),
    "head": lambda tx: tx.head() == (tx.head()[0], tx.hash_of(tx.head()[0])) and tx.head()[0] > 5,
    "hash_of": lambda tx: (
        tx.hash_of(0) == GENESIS and len(tx.hash_of(1) or "") == 64 and tx.hash_of(99) is None
    ),
    "lines_with": lambda tx: (
        (tx.lines_with("oFirst-customer-of-a-file-00"), tx.lines_with("#N/A"), tx.lines_with("nobody"))
        == (1, 1, 0)
    ),
    "customer_of": lambda tx: (tx.customer_of(OPENID), tx.customer_of("nobody")) == (1, None),
    "open_requests_of_customer": lambda tx: (
        (tx.open_requests_of_customer(1), tx.open_requests_of_customer(9)) == ([1, 2], [])
    ),
    "customers_to_forget": lambda tx: tx.customers_to_forget(NOW + 9, 9) == [],
    "last_erasure": lambda tx: tx.last_erasure() == 0,
    "requests_to_remind": lambda tx: (
        [ids(tx.requests_to_remind(NOW + n, 9, NOW + m)) for n, m in ((2, 3), (3, 9), (1, 2))]
        == [[], [1], [1]]
    ),
    "next_reminder": lambda tx: tx.next_reminder() == NOW + 3,
    "due_requests": lambda tx: (
        [ids(tx.due_requests(NOW + n, 9, NOW + m)) for n, m in ((0, 1000), (1000, 9000), (0, 999))]
        == [[2], [2], [2]]
    ),
    "expired_requests": lambda tx: (
        (ids(tx.expired_requests(NOW + 4, 9)), ids(tx.expired_requests(NOW + 5, 9))) == ([], [1])
    ),
    "next_send_due": lambda tx: tx.next_send_due() == NOW + 6,
    "highest_number": lambda tx: tx.highest_number() == 3,
    "may_be_posted": lambda tx: not tx.may_be_posted("card:1"),
    "asked_for_by": lambda tx: (
        [tx.asked_for_by(*asked) for asked in (("U0LI", NOW, 2), ("U0LI", NOW + 1, 3), ("U0SUN", 0, 3))]
        == [Used(2, 2000), Used(), Used()]
    ),
    "asked_ahead": lambda tx: (tx.asked_ahead(NOW - 1), tx.asked_ahead(NOW)) == (NOW, None),
    "next_expiry": lambda tx: tx.next_expiry() == NOW + 5,
    "stopped_stocks": lambda tx: list(tx.stopped_stocks()) == [],
    "interrupted_requests": lambda tx: (
        [ids(tx.interrupted_requests(NOW + n, NOW + m)) for n, m in ((5, 6), (6, 9), (0, 5))]
        == [[], [3], [3]]
    ),
    "lease_clock": lambda tx: tx.lease_clock() == NOW,
    "open_clicks": lambda tx: [click.person for click in tx.open_clicks(9)] == ["U0WANG"],
    "due_posts": lambda tx: (
        [delivery.metadata_id for delivery in tx.due_posts(PostKind.CARD, NOW, 9)] == ["1.card:1"]
    ),
    "waiting_posts": lambda tx: (
        tx.waiting_posts() == {PostKind.CARD: Backlog(1, NOW), PostKind.REPLY: Backlog(1, NOW)}
    ),
    "next_post_due": lambda tx: (tx.next_post_due(NOW), tx.next_post_due(NOW + 50)) == (NOW + 50, None),
    **ports_of_batches.READS,
    **ports_of_coupons.READS,
    **test_weeks.READS,
    **ports_of_absences.READS,
    "was_reminded_without_list": was_told_of_a_year,
}
