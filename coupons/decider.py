"""The loops that need no call to WeChat Pay: decide kept clicks, let requests expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from coupons.bell import Bell
from coupons.desk import Desk
from coupons.errors import StorageUnavailable
from coupons.ports import Clock, Ledger

_IN_FLIGHT = 32
_LONGEST_WAIT_S = 30.0
#: While Slack cannot say who somebody is.
_PAUSE_S = 2.0


class Decider:
    """Decides the clicks that listeners kept, many at a time, each of them once."""

    def __init__(
        self, *, ledger: Ledger, desk: Desk, bell: Bell, on_trouble: Callable[[BaseException], object]
    ) -> None:
        self._ledger = ledger
        self._desk = desk
        self._bell = bell
        self._on_trouble = on_trouble
        self._deciding: dict[int, asyncio.Task[None]] = {}
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`; returns when the decisions under way are on disk."""
        while not self._stopping:
            wait = _LONGEST_WAIT_S
            try:
                clicks = await self._ledger.read(lambda look: look.open_clicks(4 * _IN_FLIGHT))
            except StorageUnavailable as error:
                self._on_trouble(error)
                clicks, wait = (), _PAUSE_S
            waiting = [click for click in clicks if click.id not in self._deciding]
            for click in waiting[: _IN_FLIGHT - len(self._deciding)]:
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

    def _done(self, click_id: int, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._release(click_id)
            return
        # Slack could not say who somebody is, or the disk failed: the click is kept, and decided later.
        self._on_trouble(error)
        asyncio.get_running_loop().call_later(_PAUSE_S, self._release, click_id)

    def _release(self, click_id: int) -> None:
        del self._deciding[click_id]
        self._bell.ring()


class Expirer:
    """Closes what nobody decided in time; the due times are in the database, so a restart loses none."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        desk: Desk,
        clock: Clock,
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
                due = await self._ledger.read(lambda look: look.next_expiry())
                if due is not None and due <= self._clock():
                    await self._desk.expire()
                    continue
                if due is not None:
                    # A wall clock that jumps is noticed within the longest wait.
                    wait = min(wait, (due - self._clock()) / 1000 + 0.001)
            except StorageUnavailable as error:
                self._on_trouble(error)
                wait = _PAUSE_S
            if not self._stopping:
                await self._bell.wait(wait)

    def stop(self) -> None:
        self._stopping = True
        self._bell.ring()
