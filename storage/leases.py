"""Statements on leases: what one process at a time may do, and until when."""

from __future__ import annotations

from coupons.model import Lease
from storage.base_rows import BaseRows, bound

#: What ends later than `latest` was taken while the clock was ahead.
_TAKE = """
insert into lease (name, holder, term, until) values (:name, :holder, 1, :until)
on conflict (name) do update set
    term = case when lease.holder = excluded.holder then lease.term else lease.term + 1 end,
    holder = excluded.holder, until = excluded.until
where lease.holder = excluded.holder or lease.until <= :now or lease.until > excluded.until
"""
_HELD = "select holder, term, until, closed_until from lease where name = :name"
_CLOSE = "update lease set closed_until = :until where name = :name"
#: Whoever holds the lock on the file knows that each start before is dead (`storage.locks.FileLock`).
_END_ALL = (
    # Else there would be one for each person who was ever written to.
    "delete from lease where closed_until = 0",
    "update lease set until = 0 where until > 0",
    "update request set running_until = 0 where running = 1",
)


class LeaseRows(BaseRows):
    """By this machine's clock: no other one writes to the file."""

    def lease_clock(self) -> int:
        return self._clock()

    def take_lease(self, name: str, holder: str, ms: int) -> Lease:
        now = self._clock()
        values = {"name": name, "holder": holder, "now": now, "until": now + ms}
        self._connection.execute(_TAKE, bound(values))
        row = self._connection.execute(_HELD, bound({"name": name})).fetchone()
        return Lease(row["holder"], row["term"], row["until"], row["closed_until"])

    def close_lane(self, lease: str, until: int) -> None:
        self._connection.execute(_CLOSE, bound({"name": lease, "until": until}))

    def end_all_leases(self) -> None:
        """Those of starts that are known to be dead."""
        for statement in _END_ALL:
            self._connection.execute(statement)
