"""Forgets customers: by a command, or once nobody asked for them for as long as the settings keep openids.

What is proved stays: events name a customer by a number. Only who that was is gone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from coupons.audit_events import CustomerErased
from coupons.clock_watch import ClockWatch
from coupons.loops import Loop, OnTrouble
from coupons.ports import Ledger, Transaction
from coupons.recording import SYSTEM

_DAY_MS: Final = 86_400_000
#: Nobody waits for it; and looking reads all customers.
_EVERY_S: Final = 3_600.0
_PAUSE_S: Final = 30.0
_AT_ONCE: Final = 100


class StillOpen(Exception):
    """Something of this customer is still on its way; nothing was changed."""

    def __init__(self, requests: tuple[int, ...]) -> None:
        super().__init__(requests)
        self.requests = requests


def forget(tx: Transaction, erased: CustomerErased) -> int:
    """Erase and tell, in one transaction; returns how many requests the customer had. Raises StillOpen."""
    still = tx.open_requests_of_customer(erased.customer)
    if still:
        # The bytes of an open request are sent again when its outcome is not known, and hold the openid.
        raise StillOpen(tuple(still))
    requests = tx.erase_customer(erased.customer)
    tx.append(replace(erased, requests=requests).done_by(SYSTEM))
    return requests


class Forgetter(Loop):
    """Idle without `days`."""

    def __init__(self, *, ledger: Ledger, days: int | None, clock: ClockWatch, on_trouble: OnTrouble) -> None:
        super().__init__(on_trouble=on_trouble, every_s=_EVERY_S, trouble_s=_PAUSE_S)
        self._ledger = ledger
        self._days = days
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return self._days is not None

    async def step(self) -> float | None:
        if self._days is not None and await self._forget(self._days):
            return 0.0
        return None if self._clock.sure() is not None else _PAUSE_S

    async def _forget(self, days: int) -> bool:
        """One customer each time, so that nobody's click waits long; whether there may be more."""
        now = self._clock.sure()
        if now is None:
            # What is forgotten is gone: a clock that is ahead must not forget anybody.
            return False
        before = now - days * _DAY_MS
        due = await self._ledger.read(lambda rows: rows.customers_to_forget(before, _AT_ONCE))
        for customer in due:
            if self.stopping:
                return False
            await self._ledger.write(lambda tx, known=customer: self._again(tx, known, before, days))  # type: ignore[misc]  # bound now
        return len(due) == _AT_ONCE

    def _again(self, tx: Transaction, customer: int, before: int, days: int) -> None:
        """Somebody may have asked for this customer since the look."""
        if customer in tx.customers_to_forget(before, 1, only=customer):
            forget(tx, CustomerErased(customer=customer, why="retention", days=days))
