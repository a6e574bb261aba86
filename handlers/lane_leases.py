"""Which process posts in a lane: of all that share the database, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from coupons.leases import LEASE_MS, RENEW_MS, SAFE_MS
from coupons.model import Lease
from coupons.ports import Clock, Ledger, Transaction
from coupons.posts import LONGEST_PAUSE_MS, WaitingPost


class LaneLeases:
    """`holder` names this start of the bot, and no other one ever; `steady`: see `coupons.leases`."""

    def __init__(self, *, holder: str, ledger: Ledger, steady: Clock) -> None:
        self._holder = holder
        self._ledger = ledger
        self._steady = steady
        #: When each lane of ours was taken or renewed, by the steady clock.
        self._asked: dict[str, int] = {}

    def holds(self, lane: str) -> bool:
        """Whether nobody else begins to post there for now."""
        return lane in self._asked and self._steady() - self._asked[lane] < SAFE_MS

    async def hold(self, lanes: Collection[str]) -> Mapping[str, float]:
        """Take them, and renew those of ours that need it. Returns those that were not ours before, with the
        seconds for which nothing may be posted there: another process holds it, or Slack has closed it.

        Raises StorageUnavailable.
        """
        asked = self._steady()
        needed = [lane for lane in lanes if asked - self._asked.get(lane, asked - RENEW_MS) >= RENEW_MS]
        if not needed:
            return {}
        had = {lane for lane in needed if self.holds(lane)}
        leases, now = await self._ledger.write(
            lambda tx: ([self._take(tx, lane) for lane in needed], tx.lease_clock())
        )
        new = {}
        for lane, lease in zip(needed, leases, strict=True):
            self._asked.pop(lane, None)
            if lease.holder == self._holder:
                self._asked[lane] = asked
            if lane not in had or lane not in self._asked:
                new[lane] = self._shut_ms(lease, now) / 1000
        return new

    def begins(self, tx: Transaction, waiting: WaitingPost) -> bool:
        """In one transaction with the lease: whoever was frozen until another took the lane posts nothing."""
        return tx.start_posting(waiting.id, _name(waiting.lane), self._holder)

    async def close(self, lane: str, pause_s: float) -> None:
        """Slack takes nothing there for so long, from whomever, and after a restart too."""
        await self._ledger.write(
            lambda tx: tx.close_lane(_name(lane), tx.lease_clock() + int(pause_s * 1000))
        )

    def _take(self, tx: Transaction, lane: str) -> Lease:
        return tx.take_lease(_name(lane), self._holder, LEASE_MS)

    def _shut_ms(self, lease: Lease, now: int) -> int:
        if lease.holder != self._holder:
            return max(lease.until - now, 1)
        closed_ms = lease.closed_until - now
        # Closed for longer than any pause lasts: by a clock that was ahead.
        return closed_ms if 0 < closed_ms <= LONGEST_PAUSE_MS else 0


def _name(lane: str) -> str:
    """Of the lease, beside those of other kinds."""
    return f"lane {lane}"
