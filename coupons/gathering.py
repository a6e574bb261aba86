"""What comes together is dealt with together, and each who brought a part of it waits for the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Group(Generic[T]):
    items: list[T]
    full: asyncio.Event
    task: asyncio.Task[None] | None = None


class Gathering(Generic[T]):
    """Of what comes within `within_s` of the first, at most `most` at a time."""

    def __init__(self, deal: Callable[[Sequence[T]], Awaitable[None]], *, within_s: float, most: int) -> None:
        self._deal = deal
        self._within_s = within_s
        self._most = most
        self._group: _Group[T] | None = None

    async def put(self, item: T) -> None:
        """Returns when it was dealt with; raises what `deal` raised, to each of those who came together.

        A cancelled caller does not keep the others' part, nor its own, from being dealt with.
        """
        group = self._group
        if group is None or len(group.items) >= self._most:
            group = self._group = _Group([], asyncio.Event())
        group.items.append(item)
        if len(group.items) >= self._most:
            group.full.set()
        if group.task is None:
            group.task = asyncio.create_task(self._deal_soon(group))
        await asyncio.shield(group.task)

    async def _deal_soon(self, group: _Group[T]) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                await group.full.wait()
        except TimeoutError:
            pass
        if self._group is group:
            self._group = None
        await self._deal(group.items)
