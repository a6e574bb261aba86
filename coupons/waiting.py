"""From when a request's or a batch's waiting is counted, where the clock was ahead when it was asked for."""

from __future__ import annotations

from coupons.batch_lines import draw_batch
from coupons.clock_watch import JUMP_MS
from coupons.ports import Transaction
from coupons.posts import Post, PostKind


def set_waiting_right(tx: Transaction, *, now: int) -> int:
    """What waits from a time yet to come has its whole time from `now`, which is believed; returns how many.

    It would else expire, and be called to mind, as much later as the clock was ahead.
    """
    moved = tx.set_waiting_right(now, now + JUMP_MS)
    for request_id in moved:
        # The card says when it expires.
        tx.post(Post(kind=PostKind.CARD, request_id=request_id))
    batches = tx.set_batches_right(now, now + JUMP_MS)
    for batch_id in batches:
        draw_batch(tx, batch_id)
    return len(moved) + len(batches)
