"""What comes together is dealt with together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from coupons.gathering import Gathering


class Dealt:
    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fails = False

    async def __call__(self, items: Sequence[int]) -> None:
        self.groups.append(list(items))
        await self.go_on.wait()
        if self.fails:
            raise ValueError("no")


async def test_who_comes_within_the_time_is_dealt_with_together_and_a_full_group_at_once() -> None:
    dealt = Dealt()
    soon = Gathering[int](dealt, within_s=0.001, most=3)
    await asyncio.gather(*(soon.put(number) for number in range(2)))
    assert dealt.groups == [[0, 1]]
    never = Gathering[int](dealt, within_s=3600, most=3)
    await asyncio.gather(*(never.put(number) for number in range(6)))
    assert dealt.groups == [[0, 1], [0, 1, 2], [3, 4, 5]]


async def test_each_waits_for_the_whole_and_hears_of_its_fault() -> None:
    dealt = Dealt()
    dealt.go_on.clear()
    gathering = Gathering[int](dealt, within_s=3600, most=2)
    tasks = [asyncio.create_task(gathering.put(number)) for number in range(2)]
    await asyncio.wait(tasks, timeout=0.01)
    assert [task.done() for task in tasks] == [False, False]
    dealt.fails = True
    dealt.go_on.set()
    for task in tasks:
        with pytest.raises(ValueError, match="no"):
            await task


async def test_who_is_cancelled_keeps_nobody_s_part_from_being_dealt_with() -> None:
    dealt = Dealt()
    gathering = Gathering[int](dealt, within_s=3600, most=2)
    first = asyncio.create_task(gathering.put(1))
    await asyncio.sleep(0)
    first.cancel()
    await gathering.put(2)
    assert dealt.groups == [[1, 2]]
