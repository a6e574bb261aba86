"""Everything that happens, numbered, and a way to sleep until the next thing does."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sandbox.slack.errors import JSON

T = TypeVar("T")
SHOWN_AT_TIMEOUT = 12
#: For what never comes: whoever waits for less says so. A busy machine is slow.
WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Change:
    """`seq` counts from 1 without gaps; `at` is wall time in seconds."""

    seq: int
    at: float
    kind: str
    detail: JSON

    def line(self) -> str:
        return f"{self.seq} {self.kind} " + " ".join(f"{k}={v}" for k, v in self.detail.items())


class Changes:
    def __init__(self) -> None:
        self._log: list[Change] = []
        self._next = asyncio.Event()

    @property
    def last(self) -> int:
        return len(self._log)

    def note(self, kind: str, /, **detail: object) -> None:
        self._log.append(Change(len(self._log) + 1, time.time(), kind, dict(detail)))
        self._next.set()
        self._next = asyncio.Event()

    def after(self, seq: int) -> list[Change]:
        return self._log[max(seq, 0) :]

    async def newer(self, seq: int) -> None:
        """Returns once something after number `seq` was noted."""
        while self.last <= seq:
            await self._next.wait()

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:  # noqa: ASYNC109 - the words belong in the error
        """The first true value of `predicate`, asked now and again after every change.

        Raises TimeoutError with the last changes, so that a failed test says what happened instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    changed = self._next
                    found = predicate()
                    if found:
                        return found
                    await changed.wait()
        except TimeoutError:
            recent = "\n  ".join(change.line() for change in self._log[-SHOWN_AT_TIMEOUT:])
            raise TimeoutError(f"not seen within {timeout} s; the last changes were:\n  {recent}") from None
