"""The loops that need no call to WeChat Pay: decide kept clicks, let requests expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial

from coupons.bell import Bell
from coupons.clock_watch import JUMP_MS, ClockWatch
from coupons.desk import Desk
from coupons.errors import StorageUnavailable
from coupons.model import Click, Pause
from coupons.ports import DueWork, Ledger, Reading

_IN_FLIGHT = 32
_LONGEST_WAIT_S = 30.0
#: While Slack cannot say who somebody is.
_PAUSE_S = 2.0
#: While it is not known where a card stands: from the first to the longest, each twice the one before.
_CARD_PAUSES_S = (0.1, 2.0)


class Decider:
    """Decides the clicks that listeners kept, many at a time, each of them once."""

    def __init__(
        self, *, ledger: Ledger, desk: Desk, bell: Bell, on_trouble: Callable[[BaseException], object]
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._bell = bell
        self._on_trouble = on_trouble
        self._deciding: dict[int, asyncio.Task[bool]] = {}
        #: They wait until it is known where a card stands, and take nobody's place meanwhile.
        self._put_off: set[int] = set()
        #: How long each of these waited the last time.
        self._pauses_s: dict[int, float] = {}
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`; returns when the decisions under way are on disk."""
        while not self._stopping:
            wait = _LONGEST_WAIT_S
            try:
                others = {*self._deciding, *self._put_off}
                clicks = await self._ledger.read(partial(_open, but=others))
            except StorageUnavailable as error:
                self._on_trouble(error)
                clicks, wait = (), _PAUSE_S
            for click in clicks[: _IN_FLIGHT - len(self._deciding)]:
                task = asyncio.create_task(self._desk.decide(click), name=f"decide-{click.id}")
                self._deciding[click.id] = task
                task.add_done_callback(partial(self._done, click.id))
            if not self._stopping:
                await self._bell.wait(wait)
        if self._deciding:
            await asyncio.wait(self._deciding.values())

    def stop(self) -> None:
        """No new decisions from now on; kept clicks stay kept."""
        self._stopping = True
        self._bell.ring()

    def _done(self, click_id: int, task: asyncio.Task[bool]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # Slack could not say who somebody is, or the disk failed: the click is kept, and decided later.
            self._on_trouble(error)
            asyncio.get_running_loop().call_later(_PAUSE_S, self._release, click_id)
            return
        if task.cancelled() or task.result():
            self._pauses_s.pop(click_id, None)
        else:
            first, longest = _CARD_PAUSES_S
            pause = self._pauses_s[click_id] = min(2 * self._pauses_s.get(click_id, first / 2), longest)
            self._put_off.add(click_id)
            asyncio.get_running_loop().call_later(pause, self._take_up, click_id)
        self._release(click_id)

    def _take_up(self, click_id: int) -> None:
        self._put_off.discard(click_id)
        self._bell.ring()

    def _release(self, click_id: int) -> None:
        del self._deciding[click_id]
        self._bell.ring()


def _open(look: DueWork, *, but: Collection[int]) -> Sequence[Click]:
    return look.open_clicks(_IN_FLIGHT, but)


class Expirer:
    """Closes what nobody decided in time; the due times are in the database, so a restart loses none.

    A pause of sending stops that time, and nothing is closed by a clock that is in doubt.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        desk: Desk,
        clock: ClockWatch,
        bell: Bell,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._bell = bell
        self._on_trouble = on_trouble
        self._stopping = False

    async def run(self) -> None:
        while not self._stopping:
            wait = _LONGEST_WAIT_S
            try:
                wait = await self._expire_due()
            except StorageUnavailable as error:
                self._on_trouble(error)
                wait = _PAUSE_S
            if not self._stopping:
                await self._bell.wait(wait)

    async def _expire_due(self) -> float:
        """Close all that are due; returns the seconds until the next is."""
        while (now := self._clock.sure()) is not None:
            due, ahead, paused = await self._ledger.read(partial(_due, now=now))
            if ahead is None:
                if paused is not None or due is None:
                    break
                if due > now:
                    # A wall clock that jumps is noticed within the longest wait.
                    return min(_LONGEST_WAIT_S, (due - now) / 1000 + 0.001)
            if not await self._desk.expire(now):
                break
        return _LONGEST_WAIT_S

    def stop(self) -> None:
        self._stopping = True
        self._bell.ring()


def _due(look: Reading, *, now: int) -> tuple[int | None, int | None, Pause | None]:
    """The next expiry, the first that waits from a time yet to come, and whether sending is paused."""
    return look.next_expiry(), look.asked_ahead(now + JUMP_MS), look.pause()
