"""What Slack's three seconds leave: the time until the ack, and the work that begins after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

#: Slack shows an error after 3 seconds, the way there and back included.
ACK_WITHIN_S = 2.2


class AfterAck:
    """Work that no ack waits for; what goes wrong in it is heard of by `on_trouble`."""

    def __init__(self, on_trouble: Callable[[BaseException], object]) -> None:
        self._on_trouble = on_trouble
        #: The loop holds tasks weakly; these are ours until done.
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait for what was begun."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        """What was begun is not worth waiting for."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - nobody awaits the task
            self._on_trouble(error)
