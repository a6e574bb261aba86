"""A settlement becomes rows, events and what Slack is told, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.batch_lines import line_was_settled
from coupons.events import Tag
from coupons.lifecycle import FINAL
from coupons.model import Request, State
from coupons.outcome import Kind
from coupons.permissions import LOOKUPS_BEFORE_CLOSING
from coupons.ports import Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event
from coupons.replies import reply
from coupons.settling import Settlement
from coupons.undoing import ENDS_OF_UNDO, undo_has_ended

#: From so long a pause on, the card says that the bot waits, and is drawn anew at both its ends.
SHOWN_PAUSE_MS = 15_000

#: Events that people are told in the card's thread, and those that the requester gets as a direct message.
_THREAD_TAGS = frozenset({Tag.REQUEST_SENT, Tag.REQUEST_REFUSED, Tag.REQUEST_HELD, Tag.REQUEST_UNKNOWN})
_DIRECT_TAGS = _THREAD_TAGS - {Tag.REQUEST_UNKNOWN} | ENDS_OF_UNDO


def write_settlement(
    tx: Transaction, before: Request, settlement: Settlement, *, now: int, of_merchant: bool = False
) -> Request:
    """Save it, append its events, and promise what people are told. Raises RowChanged.

    `of_merchant`: what holds it would hold the requests of every stock. A line of a batch has no card
    and no thread: the batch's own card counts it.
    """
    saved = tx.save(before, settlement.after)
    alone = saved.batch is None
    if alone and (saved.state is not before.state or saved.state is State.HELD):
        # Before the thread: who opens it must find the card saying the same.
        tx.post(Post(kind=PostKind.CARD, request_id=saved.id))
    elif alone and saved.due_at is not None and saved.due_at - now >= SHOWN_PAUSE_MS:
        tx.post(Post(kind=PostKind.REDRAW, request_id=saved.id))
    if not alone:
        tx.append_all(settlement.events)
        line_was_settled(tx, saved, now=now, of_merchant=of_merchant)
        return saved
    for event in settlement.events:
        seq = tx.append(event)
        if event.tag in ENDS_OF_UNDO:
            undo_has_ended(tx, saved, seq)
        if event.tag in _THREAD_TAGS or _calls_for_people(event, saved):
            reply(tx, saved.id, seq)
        if event.tag in _DIRECT_TAGS:
            tx.post(Post(kind=PostKind.DIRECT, request_id=saved.id, seq=seq, person=saved.requester))
    return saved


def write_lines(tx: Transaction, settled: Sequence[tuple[Request, Settlement]], *, now: int) -> None:
    """The same for many lines of batches, none of which is held, at once. Raises RowChanged."""
    saved = tx.save_all([(before, settlement.after) for before, settlement in settled])
    tx.append_all([event for _, settlement in settled for event in settlement.events])
    for line in saved:
        line_was_settled(tx, line, now=now, of_merchant=False)


def _calls_for_people(event: Event, request: Request) -> bool:
    if event.tag == Tag.COUPON_LOOKED_UP:
        return request.state is State.HELD and request.absent_looks >= LOOKUPS_BEFORE_CLOSING
    # Nothing looks any more at what has ended, and it ended without this coupon.
    done = event.tag == Tag.ATTEMPT_LATE and event.detail.get("kind") in {Kind.SENT, Kind.UNDONE}
    return done and request.state in FINAL - {State.SENT, State.UNDONE}
