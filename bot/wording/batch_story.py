"""One batch for a terminal: what was asked for, what happened, and where its lines stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bot.wording.story import event_lines
from bot.wording.terminal_table import filled, plain
from coupons.model import State
from handlers.views.state_words import STATES

if TYPE_CHECKING:
    from coupons.auditing import BatchStory
    from handlers.views.words import Words

_LABEL: Final = 16


def lines(words: Words, found: BatchStory) -> Iterator[str]:
    """No line break or terminal command of anybody's words gets through, and no openid."""
    yield words("Batch {number}", number=found.batch.id)
    yield from (plain(f"  {filled(label, _LABEL)} {fact}") for label, fact in _facts(words, found))
    yield ""
    yield words("What happened, in Beijing time:")
    yield from event_lines(words, found.events)
    yield ""
    yield words(
        "`coupon-bot audit search batch:{number} --all` lists its lines, `--format csv` for a spreadsheet.",
        number=found.batch.id,
    )


def _facts(words: Words, found: BatchStory) -> Iterator[tuple[str, str]]:
    batch = found.batch
    yield words("File"), batch.file_name
    yield "SHA-256", batch.sha256
    yield words("Asked for by"), f"{batch.requester}, {words.instant(batch.submitted_at or batch.asked_at)}"
    approvers = ", ".join(approval.approver for approval in found.approvals)
    yield words("Approved by"), approvers or words("nobody")
    yield words("Value"), words.money(batch.value_fen)
    counted = (
        words("{n} {state}", n=words.number(count), state=words(STATES[State(state)]))
        for state, count in found.states.items()
    )
    yield words("Lines"), words.list(counted)
    yield words("Left out or struck out"), words.number(batch.left_out)
    if batch.decline_reason:
        yield words("Declined because"), batch.decline_reason
