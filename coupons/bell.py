"""How a commit wakes a loop."""

from __future__ import annotations

import asyncio


class Bell:
    """Rung many times while nobody waits, it wakes the next waiter once."""

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
