"""Each method of the storage ports, found by looking at the Protocols, does its one thing on a real file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from coupons.audit_words import Filter
from coupons.batch import AskedLately
from coupons.errors import RowChanged
from coupons.events import RequestReminded, Tag
from coupons.lifecycle import move
from coupons.model import Approval, ConsoleLink, Favourite, History, Lease, Pause, State
from coupons.ports import Ledger, Reading, Transaction
from coupons.posts import Backlog, Post, PostKind
from coupons.recording import SYSTEM, Event
from coupons.rules import Used
from coupons.totals import Scope, Total
from storage.audit import GENESIS
from storage.ledger import SqliteLedger
from tests.storage import ports_of_absences, ports_of_batches, ports_of_coupons, test_weeks
from tests.storage.records import (
    DAY,
    NOW,
    OPENID,
    STOCK,
    Time,
    a_click,
    a_draft,
    approve,
    begin_posting,
    card,
    create,
)


def public(protocol: type) -> set[str]:
    return {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}


#: Of the Protocols that it is made of.
QUESTIONS = set[str]().union(*map(public, Reading.__mro__))
CHANGING = set[str]().union(*map(public, Transaction.__mro__)) - QUESTIONS


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


def saves(tx: Transaction) -> bool:
    before = tx.request(1)
    assert before is not None
    saved = tx.save(before, replace(before, problem="NO_AUTH"))
    return saved == replace(before, problem="NO_AUTH", rev=before.rev + 1) == tx.request(1)


def saves_all(tx: Transaction) -> bool:
    """Of two requests, what `save` would; and none of them where one has changed meanwhile."""
    pairs = []
    for number, changes in ((1, {"problem": "NO_AUTH", "due_at": NOW}), (2, {"problem": "“NO”", "tries": 3})):
        before = tx.request(number)
        assert before is not None
        pairs.append((before, replace(before, **changes)))  # type: ignore[arg-type]  # fields of it
    saved = tx.save_all(pairs)
    with pytest.raises(RowChanged):
        tx.save_all(pairs)
    return (
        list(saved)
        == [replace(after, rev=before.rev + 1) for before, after in pairs]
        == [tx.request(1), tx.request(2)]
    )


def waiting(tx: Transaction) -> tuple[int, int, int | None]:
    """From when, until when, and when the first request is called to mind."""
    request = tx.request(1)
    assert request is not None
    return request.waits_from - NOW, request.expires_at - NOW, request.remind_at and request.remind_at - NOW


def begins_numbers_above(tx: Transaction) -> bool:
    tx.begin_numbers_above(41)
    return create(tx, "cb9").id == tx.highest_number() == 42


def redraws_open_cards(tx: Transaction) -> bool:
    """#2's card stands, #1's is promised and #3's is not even that."""
    tx.set_card(2, "C0APPROVE", "1.0")
    tx.redraw_open_cards()
    found = [
        (kind, each.post.request_id, each.version)
        for kind in (PostKind.CARD, PostKind.REDRAW)
        for each in tx.due_posts(kind, NOW, 9)
    ]
    return found == [(PostKind.CARD, 1, 2), (PostKind.CARD, 3, 1), (PostKind.REDRAW, 2, 1)]


def changes_what_waits_alone(tx: Transaction) -> bool:
    """A request that waits becomes one for another stock; one that was approved never does."""
    waits, approved = tx.request(1), tx.request(2)
    assert waits is not None
    assert approved is not None
    other = {"stock_id": "9300", "value_fen": 300, "body": b"other", "raised": ("stock_limit",), "offer": 7}
    changed = tx.change_stock(waits, replace(waits, **other))  # type: ignore[arg-type]  # by name
    with pytest.raises(RowChanged):
        tx.change_stock(approved, replace(approved, **other))  # type: ignore[arg-type]  # by name
    with pytest.raises(RowChanged):
        tx.change_stock(waits, replace(waits, **other))  # type: ignore[arg-type]  # by name
    return changed == tx.request(1) and (changed.stock_id, changed.rev) == ("9300", waits.rev + 1)


def resumes_waiting(tx: Transaction) -> bool:
    """Paused from 2 to 102 after it was asked for; then before it was; then since an unknown time."""
    seen = []
    for now, since in ((102, 2), (150, 90), (1000, 0)):
        tx.resume_waiting(NOW + now, NOW + since if since else 0)
        seen.append(waiting(tx))
    return seen == [(100, 105, 103), (150, 155, 153), (1000, 1005, 1003)]


def sets_waiting_right(tx: Transaction) -> bool:
    none = tx.set_waiting_right(NOW - 50, NOW)
    untouched = waiting(tx)
    moved = tx.set_waiting_right(NOW - 50, NOW - 1)
    return (none, untouched, moved, waiting(tx)) == ([], (0, 5, 3), [1], (-50, -45, -47))


def closes_a_lane(tx: Transaction) -> bool:
    tx.take_lease("lane /", "here-1", 5)
    tx.close_lane("lane /", NOW + 9)
    return tx.take_lease("lane /", "here-1", 5) == Lease("here-1", 1, NOW + 5, NOW + 9)


def starts_posting(tx: Transaction) -> bool:
    """If it is there, and by the holder of the lane alone."""
    tx.take_lease("lane /", "here-1", 5)
    tries = ((9, "lane /", "here-1"), (1, "lane /", "there-2"), (1, "lane x", "here-1"))
    assert not any(tx.start_posting(*each) for each in tries)
    assert not first_post(tx).maybe_posted
    assert tx.start_posting(1, "lane /", "here-1")
    return first_post(tx).maybe_posted is tx.may_be_posted("card:1") is True


def was_not_posted(tx: Transaction) -> bool:
    assert begin_posting(tx, 1)
    tx.not_posted(1)
    return first_post(tx).maybe_posted is False


def puts_off(tx: Transaction) -> bool:
    tx.put_post_off(1, NOW + 7)
    return not tx.due_posts(PostKind.CARD, NOW + 6, 9) and first_post(tx, NOW + 7).tries == 1


def posts(tx: Transaction) -> bool:
    tx.post(card(2))
    tx.post(card(3), after_ms=5)
    found = [[delivery.post for delivery in tx.due_posts(PostKind.CARD, NOW + n, 9)] for n in (4, 5)]
    return found == [[card(1), card(2)], [card(1), card(2), card(3)]]


def recalls_a_post(tx: Transaction) -> bool:
    """#1's reply waits; its card is being posted."""
    assert begin_posting(tx, 1)
    result = [tx.recall_post(key) for key in ("card:1", "step:1", "step:1", "step:9")]
    return result == [False, True, False, False] and set(tx.waiting_posts()) == {PostKind.CARD}


def keeps_a_notice_once(tx: Transaction) -> bool:
    result = [
        tx.add_notification(stock_id="s", coupon_code="c", event="COUPON.SEND", at=NOW) for _ in range(2)
    ]
    return result == [True, False]


def pauses(tx: Transaction) -> bool:
    result = []
    for pause in (Pause("U0WANG", NOW, "stock is wrong"), Pause("U0ZHAO", NOW + 1, ""), None, None):
        tx.set_pause(pause)
        result.append(tx.pause() == pause)
    return all(result)


def sets_card(tx: Transaction) -> bool:
    before = tx.request(1)
    assert before is not None
    tx.set_card(1, "C0APPROVE", "1795400000.000100")
    return tx.request(1) == replace(before, card_channel="C0APPROVE", card_ts="1795400000.000100")


def appends(tx: Transaction) -> bool:
    seq = tx.append(Event(Tag.BOT_STARTED, "system", None, {"version": "0.1.0", "notes": [None, True, "¥"]}))
    event = tx.event(seq)
    return event is not None and (event.ts, event.detail["notes"]) == (NOW, [None, True, "¥"])


def appends_all(tx: Transaction) -> bool:
    events = [Event(Tag.BOT_STARTED, "system", None, {"version": each}) for each in ("0.1.0", "“0.2.0”")]
    last, none = tx.append_all(events), tx.append_all([])
    found = [tx.event(seq) for seq in (last - 1, last)]
    return none == last and [each and each.detail["version"] for each in found] == ["0.1.0", "“0.2.0”"]


def adds_a_console_link(tx: Transaction) -> bool:
    tx.add_console_link(digest="d2", person="U0FIN", made_at=NOW, expires_at=NOW + 1)
    found = tx.console_link("d2")
    return found is not None and found.expires_at == NOW + 1


def erases(tx: Transaction) -> bool:
    had = tx.erase_customer(1)
    return (had, tx.customer_of(OPENID), tx.request(1).openid, tx.request(1).body) == (  # type: ignore[union-attr]  # seeded
        2,
        None,
        "erased:1",
        b"",
    )


def erases_lines(tx: Transaction) -> bool:
    tx.erase_lines("oFirst-customer-of-a-file-00")
    return tx.lines_with("oFirst-customer-of-a-file-00") == 0 and [
        (each.row, each.problem) for each in tx.left_out_of(1, 9)
    ] == [(2, "erased"), (4, "error")]


def uses_a_console_link_once(tx: Transaction) -> bool:
    result = [
        tx.use_console_link("d1", NOW + 5),
        tx.use_console_link("d1", NOW + 6),
        tx.use_console_link("d9", 1),
    ]
    found = tx.console_link("d1")
    return result == [True, False, False] and found is not None and found.used_at == NOW + 5


def renews_an_attempt(tx: Transaction) -> bool:
    """Only the one that runs, and only its owner's."""
    running = tx.request(3)
    assert running is not None
    for other in (replace(running, attempts=1), replace(running, running_by="there-1")):
        tx.renew_attempt(other, NOW + 9)
    untouched = tx.request(3) == running
    tx.renew_attempt(running, NOW + 9)
    return untouched and tx.request(3) == replace(running, running_until=NOW + 9)


def takes_a_lease(tx: Transaction) -> bool:
    taken = [
        tx.take_lease("posts", holder, ms)
        for holder, ms in (("here-1", 9), ("there-1", 9), ("here-1", 12), ("here-1", 0), ("there-1", 9))
    ]
    return taken == [
        Lease("here-1", 1, NOW + 9),
        Lease("here-1", 1, NOW + 9),
        Lease("here-1", 1, NOW + 12),
        Lease("here-1", 1, NOW),
        Lease("there-1", 2, NOW + 9),
    ] and tx.take_lease("cards", "here-1", 1) == Lease("here-1", 1, NOW + 1)


CHANGES: dict[str, Callable[[Transaction], bool]] = {
    "add_requests": lambda tx: (
        (ids([tx.add_requests([a_draft("cb4")])[0][0]]), tx.add_requests([a_draft("cb1")])[0][1])
        == ([4], False)
    ),
    "save": saves,
    "change_stock": changes_what_waits_alone,
    "remove_approval": lambda tx: (
        (tx.remove_approval(2, "U0WU"), tx.remove_approval(2, "U0WANG"), tx.approvals(2)) == (False, True, [])
    ),
    "save_all": saves_all,
    "add_approval": lambda tx: (
        (tx.add_approval(Approval(1, "U0WU", 1)), tx.add_approval(Approval(1, "U0WU", 2))) == (True, False)
    ),
    "append": appends,
    "append_all": appends_all,
    "post": posts,
    "recall_post": recalls_a_post,
    "add_click": lambda tx: (tx.add_click(a_click("new")), tx.add_click(a_click("new"))) == (True, False),
    "close_click": lambda tx: (tx.close_click(1), tx.close_click(1), tx.open_clicks(9)) == (True, False, []),
    "add_console_link": adds_a_console_link,
    "use_console_link": uses_a_console_link_once,
    "erase_customer": erases,
    "erase_lines": erases_lines,
    "add_notification": keeps_a_notice_once,
    "begin_numbers_above": begins_numbers_above,
    "redraw_open_cards": redraws_open_cards,
    "resume_waiting": resumes_waiting,
    "set_waiting_right": sets_waiting_right,
    "set_card": sets_card,
    "set_pause": pauses,
    "start_posting": starts_posting,
    "not_posted": was_not_posted,
    "finish_post": lambda tx: (tx.finish_post(1, 1), tx.due_posts(PostKind.CARD, NOW, 9)) == (True, []),
    "put_post_off": puts_off,
    "renew_attempt": renews_an_attempt,
    "take_lease": takes_a_lease,
    "close_lane": closes_a_lane,
    **ports_of_batches.CHANGES,
    **ports_of_coupons.CHANGES,
    **ports_of_absences.CHANGES,
}


def test_the_ledger_has_every_method_of_the_port() -> None:
    assert {name for name in public(Ledger) if callable(getattr(SqliteLedger, name, None))} == {
        "write",
        "read",
        "write_back",
    }


@pytest.mark.parametrize("name", sorted(QUESTIONS))
async def test_every_look_answers_in_a_read_and_in_a_write(ledger: SqliteLedger, name: str) -> None:
    await ledger.write(seed)
    assert await ledger.read(READS[name])
    assert await ledger.write(READS[name])


@pytest.mark.parametrize("name", sorted(CHANGING))
async def test_every_change_does_its_one_thing(ledger: SqliteLedger, name: str) -> None:
    await ledger.write(seed)
    assert await ledger.write(CHANGES[name])


def test_the_tables_name_nothing_that_is_gone() -> None:
    assert set(READS) == QUESTIONS
    assert set(CHANGES) == CHANGING


async def test_a_look_sees_the_writes_of_its_own_transaction(ledger: SqliteLedger, clock: Time) -> None:
    clock.now += 1
    event = await ledger.write(lambda tx: tx.events_of(create(tx).id)[0])
    assert event.ts == NOW + 1


async def test_lines_of_a_batch_are_requests_apart_from_the_others(ledger: SqliteLedger) -> None:
    await ledger.write(seed)
    await ledger.write(ports_of_batches.lines_that_are_requests)


async def test_the_lines_of_a_batch_add_up_for_its_card(ledger: SqliteLedger) -> None:
    await ledger.write(ports_of_batches.seed_batch)
    await ledger.write(ports_of_batches.sums_of_a_batch)


@pytest.mark.parametrize("asked", [ports_of_batches.batches_that_wait, ports_of_batches.an_ended_batch])
async def test_batches_wait_and_end_as_they_say(
    ledger: SqliteLedger, asked: Callable[[Transaction], None]
) -> None:
    await ledger.write(ports_of_batches.seed_batch)
    await ledger.write(asked)
