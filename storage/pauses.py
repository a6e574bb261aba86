"""Whether sending is paused: one row, or none."""

from __future__ import annotations

from coupons.model import Pause
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound

_PAUSE = "select by, at, reason from pause where id = 1"
_SET = """
insert into pause (id, by, at, reason) values (1, :by, :at, :reason)
on conflict (id) do update set by = excluded.by, at = excluded.at, reason = excluded.reason
"""
_CLEAR = "delete from pause where id = 1"


class PauseRows(BaseRows):
    """None: sending goes on."""

    def pause(self) -> Pause | None:
        row = self._connection.execute(_PAUSE).fetchone()
        return None if row is None else Pause(row["by"], row["at"], row["reason"])

    def set_pause(self, pause: Pause | None) -> None:
        # What waited goes on at once.
        self.topics.add(Topic.REQUESTS)
        if pause is None:
            self._connection.execute(_CLEAR)
        else:
            self._connection.execute(_SET, bound({"by": pause.by, "at": pause.at, "reason": pause.reason}))
