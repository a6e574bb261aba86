"""The buttons under a batch's card. Slack shows one card to everybody: who may is judged at the click."""

from __future__ import annotations

from coupons.batches import Batch, BatchState, Progress
from coupons.recording import SYSTEM
from handlers.views.message import Block, actions, button, confirm
from handlers.views.words import Words


def buttons(words: Words, batch: Batch, progress: Progress) -> list[Block]:
    """None where nothing can be done any more."""
    match batch.state:
        case BatchState.PENDING:
            shown = [
                _approve(words, batch),
                button(words("Decline"), "decline_batch", str(batch.id), style="danger"),
                button(words("Strike lines out"), "strike_lines", str(batch.id)),
                _withdraw(words, batch),
            ]
        case BatchState.APPROVED:
            shown = [_cancel(words, batch, progress)]
        case BatchState.RUNNING:
            shown = [_pause(words, batch), _cancel(words, batch, progress)]
        case BatchState.PAUSED:
            # Where it was paused for a stock alone, the others are still sent.
            stop = [_pause(words, batch)] if batch.closed_by is None else []
            shown = [_resume(words, batch, progress), *stop, _cancel(words, batch, progress)]
        case _:
            return []
    # Without it Slack gives the block a new id at each drawing, and who confirms while the card is drawn anew
    # would press what is no longer there.
    return [actions(*shown, block_id=f"batch:{batch.id}")]


def _approve(words: Words, batch: Batch) -> Block:
    sure = confirm(
        words("Approve {value}?", value=words.money(batch.value_fen)),
        words.plural(
            "1 coupon out of batch {batch}. With the last approval needed, it goes out at once and cannot be "
            "called back.",
            "{n} coupons out of batch {batch}. With the last approval needed, they begin to go out at once; "
            "what is sent cannot be called back.",
            batch.size,
            batch=batch.id,
        ),
        yes=words("Approve"),
        no=words("Not yet"),
    )
    return button(words("Approve"), "approve_batch", str(batch.id), style="primary", confirm=sure)


def _withdraw(words: Words, batch: Batch) -> Block:
    sure = confirm(
        words("Withdraw batch {batch}?", batch=batch.id),
        words("It ends, and none of its customers gets a coupon from it. Its requester and approvers may."),
        yes=words("Withdraw"),
        no=words("Not yet"),
    )
    return button(words("Withdraw"), "cancel_batch", str(batch.id), confirm=sure)


def _cancel(words: Words, batch: Batch, progress: Progress) -> Block:
    waiting = progress.states.get("approved", 0) + progress.states.get("pending", 0)
    sure = confirm(
        words("Cancel the rest of batch {batch}?", batch=batch.id),
        words.plural(
            "About 1 line has not begun: its customer gets no coupon from this batch. What was sent stays "
            "sent, and what has begun ends by itself.",
            "About {n} lines have not begun: their customers get no coupon from this batch. What was sent "
            "stays sent, and what has begun ends by itself.",
            waiting,
        ),
        yes=words("Cancel the rest"),
        no=words("Not yet"),
    )
    return button(words("Cancel the rest"), "cancel_batch", str(batch.id), style="danger", confirm=sure)


def _pause(words: Words, batch: Batch) -> Block:
    sure = confirm(
        words("Pause batch {batch}?", batch=batch.id),
        words("No further line begins until somebody resumes it. What is under way ends by itself."),
        yes=words("Pause"),
        no=words("Not yet"),
    )
    return button(words("Pause"), "pause_batch", str(batch.id), confirm=sure)


def _resume(words: Words, batch: Batch, progress: Progress) -> Block:
    held = progress.states.get("held", 0)
    warning = ""
    if held and batch.closed_by in {None, SYSTEM}:
        warning = words("Resume it only once the cause has been put right.")
    sure = confirm(
        words("Resume batch {batch}?", batch=batch.id),
        words.sentences(
            words("Lines go out again. Held ones are sent again with the same out_request_no."), warning
        ),
        yes=words("Resume"),
        no=words("Not yet"),
    )
    return button(words("Resume"), "resume_batch", str(batch.id), style="primary", confirm=sure)
