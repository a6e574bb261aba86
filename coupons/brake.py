"""How fast calls may leave: a rate for all, and pauses for stocks of which WeChat Pay said "too fast".

One brake for all: where each request waited for itself, all would come back together. A stock that is too
fast waits alone, since limits may be its own; the rate of all is halved meanwhile, since they may be the
merchant's. Both recover by themselves. Nothing of this is kept: after a restart the first 429 brakes again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from coupons.ports import Clock

#: What is let go at once after a rest, in seconds of the rate.
_BURST_S = 0.1
#: A rate that was halved is back after so long.
_RECOVERS_S = 60.0
#: Those on the wire together are refused together, and that is one word.
_ONE_WORD_MS = 1_000


@dataclass(slots=True)
class _Closed:
    """A stock that waits, or did and has not gone well since. `until` by the steady clock."""

    until: int
    times: int


class Brake:
    """`per_second`: of all calls. `pauses_s`: of a stock, one after the other. `steady` in milliseconds."""

    def __init__(self, *, per_second: float, pauses_s: Sequence[float], steady: Clock) -> None:
        self._pauses_ms = [int(pause_s * 1000) for pause_s in pauses_s]
        self._most = self._rate = per_second
        self._steady = steady
        self._free = max(per_second * _BURST_S, 1.0)
        self._looked_at = steady()
        self._halved_at: int | None = None
        self._closed: dict[str, _Closed] = {}

    def free(self) -> int:
        """So many calls may leave now."""
        now = self._steady()
        passed_s = max(now - self._looked_at, 0) / 1000
        self._looked_at = now
        self._rate = min(self._rate + passed_s * self._most / _RECOVERS_S, self._most)
        self._free = min(self._free + passed_s * self._rate, max(self._rate * _BURST_S, 1.0))
        return int(self._free)

    def took(self, calls: int) -> None:
        """They leave."""
        self._free -= calls

    def next_free_ms(self) -> int:
        """Until one more may leave, or a stock that waits."""
        by_rate = int((1.0 - self._free) * 1000 / self._rate) + 1 if self._free < 1.0 else 0
        return by_rate or min((self.opens_in_ms(stock_id) for stock_id in self.closed()), default=1_000)

    def closed(self) -> Collection[str]:
        """Stocks of which none may leave now."""
        return [stock_id for stock_id in self._closed if self.opens_in_ms(stock_id)]

    def opens_in_ms(self, stock_id: str) -> int:
        """0: it is not closed."""
        closed = self._closed.get(stock_id)
        left = closed.until - self._steady() if closed else 0
        # No pause is longer, whatever became of the clock.
        return left if 0 < left <= max(self._pauses_ms) else 0

    def too_fast(self, stock_id: str, retry_after_s: float | None) -> bool:
        """WeChat Pay did not take a call, since they come too fast; whether that has lasted for long."""
        now, closed = self._steady(), self._closed.get(stock_id)
        if closed is None or not self.opens_in_ms(stock_id):
            times = closed.times + 1 if closed else 1
            pause_ms = self._pauses_ms[min(times, len(self._pauses_ms)) - 1]
            wait_ms = min(max(pause_ms, int((retry_after_s or 0.0) * 1000)), max(self._pauses_ms))
            closed = self._closed[stock_id] = _Closed(now + wait_ms, times)
        if self._halved_at is None or now - self._halved_at >= _ONE_WORD_MS:
            self._rate, self._halved_at = max(self._rate / 2, 1.0), now
        return closed.times >= len(self._pauses_ms)

    def was_taken(self, stock_id: str) -> None:
        """It was answered in another way: what was let go after the pause goes well."""
        if stock_id in self._closed and not self.opens_in_ms(stock_id):
            del self._closed[stock_id]
