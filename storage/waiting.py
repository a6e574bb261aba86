"""Statements on what waits to be decided: until when, and from when that is counted."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.ports import Topic
from storage.base_rows import BaseRows
from storage.dialect_sqlite import NAMES_YEAR

_NEXT_EXPIRY = "select min(expires_at) as due from request where state = 'pending' and batch is null"
_NEXT_REMINDER = """
select min(due) as due from (
    select min(remind_at) as due from request where state = 'pending' and remind_at is not null
    union all
    select min(remind_at) from batch where state = 'pending'
) as waiting
"""
#: The time of those that wait: moved by a pause, and where the clock was ahead when they were asked for.
_WAITED = ":now - case when waits_from > :since then waits_from else :since end"
_RESUME_BATCHES = f"""
update batch set
    rev = rev + 1, expires_at = expires_at + {_WAITED}, remind_at = remind_at + {_WAITED},
    waits_from = waits_from + {_WAITED}
where state = 'pending'
"""
#: Reminders that a question or an answer began anew during the pause have waited since then only.
_REMINDED = f"case when reminders_from > :since then :now - reminders_from else {_WAITED} end"
_RESUME = f"""
update request set
    rev = rev + 1, expires_at = expires_at + {_WAITED}, remind_at = remind_at + {_REMINDED},
    waits_from = waits_from + {_WAITED}, reminders_from = reminders_from + {_REMINDED}
where state = 'pending' and batch is null
"""
_ASKED_AHEAD = """
select min(ahead) as ahead from (
    select min(waits_from) as ahead from request
    where state = 'pending' and batch is null and waits_from > :after
    union all
    select min(waits_from) from batch where state = 'pending' and waits_from > :after
) as waiting
"""
_IS_YEAR_NAMED = f"""
select exists (select 1 from event where tag = 'request:reminded' and {NAMES_YEAR}) as is_named
"""
_SET_RIGHT = """
update request set
    rev = rev + 1, expires_at = expires_at + :now - waits_from,
    remind_at = remind_at + :now - waits_from, waits_from = :now
where state = 'pending' and batch is null and waits_from > :after returning id
"""
_SET_BATCHES_RIGHT = _SET_RIGHT.replace("update request", "update batch").replace(" and batch is null", "")


class WaitingRows(BaseRows):
    """Requests, and batches; lines of these wait with them."""

    def next_expiry(self) -> int | None:
        return self._number(_NEXT_EXPIRY, "due")

    def next_reminder(self) -> int | None:
        return self._number(_NEXT_REMINDER, "due")

    def was_reminded_without_list(self, year: int) -> bool:
        return bool(self._number(_IS_YEAR_NAMED, "is_named", year=year))

    def resume_waiting(self, now: int, since: int) -> None:
        self.topics.add(Topic.REQUESTS)
        self._batches.clear()
        for sql in (_RESUME, _RESUME_BATCHES):
            self._connection.execute(sql, {"now": now, "since": since})

    def asked_ahead(self, after: int) -> int | None:
        return self._number(_ASKED_AHEAD, "ahead", after=after)

    def set_waiting_right(self, now: int, after: int) -> Sequence[int]:
        self.topics.add(Topic.REQUESTS)
        moved = self._connection.execute(_SET_RIGHT, {"now": now, "after": after}).fetchall()
        return [row["id"] for row in moved]

    def set_batches_right(self, now: int, after: int) -> Sequence[int]:
        self.topics.add(Topic.BATCHES)
        self._batches.clear()
        moved = self._connection.execute(_SET_BATCHES_RIGHT, {"now": now, "after": after}).fetchall()
        return [row["id"] for row in moved]
