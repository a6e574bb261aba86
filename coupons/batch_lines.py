"""What sending asks of a batch before a line of it begins, and what a settled line does to its batch.

Lines have no card and no thread: their batch's card counts them, drawn once for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from coupons.batch_events import BatchCancelled, BatchPaused, BatchResumed
from coupons.batches import Batch, BatchState, move_batch
from coupons.events import RequestRetried, RequestUrged
from coupons.lifecycle import FINAL, move
from coupons.model import Request, State
from coupons.permissions import URGE_PAUSE_MS, YES, Decision, Reason
from coupons.ports import Reading, Records, Transaction
from coupons.posts import LATE_LINES_MS, Post, PostKind
from coupons.recording import SYSTEM, Event, Recorded

#: Between two drawings of the card of a batch that runs.
DRAWN_EVERY_MS: Final = 5_000
_MOST_OPEN: Final = 1_000
#: More than are ever on the wire at once.
_MOST_HELD: Final = 10_000


def may_begin(rows: Reading, request: Request) -> bool:
    """Of a line: by its batch's state at this moment."""
    if request.batch is None:
        return True
    batch = rows.batch(request.batch)
    return batch is not None and _lets_begin(rows, batch, request)


def _lets_begin(rows: Reading, batch: Batch, line: Request) -> bool:
    if batch.state is BatchState.RUNNING:
        return True
    if batch.state is BatchState.PAUSED and batch.closed_by is None:
        return line.stock_id not in rows.stopped_stocks()
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


def line_was_settled(tx: Transaction, line: Request, *, now: int, of_merchant: bool) -> None:
    """Where WeChat Pay said no, and not finally, it would say so to the others of its stock too.

    `of_merchant`: to those of every stock. The batch is paused for that; people are told once for each stock,
    and the lines that are held go on when somebody resumes it (`held_of_batch`).
    """
    assert line.batch is not None  # noqa: S101 - who calls this asked
    draw_batch(tx, line.batch)
    line_has_ended(tx, line)
    batch = tx.batch(line.batch)
    if batch is None or line.state is not State.HELD:
        return
    if not of_merchant and (line.attempts == 0 or line.open_attempts):
        return
    by, code = (SYSTEM, line.problem) if of_merchant else (None, "")
    if batch.state is BatchState.RUNNING:
        tx.save_batch(batch, move_batch(batch, BatchState.PAUSED, now=now, closed_by=by, pause_code=code))
    elif batch.state is not BatchState.PAUSED:
        return
    elif of_merchant and not batch.pause_code:
        tx.save_batch(batch, replace(batch, closed_by=batch.closed_by or by, pause_code=code))
    is_known = batch.closed_by is not None or (not of_merchant and _is_known_to_be_held(tx, line))
    if batch.state is BatchState.PAUSED and is_known:
        # People know that it stands still, or this stock of it.
        return
    stock_id = None if of_merchant else line.stock_id
    _tell(tx, batch, BatchPaused(batch=batch.id, code=line.problem, stock_id=stock_id).done_by(SYSTEM))


def _is_known_to_be_held(tx: Transaction, line: Request) -> bool:
    others = (each for each in tx.held_of_batch(line.batch or 0) if each.id != line.id)
    return any(each.stock_id == line.stock_id for each in others)


def resume_batch(tx: Transaction, batch: Batch, person: str, *, now: int) -> None:
    """A paused one goes on, and what is held is sent again under the same numbers."""
    # No more than were on the wire when it was paused. Where WeChat Pay does not know who asks, it signs no
    # answer: such an attempt counts as one that may have given the coupon, and is repeated all the same.
    of_merchant = (
        tx.requests_of_batch(batch.id, state=State.HELD, limit=_MOST_HELD) if batch.pause_code else ()
    )
    held = {line.id: line for line in tx.held_of_batch(batch.id)}
    held |= {line.id: line for line in of_merchant if line.problem == batch.pause_code}
    for line in held.values():
        tx.save(line, move(line, State.APPROVED, now=now, due_at=now, look_at=None, tries=0, absent_looks=0))
        tx.append(RequestRetried().done_by(person, line.id))
    running = move_batch(batch, BatchState.RUNNING, now=now, closed_by=None, pause_code="")
    tx.save_batch(batch, running)
    _tell(tx, batch, BatchResumed(batch=batch.id, retried=len(held)).done_by(person))


def resume_those_of_merchant(tx: Transaction, person: str, *, now: int) -> None:
    """Somebody resumed sending, since the merchant's fault was put right: what it paused goes on."""
    for batch in tx.open_batches(_MOST_OPEN):
        if batch.state is BatchState.PAUSED and batch.closed_by == SYSTEM:
            resume_batch(tx, batch, person, now=now)


def may_urge_batch(batch: Batch, person: str, *, now: int) -> Decision:
    """As `may_urge`."""
    if person != batch.requester:
        return Decision(Reason.NOT_REQUESTER)
    if batch.state is not BatchState.PENDING:
        return Decision(Reason.TOO_LATE)
    # A time yet to come is a clock's that was ahead.
    soon = batch.urged_at is not None and 0 <= now - batch.urged_at < URGE_PAUSE_MS
    return Decision(Reason.TOO_SOON) if soon else YES


def urge_batch(tx: Transaction, batch: Batch, *, now: int) -> None:
    """Its approvers are called in the thread of its card."""
    tx.save_batch(batch, replace(batch, urged_at=now))
    seq = tx.append(RequestUrged(batch=batch.id).done_by(batch.requester))
    tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))


def line_was_withdrawn(tx: Transaction, line: Request, *, now: int) -> None:
    """By its requester, before it had begun. What waits for approval is worth as much less."""
    assert line.batch is not None  # noqa: S101 - who calls this asked
    batch = tx.batch(line.batch)
    if batch is None or batch.state is not BatchState.PENDING:
        return
    left = replace(
        batch,
        size=batch.size - 1,
        value_fen=batch.value_fen - line.value_fen,
        left_out=batch.left_out + 1,
    )
    if left.size:
        tx.save_batch(batch, left)
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
        return
    tx.save_batch(batch, move_batch(left, BatchState.CANCELLED, now=now, closed_by=line.requester))
    _tell(tx, batch, BatchCancelled(batch=batch.id).done_by(line.requester))


def draw_others(tx: Transaction, batch: Batch) -> None:
    """Their cards say which of their stocks wait for this batch."""
    for other in tx.open_batches(_MOST_OPEN):
        if other.id != batch.id and other.state in {BatchState.RUNNING, BatchState.PAUSED}:
            draw_batch(tx, other.id)


def _tell(tx: Transaction, batch: Batch, event: Event) -> None:
    draw_others(tx, batch)
    tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
    seq = tx.append(event)
    tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))


def line_is_sent_again(tx: Transaction, line: Request) -> None:
    """By a person. A batch that is over has another result then, which is told when that line has ended."""
    assert line.batch is not None  # noqa: S101 - who calls this asked
    batch = tx.batch(line.batch)
    if batch is not None and batch.result_promised:
        tx.save_batch(batch, replace(batch, result_promised=False))
    draw_batch(tx, line.batch)
