"""Works on their way to the one writer, and in which order it takes them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from coupons.errors import StorageUnavailable
from coupons.ports import Topic, Transaction


@dataclass(slots=True)
class Job:
    """One operation and who waits for it."""

    work: Callable[[Transaction], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    #: A part of something long, which nobody sits and waits for: others go before it.
    later: bool
    result: Any = None
    error: BaseException | None = None
    topics: frozenset[Topic] = frozenset()

    def fail(self, sentence: StorageUnavailable, cause: BaseException | None) -> None:
        self.result, self.topics = None, frozenset()
        # An error of one's own for each: whoever raises it adds its way to it.
        self.error = type(sentence)(*sentence.args)
        self.error.__cause__ = cause

    def answer(self) -> None:
        # The waiter may have been cancelled; its work is done all the same.
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class JobQueue:
    """First come, first served, in two rows. Any thread may `put` and `close`, and the writer all else."""

    def __init__(self) -> None:
        #: Between the end and the last job nothing may be put in: nobody would ever take it out.
        self._changed = threading.Condition()
        self._rows: tuple[deque[Job], deque[Job]] = (deque(), deque())
        self._over: str | None = None
        self._cause: BaseException | None = None

    def put(self, job: Job) -> None:
        """Raises StorageUnavailable once it is closed."""
        with self._changed:
            if self._over is not None:
                raise StorageUnavailable(self._over) from self._cause
            self._rows[job.later].append(job)
            self._changed.notify()

    def close(self, sentence: str, cause: BaseException | None = None) -> Sequence[Job]:
        """Nothing comes in any more; the first sentence is what `put` says. What waits can still be taken."""
        with self._changed:
            if self._over is None:
                self._over, self._cause = sentence, cause
            self._changed.notify()
            return [*self._rows[False], *self._rows[True]]

    def take(self) -> Job | None:
        """Waits for one. None: it is closed, and empty."""
        with self._changed:
            while not any(self._rows) and self._over is None:
                self._changed.wait()
            return self._next()

    def take_waiting(self, most: int) -> Sequence[Job]:
        """Of those that others wait for."""
        with self._changed:
            row = self._rows[False]
            return [row.popleft() for _ in range(min(most, len(row)))]

    def take_now(self, *, later: bool) -> Job | None:
        """The next one that waits; without `later`, of those alone that others wait for."""
        with self._changed:
            return self._next() if later else self._first(self._rows[False])

    def _next(self) -> Job | None:
        return self._first(self._rows[False]) or self._first(self._rows[True])

    @staticmethod
    def _first(row: deque[Job]) -> Job | None:
        return row.popleft() if row else None
