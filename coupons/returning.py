"""Ends absences whose time has come. The times are in the database, so a restart loses none."""

from __future__ import annotations

from coupons.absence import LONGEST_ABSENCE_MS
from coupons.absence_desk import AbsenceDesk
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable
from coupons.loops import Bell, Loop, OnTrouble
from coupons.ports import Ledger


class Returner(Loop):
    """None is ended by a clock that is in doubt; what lasts too long was told by one that was wrong."""

    def __init__(
        self, *, ledger: Ledger, desk: AbsenceDesk, clock: ClockWatch, bell: Bell, on_trouble: OnTrouble
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._desk = desk
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return True

    async def step(self) -> float | None:
        """End all that are over."""
        while (now := self._clock.sure()) is not None:
            due = await self._ledger.read(lambda rows: rows.next_return())
            if due is None:
                break
            if now < due <= now + LONGEST_ABSENCE_MS:
                return (due - now) / 1000 + 0.001
            try:
                if not await self._desk.end_due(now):
                    break
            except DirectoryUnavailable as error:
                # Whose cards name them is not known yet.
                self._on_trouble(error)
                return self._trouble_s
        return None
