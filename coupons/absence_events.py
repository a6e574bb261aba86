"""Events of absences: who is away until when, and who was asked to decide meanwhile."""

from __future__ import annotations

from coupons.events import Tag
from coupons.recording import Payload, Personal


class AbsenceBegan(Payload, tag=Tag.ABSENCE_BEGAN):
    """By whoever is away, in place of what was told before. `until`: UTC ms; `deputy` None: nobody."""

    until: int
    deputy: Personal[str | None] = None


class AbsenceEnded(Payload, tag=Tag.ABSENCE_ENDED):
    """`person`: whose time was over, where the bot ended it; else it was the actor, who is back."""

    person: Personal[str | None] = None
