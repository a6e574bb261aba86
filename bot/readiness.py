"""What is still missing before the bot does its whole job, in words for `/readyz`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.troubles import Troubles

T = TypeVar("T")

_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)


class Readiness:
    """What is missing, a sentence under each name; nothing left means ready."""

    def __init__(self) -> None:
        self._missing: dict[str, str] = {"start": "the bot is starting"}

    def lacks(self, what: str, sentence: str) -> None:
        self._missing[what] = sentence

    def has(self, what: str) -> None:
        self._missing.pop(what, None)

    def check(self, what: str) -> Callable[[], str | None]:
        """For `bot.health`."""
        return lambda: self._missing.get(what)


async def until_reached(
    call: Callable[[], Awaitable[T]],
    *,
    what: str,
    sentence: str,
    healing: tuple[type[Exception], ...],
    readiness: Readiness,
    troubles: Troubles,
    pauses_s: tuple[float, ...] = _PAUSES_S,
) -> T:
    """Call until it answers. Errors in `healing` get better by waiting; others are raised."""
    tries = 0
    while True:
        try:
            result = await call()
        except healing as error:
            troubles.expected(error)
            readiness.lacks(what, sentence)
            await asyncio.sleep(pauses_s[min(tries, len(pauses_s) - 1)])
            tries += 1
        else:
            readiness.has(what)
            return result
