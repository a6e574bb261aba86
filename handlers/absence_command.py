"""`/coupon away` and `/coupon back`: read, one durable commit, the answer."""

from __future__ import annotations

from coupons.absence_desk import AbsenceDesk, NotAway
from coupons.ports import Clock, Ledger
from handlers.absence_words import Away
from handlers.until import Unclear, read_until
from handlers.views import absence_replies
from handlers.views.message import Message
from handlers.views.words import Words


class AbsenceCommand:
    """What it raises is the listener's to tell."""

    def __init__(self, *, desk: AbsenceDesk, ledger: Ledger, clock: Clock) -> None:
        self._desk = desk
        self._ledger = ledger
        self._clock = clock

    async def away(self, words: Words, typed: Away, person: str) -> Message:
        """Raises DirectoryUnavailable, StorageUnavailable."""
        if typed.unknown:
            return absence_replies.unknown_deputy(words, typed.unknown)
        if len(typed.people) > 1:
            return absence_replies.several_deputies(words, typed.people)
        until = read_until(typed.until, self._clock())
        if isinstance(until, Unclear):
            own = await self._ledger.read(lambda rows: rows.absence(person))
            return absence_replies.unclear(words, until, own)
        deputy = typed.people[0] if typed.people else None
        handed = await self._desk.begin(person, until=until, deputy=deputy)
        if isinstance(handed, NotAway):
            return absence_replies.not_away(words, handed, deputy)
        return absence_replies.away(words, handed)

    async def back(self, words: Words, person: str) -> Message:
        """As `away`."""
        ended = await self._desk.end(person)
        if isinstance(ended, NotAway):
            return absence_replies.not_away(words, ended, None)
        return absence_replies.back(words, ended)
