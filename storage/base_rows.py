"""What the rows of every subject stand on: a connection in its caller's transaction, and what it can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coupons.ports import Clock, Topic

#: Half a surrogate pair is no character: it has no UTF-8, so no file and no hash can hold it. JSON from
#: outside can hold one (`"\\ud83d"`). PostgreSQL's text holds no NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BaseRows:
    """`topics` is what was touched."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.topics: set[Topic] = set()

    def _number(self, sql: str, name: str, **values: object) -> int | None:
        number = self._connection.execute(sql, bound(values)).fetchone()[name]
        return None if number is None else int(number)


def storable(text: str) -> str:
    """Everything Unicode stays as it is; each lone surrogate and NUL becomes U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def bound(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters as the driver takes them: no enums, and text that can be stored."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    # `str` first: sqlite3 asks each subclass, as StrEnum is, for an adapter.
    return storable(str(value)) if isinstance(value, str) else value
