"""Has a clock that is in doubt confirmed, and tells people of a doubt that lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from coupons.audit_ports import AuditSearch
from coupons.audit_words import Filter
from coupons.clock_watch import ClockWatch, Doubt
from coupons.events import ClockConfirmed, ClockDoubted, Tag
from coupons.loops import Loop, OnTrouble
from coupons.ports import Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM, Payload


class ClockKeeper(Loop):
    """`ask_time` lets Slack say what time it is; who hears the answer confirms the clock.

    `on_doubt` hears of each doubt, and None when it is over; people are told after `tell_after_s`.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: ClockWatch,
        ask_time: Callable[[], Awaitable[object]],
        on_doubt: Callable[[Doubt | None], None],
        on_trouble: OnTrouble,
        every_s: float,
        tell_after_s: float,
    ) -> None:
        super().__init__(on_trouble=on_trouble, every_s=every_s, trouble_s=every_s)
        self._ledger = ledger
        self._clock = clock
        self._ask_time = ask_time
        self._on_doubt = on_doubt
        self._tell_after_ms = tell_after_s * 1000
        self._doubt: Doubt | None = None

    async def step(self) -> None:
        if self._clock.doubt is not None:
            try:
                await self._ask_time()
            except Exception as error:  # noqa: BLE001 - whatever it is: the doubt stays, and it is asked again
                self._on_trouble(error)
        doubt = self._clock.doubt
        if doubt != self._doubt:
            self._doubt = doubt
            self._on_doubt(doubt)
        if doubt is None:
            if await self._ledger.read(_doubt_is_known):
                await self._ledger.write(_tell_confirmed)
            return
        lasted = self._clock.steady() - doubt.since
        if lasted >= self._tell_after_ms and not await self._ledger.read(_doubt_is_known):
            doubted = ClockDoubted(kind=doubt.kind, ahead_ms=doubt.ahead_ms)
            await self._ledger.write(lambda tx: _tell(tx, doubted))


def _doubt_is_known(rows: AuditSearch) -> bool:
    """Whether people know of a doubt and not of its end: by the log, so a restart tells neither twice."""
    doubted, confirmed = (
        rows.find_events(Filter(tag=tag), limit=1) for tag in (Tag.CLOCK_DOUBTED, Tag.CLOCK_CONFIRMED)
    )
    return bool(doubted) and (not confirmed or confirmed[0].seq < doubted[0].seq)


def _tell_confirmed(tx: Transaction) -> None:
    _tell(tx, ClockConfirmed())


def _tell(tx: Transaction, payload: Payload) -> None:
    seq = tx.append(payload.done_by(SYSTEM))
    tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq))
