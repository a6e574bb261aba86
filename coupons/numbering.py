"""Request numbers that people have seen are not given out again, whatever file was put back."""

from __future__ import annotations

from dataclasses import dataclass

from coupons.events import NumbersRaised
from coupons.ports import Transaction
from coupons.recording import SYSTEM

#: What is higher was never a number of ours: nobody asks so often.
_HIGHEST = 10**12


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in Slack of a log: the highest request `number`, or how many `events` it had at least."""

    number: int = 0
    events: int = 0

    def or_higher(self, other: Shown) -> Shown:
        return Shown(max(self.number, other.number), max(self.events, other.events))


def begin_above(tx: Transaction, shown: Shown) -> int | None:
    """The number above which requests begin from now on; None: this file has given out as many already."""
    head, _ = tx.head()
    # Each request has at least one event, so a log of so many has no more requests.
    seen = max(shown.number, shown.events if shown.events > head else 0)
    before = tx.highest_number()
    if not before < seen <= _HIGHEST:
        return None
    tx.begin_numbers_above(seen)
    tx.append(NumbersRaised(seen=seen, given_out=before).done_by(SYSTEM))
    return seen
