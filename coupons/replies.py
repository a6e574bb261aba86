"""Replies in the thread of a card."""

from __future__ import annotations

from coupons.events import Tag
from coupons.ports import Transaction
from coupons.posts import Post, PostKind


def reply(tx: Transaction, request_id: int, seq: int) -> None:
    """Promise to tell this event, and in the same reply the last approval where that was not told yet.

    Slack takes about one message a second in a channel: one for both is the least that tells all.
    """
    approvals = tx.events_of(request_id, {Tag.APPROVAL_GIVEN})
    last = approvals[-1].seq if approvals else None
    if last is not None and not tx.recall_post(_post(request_id, last).key):
        last = None
    tx.post(_post(request_id, seq, last))


def _post(request_id: int, seq: int, approval_seq: int | None = None) -> Post:
    return Post(kind=PostKind.REPLY, request_id=request_id, seq=seq, approval_seq=approval_seq)
