"""Clocks to hand to those who ask whether a clock is to be believed."""

from __future__ import annotations

from coupons.clock_watch import ClockWatch
from coupons.ports import Clock


class SetClock:
    """In milliseconds; it stands still until it is set."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def sure(clock: Clock, *, steady: Clock | None = None) -> ClockWatch:
    """Confirmed. Without `steady` it is believed wherever it is set to."""
    watch = ClockWatch(clock, steady=steady or clock)
    watch.confirm(clock())
    return watch
