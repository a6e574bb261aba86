"""What each change of `coupons.ports` does to the rows of `seed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coupons.errors import RowChanged
from coupons.events import Tag
from coupons.model import Approval, Lease, Pause
from coupons.ports import Transaction
from coupons.posts import PostKind
from coupons.recording import Event
from tests.storage import ports_of_absences, ports_of_batches, ports_of_coupons
from tests.storage.ports_read import first_post, ids
from tests.storage.records import (
    NOW,
    OPENID,
    a_click,
    a_draft,
    begin_posting,
    card,
    create,
)


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
