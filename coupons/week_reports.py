"""The week's figures as a direct message: once a week to all who approve, if so set, and for the asking."""

from __future__ import annotations

from typing import Final

from coupons.audit_events import WeekReported
from coupons.audit_ports import AuditSearch
from coupons.audit_words import Filter
from coupons.authority import Authority
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable
from coupons.events import Tag
from coupons.loops import Loop, OnTrouble
from coupons.policy import DAY_MS
from coupons.ports import Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM
from coupons.week import WeekTime, days_before, days_until_now

_EVERY_S: Final = 30.0
#: Who presses a button twice, or whose click is delivered twice, asked once.
_ONCE_MS: Final = 60_000


class WeekReporter(Loop):
    """Idle without a time. When the next is due the log says, so a restart neither doubles nor misses one.

    One that could not be promised within a day is left out, and so are those before the time was set.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        time: WeekTime | None,
        clock: ClockWatch,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(on_trouble=on_trouble, every_s=_EVERY_S, trouble_s=_EVERY_S)
        self._ledger = ledger
        self._authority = authority
        self._time = time
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return self._time is not None

    async def step(self) -> None:
        try:
            await self._report()
        except DirectoryUnavailable as error:
            self._on_trouble(error)

    async def _report(self) -> None:
        now = self._clock.sure()
        if self._time is None or now is None:
            return
        at = self._time.last_before(now)
        if now - at >= DAY_MS or await self._ledger.read(lambda rows: _reported_at(rows, SYSTEM)) >= at:
            return
        deciders = await self._authority.deciders()

        def report(tx: Transaction) -> None:
            if _reported_at(tx, SYSTEM) < at and deciders:
                _promise(tx, SYSTEM, days_before(at), sorted(deciders))

        await self._ledger.write(report)


def report_week_to(tx: Transaction, person: str, now: int) -> None:
    """Promise the figures of today and the six days before, as they stand when they are sent."""
    if not 0 <= now - _reported_at(tx, person) < _ONCE_MS:
        _promise(tx, person, days_until_now(now), [person])


def _promise(tx: Transaction, actor: str, days: tuple[int, int], to: list[str]) -> None:
    since, before = days
    seq = tx.append(WeekReported(since=since, before=before, people=to).done_by(actor))
    for person in to:
        tx.post(Post(kind=PostKind.WEEK, request_id=None, seq=seq, person=person))


def _reported_at(rows: AuditSearch, actor: str) -> int:
    found = rows.find_events(Filter(tag=Tag.WEEK_REPORTED, actor=actor), limit=1)
    return found[0].ts if found else 0
