"""What a person approved and declined lately, as it stands now, on Home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coupons.batches import Batch
from coupons.events import Tag
from coupons.model import Request
from coupons.recording import Recorded
from handlers.views import batch_standing
from handlers.views.message import Block, section
from handlers.views.state_words import line_of
from handlers.views.words import Words


@dataclass(frozen=True, slots=True)
class Decided:
    """One's own yes or no, and what it was about."""

    event: Recorded
    about: Request | Batch


def decided(words: Words, rows: Sequence[Decided]) -> list[Block]:
    """No blocks without any."""
    if not rows:
        return []
    lines = [f"*{words('Decided by you in the last 7 days')}*", *(_line(words, row) for row in rows)]
    return [section("\n".join(lines))]


def _line(words: Words, row: Decided) -> str:
    about = row.about
    line = batch_standing.line_of(words, about) if isinstance(about, Batch) else line_of(words, about)
    time = words.moment(row.event.ts)
    if row.event.tag == Tag.APPROVAL_GIVEN:
        return words("{line}. You approved it {time}.", line=line, time=time)
    if row.event.tag == Tag.APPROVAL_WITHDRAWN:
        return words("{line}. You took your approval back {time}.", line=line, time=time)
    return words("{line}. You declined it {time}.", line=line, time=time)
