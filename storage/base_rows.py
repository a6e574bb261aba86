"""What the rows of every subject stand on: one connection, in its caller's transaction."""

from __future__ import annotations

from typing import Any

from coupons.ports import Clock, Topic
from storage.binding import bound


class BaseRows:
    """`topics` is what was touched."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.topics: set[Topic] = set()

    def _number(self, sql: str, name: str, **values: object) -> int | None:
        number = self._connection.execute(sql, bound(values)).fetchone()[name]
        return None if number is None else int(number)
