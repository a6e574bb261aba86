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
    """`topics` is what was touched.

    What a class remembers of its rows holds while the transaction lasts: nobody else writes meanwhile.
    """

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.topics: set[Topic] = set()
        #: Each line asks for its batch. Whatever changes a batch empties this.
        self._batches: dict[int, Any] = {}

    def begin_job(self) -> None:
        """The next of several pieces of work in one transaction, each of which may be undone alone."""
        self.topics.clear()

    def undo_job(self) -> None:
        """It was undone: nothing of it may be remembered."""
        self.topics.clear()
        self._batches.clear()

    def _number(self, sql: str, name: str, **values: object) -> int | None:
        number = self._connection.execute(sql, bound(values)).fetchone()[name]
        return None if number is None else int(number)


def storable(text: str) -> str:
    """Everything Unicode stays as it is; each lone surrogate and NUL becomes U+FFFD."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def bound(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters as the driver takes them: no enums, and text that can be stored."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool):
        return int(value)
    # `str` first: sqlite3 asks each subclass, as StrEnum is, for an adapter.
    return storable(str(value)) if isinstance(value, str) else value
