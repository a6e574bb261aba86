"""Signatures made on threads of their own: each is a millisecond in which Python runs nothing else of theirs.

OpenSSL holds no lock of Python's while it signs, so on two cores the event loop goes on meanwhile. Those that
wait together are handed over together: waking the loop costs more than an eighth of a signature.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

_THREADS = 2
#: Signed before the loop is woken: the first of them waits for the last.
_TOGETHER = 2

_Asked = tuple[Callable[[], str], asyncio.Future[str], asyncio.AbstractEventLoop]
_Made = tuple[asyncio.Future[str], str | BaseException]


class Signer:
    """Its threads begin with the first signature and end with `close`, or with the program."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def sign(self, make: Callable[[], str]) -> str:
        """What `make` returns or raises."""
        if not self._threads:
            self._begin()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._asked.put((make, future, loop))
        return await future

    def close(self) -> None:
        """What was asked for is still made."""
        for _ in self._threads:
            self._asked.put(None)
        self._threads.clear()

    def _begin(self) -> None:
        for number in range(_THREADS):
            thread = threading.Thread(target=self._make_all, name=f"signer-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _make_all(self) -> None:
        while (asked := self._asked.get()) is not None:
            made, loop = [_made(asked)], asked[2]
            while len(made) < _TOGETHER and (asked := self._next()) is not None:
                made.append(_made(asked))
            try:
                loop.call_soon_threadsafe(_give, made)
            except RuntimeError:
                # The loop is closed: nobody waits any more.
                return

    def _next(self) -> _Asked | None:
        """What waits already."""
        try:
            asked = self._asked.get_nowait()
        except Empty:
            return None
        if asked is None:
            self._asked.put(None)  # the end is to be found again
        return asked


def _made(asked: _Asked) -> _Made:
    make, future, _ = asked
    try:
        return future, make()
    except BaseException as error:  # noqa: BLE001 - whoever asked is told, and the thread goes on
        return future, error


def _give(made: Sequence[_Made]) -> None:
    for future, result in made:
        if future.done():
            continue  # cancelled meanwhile
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
