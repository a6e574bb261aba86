"""A loop steps when rung and when due, outlives a database that is away, and ends with what it has begun."""

from __future__ import annotations

import asyncio

import pytest

from coupons.errors import StorageUnavailable
from coupons.loops import Bell, InFlight, Loop


class Steps(Loop):
    """Answers each step with the next of `answers`, then with None."""

    def __init__(self, *answers: float | Exception | None, every_s: float = 600.0) -> None:
        self.troubles: list[BaseException] = []
        self.bell = Bell()
        super().__init__(bell=self.bell, on_trouble=self.troubles.append, every_s=every_s, trouble_s=0.01)
        self.answers = list(answers)
        self.taken = 0
        self.drained = False
        self.stepped = asyncio.Event()

    async def step(self) -> float | None:
        self.taken += 1
        self.stepped.set()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def drain(self) -> None:
        self.drained = True

    async def steps(self, number: int) -> None:
        async with asyncio.timeout(60):
            while self.taken < number:
                await self.stepped.wait()
                self.stepped.clear()


@pytest.mark.parametrize(
    ("answers", "every_s"),
    [((0.01, 0.01), 600.0), ((600.0, None), 0.01), ((StorageUnavailable("away"),) * 2, 600.0)],
    ids=["due", "whatever the clock says", "after trouble"],
)
async def test_it_steps_again_when_its_time_has_come(
    answers: tuple[float | Exception | None, ...], every_s: float
) -> None:
    loop = Steps(*answers, every_s=every_s)
    running = asyncio.create_task(loop.run())
    await loop.steps(3)
    loop.stop()
    await running
    assert loop.troubles == [each for each in answers if isinstance(each, Exception)]
    assert loop.drained


async def test_it_steps_when_rung_also_by_what_came_during_its_step_and_no_more_when_stopped() -> None:
    loop = Steps()
    running = asyncio.create_task(loop.run())
    await loop.steps(1)
    loop.bell.ring()
    await loop.steps(2)
    loop.stop()
    loop.bell.ring()
    async with asyncio.timeout(60):
        await running
    assert loop.taken == 2
    rung = Steps()
    rung.bell.ring()
    running = asyncio.create_task(rung.run())
    await rung.steps(2)
    rung.stop()
    await running


async def test_what_is_no_trouble_of_the_database_ends_it() -> None:
    loop = Steps(ValueError("ours"))
    with pytest.raises(ValueError, match="ours"):
        await loop.run()
    assert loop.troubles == []


class Hands:
    """Work that waits until it may go on."""

    def __init__(self, most: int) -> None:
        self.troubles: list[BaseException] = []
        self.bell = Bell()
        self.work = InFlight[str](most, bell=self.bell, on_trouble=self.troubles.append, trouble_s=0.05)
        self.begun: list[str] = []
        self.go_on = asyncio.Event()

    def start(self, key: str, error: Exception | None = None) -> None:
        async def work() -> None:
            self.begun.append(key)
            await self.go_on.wait()
            if error is not None:
                raise error

        self.work.start(key, work, name=key)

    async def rung(self) -> None:
        """Raises TimeoutError: never."""
        async with asyncio.timeout(60):
            await self.bell._rung.wait()
        self.bell._rung.clear()


async def test_each_key_is_worked_on_once_and_never_more_than_there_are_places() -> None:
    hands = Hands(2)
    for key in ("a", "a", "b", "c"):
        hands.start(key)
    await asyncio.sleep(0)
    assert hands.begun == ["a", "b"]
    assert hands.work.is_full
    assert hands.work.not_now() == {"a", "b"}
    hands.go_on.set()
    await hands.rung()
    await hands.work.drain()
    hands.start("a")
    hands.start("c")
    await hands.work.drain()
    assert hands.begun == ["a", "b", "a", "c"]
    assert not hands.troubles


async def test_what_failed_keeps_its_place_for_a_while_and_is_drained_at_once() -> None:
    hands, error = Hands(1), OSError("disk")
    hands.go_on.set()
    hands.start("a", error)
    await hands.work.drain()
    assert hands.troubles == [error]
    hands.start("a")
    hands.start("b")
    assert hands.begun == ["a"]
    assert "a" in hands.work
    await hands.rung()
    hands.start("b")
    await hands.work.drain()
    assert hands.begun == ["a", "b"]


async def test_what_rests_takes_nobodys_place_and_is_woken_once() -> None:
    hands = Hands(1)
    hands.go_on.set()
    hands.work.rest("a", 600.0)
    hands.work.rest("a", 0.01)
    hands.start("a")
    hands.start("b")
    assert "a" not in hands.work
    assert hands.work.not_now() == {"a", "b"}
    await hands.work.drain()
    assert hands.begun == ["b"]
    async with asyncio.timeout(60):
        while "a" in hands.work.not_now():
            await hands.rung()
    # Only the last one counts: the end of the one before it wakes nobody.
    hands.work.rest("a", 0.0)
    hands.work.rest("a", 600.0)
    await asyncio.sleep(0.01)
    assert "a" in hands.work.not_now()
    hands.work.wake("a")
    await hands.rung()
    hands.work.wake("a")
    hands.start("a")
    await hands.work.drain()
    assert hands.begun == ["b", "a"]
