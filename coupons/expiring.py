"""Closes what nobody decided in time; the due times are in the database, so a restart loses none."""

from __future__ import annotations

from functools import partial

from coupons.clock_watch import JUMP_MS, ClockWatch
from coupons.desk import Desk
from coupons.loops import Bell, Loop, OnTrouble
from coupons.model import Pause
from coupons.ports import Ledger, Reading


class Expirer(Loop):
    """A pause of sending stops that time, and nothing is closed by a clock that is in doubt."""

    def __init__(
        self, *, ledger: Ledger, desk: Desk, clock: ClockWatch, bell: Bell, on_trouble: OnTrouble
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._desk = desk
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return True

    async def step(self) -> float | None:
        """Close all that are due."""
        while (now := self._clock.sure()) is not None:
            due, ahead, paused = await self._ledger.read(partial(_due, now=now))
            if ahead is None:
                if paused is not None or due is None:
                    break
                if due > now:
                    return (due - now) / 1000 + 0.001
            if not await self._desk.expire(now):
                break
        return None


def _due(rows: Reading, *, now: int) -> tuple[int | None, int | None, Pause | None]:
    """The next expiry, the first that waits from a time yet to come, and whether sending is paused."""
    return rows.next_expiry(), rows.asked_ahead(now + JUMP_MS), rows.pause()
