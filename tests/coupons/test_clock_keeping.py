"""A doubt that lasts is told once, and its end is; one that Slack ends at once is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.clock_keeping import ClockKeeper
from coupons.clock_watch import ClockWatch, Doubt
from coupons.posts import PostKind
from storage.ledger import SqliteLedger
from tests.clocks import SetClock, sure
from tests.empty_database import empty_database

NOW = 1_795_400_000_000
HOUR = 3_600_000


class Machine:
    """Its clocks, its log, and a Slack that says the time, or nothing."""

    def __init__(self, path: Path) -> None:
        self.wall, self.steady = SetClock(NOW), SetClock(0)
        self.slack_says: int | None = None
        self.ledger = SqliteLedger(empty_database(path), clock=self.wall, on_commit=lambda _: None)
        self.begin()

    def begin(self) -> None:
        self.watch: ClockWatch = sure(self.wall, steady=self.steady)
        self.doubts: list[Doubt | None] = []
        self.troubles: list[Exception] = []
        self.keeper = ClockKeeper(
            ledger=self.ledger,
            clock=self.watch,
            ask_time=self.ask_time,
            every_s=2.0,
            tell_after_s=10.0,
            on_doubt=self.doubts.append,
            on_trouble=self.troubles.append,
        )

    async def ask_time(self) -> None:
        if self.slack_says is None:
            raise TimeoutError
        self.watch.confirm(self.slack_says)

    async def clock_events(self) -> list[str]:
        """What the log and the channel were told, after one more look."""
        await self.keeper.step()
        head = await self.ledger.read(lambda rows: rows.head()[0])
        events = [await self.ledger.read(lambda rows, n=n: rows.event(n)) for n in range(1, head + 1)]  # type: ignore[misc]
        news = await self.ledger.read(lambda rows: rows.due_posts(PostKind.NEWS, self.wall(), 9))
        assert [each.post.seq for each in news] == list(range(1, head + 1))
        return [event.tag for event in events if event]


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncGenerator[Machine]:
    machine = Machine(tmp_path / "coupon.db")
    yield machine
    await machine.ledger.close()


async def test_a_doubt_that_lasts_is_told_once_and_so_is_its_end(machine: Machine) -> None:
    assert await machine.clock_events() == []
    machine.wall.now += 26 * HOUR
    assert await machine.clock_events() == []
    assert [doubt and doubt.ahead_ms for doubt in machine.doubts] == [26 * HOUR]
    for _ in range(3):
        machine.steady.now += 10_000
        machine.wall.now += 10_000
        assert await machine.clock_events() == ["clock:doubted"]
    machine.wall.now -= 26 * HOUR
    for _ in range(2):
        assert await machine.clock_events() == ["clock:doubted", "clock:confirmed"]
    assert machine.doubts[1:] == [None]


async def test_a_sleep_that_slack_confirms_at_once_is_told_nobody(machine: Machine) -> None:
    machine.wall.now += 8 * HOUR
    machine.slack_says = machine.wall.now
    assert await machine.clock_events() == []
    assert machine.doubts == []
    assert machine.watch.sure() == machine.wall.now


async def test_a_restart_in_the_middle_tells_neither_again(machine: Machine) -> None:
    machine.slack_says = NOW
    machine.wall.now += 26 * HOUR
    await machine.clock_events()
    machine.steady.now += 10_000
    assert await machine.clock_events() == ["clock:doubted"]
    machine.begin()
    machine.watch.confirm(NOW)
    await machine.clock_events()
    machine.steady.now += 10_000
    assert await machine.clock_events() == ["clock:doubted"]
    machine.wall.now = machine.slack_says = NOW + 20_000
    assert await machine.clock_events() == ["clock:doubted", "clock:confirmed"]


async def test_it_works_until_it_is_stopped_whatever_slack_does(machine: Machine) -> None:
    machine.wall.now += HOUR
    running = asyncio.create_task(machine.keeper.run())
    async with asyncio.timeout(60):
        while not machine.troubles:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    machine.keeper.stop()
    await running
    assert isinstance(machine.troubles[0], TimeoutError)
