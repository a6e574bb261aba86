"""What is still missing before the bot does its whole job, in words for `/readyz`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

from bot.needs import LOSSES, Need
from bot.troubles import Troubles
from coupons.errors import Refusal

T = TypeVar("T")

#: None, or a sentence without a full stop that says what is missing. It answers at once, from what is known:
#: a check that waited for Slack would make Slack's outage look like ours.
Check: TypeAlias = Callable[[], str | None]

_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)


class StartRefused(Refusal):
    """What cannot get better by waiting."""


class Readiness:
    """What is missing, a sentence under each `Need`; nothing left means ready.

    A need is noted by whoever learns of it (`lacks`, `has`), or asked for at each look (`watch`).
    """

    def __init__(self) -> None:
        self._missing: dict[Need, str] = {Need.START: "the bot is starting"}
        self._watched: dict[Need, Check] = {}

    def lacks(self, need: Need, sentence: str) -> None:
        self._missing[need] = sentence

    def has(self, need: Need) -> None:
        self._missing.pop(need, None)

    def watch(self, need: Need, check: Check) -> None:
        """Ask `check` too, whenever somebody wants to know."""
        self._watched[need] = check

    def missing(self) -> Mapping[Need, str]:
        """A sentence for each need that is not met, in the order of `Need`."""
        return {need: sentence for need in Need if (sentence := self.why(need)) is not None}

    def why(self, need: Need) -> str | None:
        """What is missing of this one, or None."""
        noted = self._missing.get(need)
        if noted is None and (check := self._watched.get(need)) is not None:
            return check()
        return noted

    def lines(self) -> list[str]:
        """What `/readyz` says: the need, what is missing of it, what may be done."""
        return [
            f"{need}: {sentence.rstrip('.')}. Cure: {LOSSES[need].cure}"
            for need, sentence in self.missing().items()
        ]


async def until_reached(
    call: Callable[[], Awaitable[T]],
    *,
    need: Need,
    sentence: Callable[[Exception], str],
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
            readiness.lacks(need, sentence(error))
            await asyncio.sleep(pauses_s[min(tries, len(pauses_s) - 1)])
            tries += 1
        else:
            readiness.has(need)
            return result
