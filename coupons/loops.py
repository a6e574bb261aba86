"""What every loop shares: how a commit wakes it, its steps, its end, and the work that it has under way."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Final, Generic, TypeVar

from coupons.errors import StorageUnavailable
from coupons.leases import Holding

K = TypeVar("K", bound=Hashable)

OnTrouble = Callable[[BaseException], object]

_EVERY_S: Final = 30.0
_TROUBLE_S: Final = 1.0


class Bell:
    """How a commit wakes a loop. Rung many times while nobody waits, it wakes the next waiter once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - the caller's next due time
        """Until rung, or for so many seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


class Loop(ABC):
    """Takes a step when its bell rings, when its time has come, and every `every_s` whatever its clock says.

    `on_trouble` hears of a database that does not answer; after `trouble_s` the step is tried again.
    """

    def __init__(
        self,
        *,
        on_trouble: OnTrouble,
        bell: Bell | None = None,
        every_s: float = _EVERY_S,
        trouble_s: float = _TROUBLE_S,
    ) -> None:
        self.stopping = False
        self._on_trouble = on_trouble
        self._bell = bell or Bell()
        self._every_s = every_s
        self._trouble_s = trouble_s

    @property
    def one_at_a_time(self) -> bool:
        """Whether of all processes only the one that holds the lease takes steps."""
        return False

    async def run(self, holding: Holding | None = None) -> None:
        """Until `stop`; returns when what is under way has its outcome on disk."""
        while not self.stopping:
            try:
                wait_ms = await holding.wait_ms() if holding and self.one_at_a_time else 0
                due_s = wait_ms / 1000 if wait_ms else await self.step()
            except StorageUnavailable as error:
                self._on_trouble(error)
                due_s = self._trouble_s
            if not self.stopping:
                await self._bell.wait(self._every_s if due_s is None else min(due_s, self._every_s))
        await self.drain()

    def stop(self) -> None:
        """Nothing new from now on: what is due stays due, and is taken up by the next start."""
        self.stopping = True
        self._bell.ring()

    @abstractmethod
    async def step(self) -> float | None:
        """All that is due now. Returns the seconds until the next is due; None: not known of any.

        Raises StorageUnavailable.
        """

    async def drain(self) -> None:
        """Returns when nothing is under way any more. A loop that does all in its step has nothing."""
        return


class InFlight(Generic[K]):
    """Work under way: each key once, at most `most` at a time. `bell` rings when one may be started again.

    Work that fails keeps its place for `trouble_s`: a fault of ours must not hammer those outside.
    """

    def __init__(
        self, most: int, *, bell: Bell, on_trouble: OnTrouble, trouble_s: float = _TROUBLE_S
    ) -> None:
        self._most = most
        self._bell = bell
        self._on_trouble = on_trouble
        self._trouble_s = trouble_s
        self._tasks: dict[K, asyncio.Task[Any]] = {}
        self._resting: dict[K, asyncio.TimerHandle] = {}

    def __contains__(self, key: K) -> bool:
        """Whether it is under way; not, whether it rests."""
        return key in self._tasks

    @property
    def is_full(self) -> bool:
        return len(self._tasks) >= self._most

    @property
    def under_way(self) -> frozenset[K]:
        return frozenset(self._tasks)

    def not_now(self) -> set[K]:
        """Those that `start` would leave alone."""
        return {*self._tasks, *self._resting}

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, Any]], *, name: str) -> None:
        """Unless it is under way or rests, or no place is left: then the bell rings when that has changed."""
        if key in self._tasks or key in self._resting or self.is_full:
            return
        task = asyncio.create_task(work(), name=name)
        self._tasks[key] = task
        task.add_done_callback(partial(self._done, key))

    def rest(self, key: K, pause_s: float) -> None:
        """It is not started before that; meanwhile it takes nobody's place."""
        if key in self._resting:
            self._resting.pop(key).cancel()
        self._resting[key] = asyncio.get_running_loop().call_later(pause_s, self.wake, key)

    def wake(self, key: K) -> None:
        """It rests no longer."""
        if key in self._resting:
            self._resting.pop(key).cancel()
            self._bell.ring()

    async def drain(self, within_s: float | None = None) -> bool:
        """Returns when nothing is under way any more; False: something still is, after so long."""
        waiting = (await asyncio.wait(self._tasks.values(), timeout=within_s))[1] if self._tasks else ()
        return not waiting

    def _done(self, key: K, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._release(key)
            return
        self._on_trouble(error)
        asyncio.get_running_loop().call_later(self._trouble_s, self._release, key)

    def _release(self, key: K) -> None:
        del self._tasks[key]
        self._bell.ring()
