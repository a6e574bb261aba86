"""What the rows of every subject stand on: one connection, in its caller's transaction."""

from __future__ import annotations

from typing import Any

from coupons.ports import Clock, Topic


class BaseRows:
    """`topics` is what was touched."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.topics: set[Topic] = set()
