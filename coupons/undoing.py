"""What an undo does to the request whose coupon it takes back: its row, its card, its thread."""

from __future__ import annotations

from dataclasses import replace

from coupons.batch_lines import draw_batch
from coupons.coupon_lookups import coupon_was_taken_back
from coupons.events import Tag
from coupons.model import Request, State
from coupons.ports import Records, Transaction
from coupons.posts import Post, PostKind

#: What ends an undo by WeChat Pay's word.
ENDS_OF_UNDO = frozenset({Tag.UNDO_DONE, Tag.UNDO_REFUSED})


def undo_has_ended(tx: Transaction, undo: Request, seq: int) -> None:
    """By event #`seq`. Raises RowChanged."""
    sent = _sent_request(tx, undo)
    if sent is None:
        return
    if undo.state is State.UNDONE:
        tx.save(sent, replace(sent, undone_by=undo.id))
        coupon_was_taken_back(tx, sent.id, now=undo.closed_at or 0)
    tell_of_undo(tx, undo, seq)


def tell_of_undo(tx: Transaction, undo: Request, seq: int) -> None:
    """In the thread of the coupon's card, which is drawn anew. A line of a batch has no thread."""
    sent = _sent_request(tx, undo)
    if sent is None:
        return
    draw_undone(tx, undo)
    if sent.batch is None:
        tx.post(Post(kind=PostKind.REPLY, request_id=sent.id, seq=seq))


def draw_undone(tx: Transaction, undo: Request) -> None:
    """The card of the coupon says how its undo stands."""
    sent = _sent_request(tx, undo)
    if sent is None:
        return
    if sent.batch is None:
        tx.post(Post(kind=PostKind.CARD, request_id=sent.id))
    else:
        draw_batch(tx, sent.batch)


def asked_before(rows: Records, request: Request) -> str | None:
    """Of an undo, who had asked for the coupon, and so decides nothing about it; None: it is none."""
    sent = _sent_request(rows, request)
    return sent.requester if sent is not None else None


def _sent_request(rows: Records, undo: Request) -> Request | None:
    return None if undo.undoes is None else rows.request(undo.undoes)
