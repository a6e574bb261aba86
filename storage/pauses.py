"""Whether sending is paused: one row, or none."""

from __future__ import annotations

from typing import Any

from coupons.model import Pause
from storage.binding import bound

_PAUSE = "select by, at, reason from pause where id = 1"
_SET = """
insert into pause (id, by, at, reason) values (1, :by, :at, :reason)
on conflict (id) do update set by = excluded.by, at = excluded.at, reason = excluded.reason
"""
_CLEAR = "delete from pause where id = 1"


class PauseRow:
    """Over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def get(self) -> Pause | None:
        row = self._connection.execute(_PAUSE).fetchone()
        return None if row is None else Pause(row["by"], row["at"], row["reason"])

    def set(self, pause: Pause | None) -> None:
        if pause is None:
            self._connection.execute(_CLEAR)
        else:
            self._connection.execute(_SET, bound({"by": pause.by, "at": pause.at, "reason": pause.reason}))
