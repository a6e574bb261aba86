"""The loop that asks WeChat Pay once a day what became of the coupons of the last months, where it is wanted.

It takes no place before a send: it rests while anything waits to be sent, while sending is paused, and while
WeChat Pay finds the bot too fast.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from coupons.clock_watch import ClockWatch
from coupons.coupon_lookups import CouponLookups
from coupons.loops import Loop, OnTrouble
from coupons.model import Request
from coupons.policy import DAY_MS
from coupons.ports import Ledger, Reading

#: Coupons sent before this are history: mostly they have expired.
DAYS: Final = 90
#: Read at once; the order of the rest may change until then.
_WINDOW: Final = 200
#: When nothing is due, until it is looked for again; and when something else goes first.
_IDLE_S, _AFTER_OTHERS_S = 600.0, 5.0
#: After questions that WeChat Pay did not answer, by how many in a row.
_PAUSES_S: Final = (5.0, 15.0, 60.0, 300.0, 600.0)


class CouponWatch(Loop):
    """`per_second`: at most so many questions; None: none at all. `brakes`: whether WeChat Pay found the bot
    too fast a short time ago."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        lookups: CouponLookups,
        clock: ClockWatch,
        per_second: float | None,
        brakes: Callable[[], bool],
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(on_trouble=on_trouble, every_s=_IDLE_S)
        self._ledger = ledger
        self._lookups = lookups
        self._clock = clock
        self._per_second = per_second
        self._brakes = brakes
        self._due = deque[Request]()
        self._failed = 0

    @property
    def one_at_a_time(self) -> bool:
        return self._per_second is not None

    async def step(self) -> float | None:
        """One question at most. Nobody waits for it, so a clock in doubt only puts it off."""
        now = self._clock.sure()
        if self._per_second is None:
            return None
        if now is None or self._brakes() or await self._ledger.read(partial(_sends_go_first, now=now)):
            # What was read may have been asked about, or used, by the time that its turn comes.
            self._due.clear()
            return _AFTER_OTHERS_S
        if not self._due:
            self._due.extend(
                await self._ledger.read(
                    lambda rows: rows.coupons_to_look_up(now - DAYS * DAY_MS, now - DAY_MS + 1, _WINDOW)
                )
            )
        if not self._due:
            return None
        request = self._due.popleft()
        answer = await self._lookups.look_up(request)
        await self._ledger.write(partial(self._lookups.keep, found={request.id: answer}), later=True)
        if isinstance(answer, str):
            pause_s = _PAUSES_S[min(self._failed, len(_PAUSES_S) - 1)]
            self._failed += 1
            return pause_s
        self._failed = 0
        return 1 / self._per_second


def _sends_go_first(rows: Reading, *, now: int) -> bool:
    due = rows.next_send_due()
    return rows.pause() is not None or (due is not None and due <= now)
