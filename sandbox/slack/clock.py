"""Time as the workspace sees it: seconds since 1970, replaceable so that half an hour passes in a test."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], float]


class ManualClock:
    """A clock that stands still until told. Only `ts`, trigger ids, response URLs and rate limits read it;
    the three seconds for an acknowledgement and slow answers are real time."""

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


def zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where the machine does not know it."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return ZoneInfo("UTC")
