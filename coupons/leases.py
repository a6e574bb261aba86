"""Leases: what one process at a time may do is done by whoever holds its lease, for a few seconds each time.

A lease ends by the database's clock, which all share. Its holder counts by a clock that nobody can set, from
before it asked, and stops earlier: a process that was frozen, or cut off from the database, has stopped
before another one begins.
"""

from __future__ import annotations

import os
import secrets
import socket
from typing import Final

from coupons.ports import Clock, Ledger

#: How long a lease runs, when its holder renews it, and when the holder stops if it could not.
LEASE_MS: Final = 6_000
RENEW_MS: Final = 2_000
SAFE_MS: Final = 4_000


def name_of_this_start() -> str:
    """No other start has it, on whatever machine: in containers all are process 1 of the same host."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class Holding:
    """One lease, as one process sees it. `holder` names this start of the bot, and no other one ever."""

    def __init__(self, name: str, *, holder: str, ledger: Ledger, steady: Clock) -> None:
        self._name = name
        self._holder = holder
        self._ledger = ledger
        self._steady = steady
        #: By the steady clock; before the first time, over.
        self._safe_until = steady()

    async def wait_ms(self) -> int:
        """0: it is ours, at least for `LEASE_MS - SAFE_MS`. Else how long somebody else's may last.

        Raises StorageUnavailable.
        """
        asked = self._steady()
        if asked < self._safe_until:
            return 0
        lease, now = await self._ledger.write(
            lambda tx: (tx.take_lease(self._name, self._holder, LEASE_MS), tx.lease_clock())
        )
        if lease.holder == self._holder:
            self._safe_until = asked + SAFE_MS
            return 0
        return max(lease.until - now, 1)
