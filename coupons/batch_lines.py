"""What sending asks of a batch before a line of it begins, and what a settled line does to its batch.

Lines have no card and no thread: their batch's card counts them, drawn once for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from coupons.batch_events import BatchPaused
from coupons.batches import Batch, BatchState, move_batch
from coupons.lifecycle import FINAL
from coupons.model import Request, State
from coupons.ports import Records, Transaction
from coupons.posts import LATE_LINES_MS, Post, PostKind
from coupons.recording import SYSTEM, Recorded

#: Between two drawings of the card of a batch that runs.
DRAWN_EVERY_MS: Final = 5_000


def may_begin(rows: Records, request: Request) -> bool:
    """Of a line: by its batch's state at this moment."""
    if request.batch is None:
        return True
    batch = rows.batch(request.batch)
    return batch is not None and _lets_begin(batch, request)


def _lets_begin(batch: Batch, line: Request) -> bool:
    if batch.state is BatchState.RUNNING:
        return True
    # What had begun when its batch was cancelled is found out by repeating it, and what somebody sends again
    # after the end of its batch is sent.
    over = batch.state in {BatchState.DONE, BatchState.CANCELLED} and not batch.result_promised
    return over and (batch.state is BatchState.DONE or line.attempts > 0)


def approvals_of_batch(rows: Records, request: Request) -> Sequence[Recorded]:
    """The events that tell of its batch's approvals; none outside a batch."""
    if request.batch is None:
        return ()
    events = (rows.event(each.seq) for each in rows.batch_approvals(request.batch))
    return [event for event in events if event is not None]


def draw_batch(tx: Transaction, batch_id: int) -> None:
    """Its card, once for all that happens in a few seconds.

    Slack takes some fifty changes of messages a minute in all, and other cards need theirs.
    """
    tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch_id), DRAWN_EVERY_MS)


def promise_result(tx: Transaction, batch: Batch, *, after_ms: int = 0) -> None:
    """To its requester, and into the thread of its card: by that channel's name, so that whatever else the
    channel waits for waits for no file.
    """
    result = Post(kind=PostKind.RESULT, request_id=None, batch=batch.id)
    tx.post(replace(result, person=batch.requester), after_ms)
    if batch.card_channel is not None:
        tx.post(replace(result, channel=batch.card_channel), after_ms)


def line_has_ended(tx: Transaction, line: Request) -> None:
    """A line that waited for a person: where its batch's result was told, that says something else of it."""
    batch = None if line.batch is None else tx.batch(line.batch)
    if batch is not None and batch.result_promised and line.state in FINAL:
        promise_result(tx, batch, after_ms=LATE_LINES_MS)


def line_was_settled(tx: Transaction, line: Request, *, now: int) -> None:
    """Where WeChat Pay said no, and not finally, it would say so to the others too: the batch is paused.

    They are told once, and the lines that are held go on when somebody resumes it (`held_of_batch`).
    """
    assert line.batch is not None  # noqa: S101 - who calls this asked
    draw_batch(tx, line.batch)
    line_has_ended(tx, line)
    batch = tx.batch(line.batch)
    if batch is None or batch.state is not BatchState.RUNNING:
        return
    if line.state is State.HELD and line.attempts > 0 and line.open_attempts == 0:
        tx.save_batch(batch, move_batch(batch, BatchState.PAUSED, now=now, closed_by=None))
        seq = tx.append(BatchPaused(batch=batch.id, code=line.problem).done_by(SYSTEM))
        tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))


def line_is_sent_again(tx: Transaction, line: Request) -> None:
    """By a person. A batch that is over has another result then, which is told when that line has ended."""
    assert line.batch is not None  # noqa: S101 - who calls this asked
    batch = tx.batch(line.batch)
    if batch is not None and batch.result_promised:
        tx.save_batch(batch, replace(batch, result_promised=False))
    draw_batch(tx, line.batch)
