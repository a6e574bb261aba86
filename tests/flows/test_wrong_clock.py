"""The machine's clock is hours off for a while: nothing is lost, closed or forgotten by it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import pytest

from bot.clock import utc_ms
from bot.pauses import Pauses
from sandbox.wechatpay.faults import Fault, FaultKind
from storage.driver import sqlite3
from tests.world import COUPON_TOML, World, until, world

HOUR = 3_600_000
DAY = 24 * HOUR


class Machine:
    """The wall clock, and how far somebody has set it ahead."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return utc_ms() + self.ahead


@asynccontextmanager
async def shop_with(folder: Path, machine: Machine, more: str = "") -> AsyncGenerator[World]:
    (folder / "coupon.toml").write_text(COUPON_TOML + more)
    async with world(folder, clock=machine, pauses=Pauses(clock_s=0.05, clock_doubt_s=0.1)) as shop:
        yield shop
        shop.audit_holds()


async def test_a_clock_that_is_set_at_any_moment_makes_no_row_differ_from_its_event(tmp_path: Path) -> None:
    """By less than what is doubted, and by more than a row and its event may differ."""
    turns = cycle((0, 90_000))
    async with world(tmp_path, clock=lambda: utc_ms() + next(turns)) as shop:
        for place in range(3):
            number = await shop.ask(openid=f"oUpF8uMuAJO_M2pxb1Q9zNjWeS{place}z")
            await shop.approve(number)
            await shop.state(number, "sent")
        shop.audit_holds()


def news(shop: World, words: str) -> list[str]:
    return [message.text for message in shop.slack.messages("C0APPROVE") if words in message.text]


async def posted_news(shop: World, words: str) -> list[str]:
    return await until(lambda: news(shop, words) or None)


@pytest.mark.parametrize("ahead", [26 * HOUR, -26 * HOUR])
async def test_a_day_ahead_or_behind_for_a_while_expires_nothing_and_is_told_once(
    tmp_path: Path, ahead: int
) -> None:
    machine = Machine()
    reminders = "\n[reminders]\nhours = [12]\n"
    async with shop_with(tmp_path, machine, reminders) as shop:
        before = await shop.ask()
        machine.ahead = ahead
        await posted_news(shop, "in doubt: it is off by 26 hours")
        between = await shop.ask(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS7p")
        machine.ahead = 0
        await posted_news(shop, "is right again")
        after = await shop.ask(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS8q")
        for number in (before, between, after):
            row = await until(lambda n=number: ((row := shop.row(n)) and _sound(row) and row) or None)
            assert row["state"] == "pending"
            assert "request:reminded" not in shop.tags(number)
            await shop.approve(number)
            await shop.state(number, "sent")
        assert len(news(shop, "🕰️")) == 2
        assert [event["tag"] for event in shop.events() if event["tag"].startswith("clock:")] == [
            "clock:doubted",
            "clock:confirmed",
        ]


def _sound(row: dict[str, int]) -> bool:
    """It has about its whole day yet, and no more."""
    return abs(row["expires_at"] - utc_ms() - DAY) < 60_000


async def test_what_was_put_off_while_the_clock_was_ahead_goes_on_when_it_is_right(tmp_path: Path) -> None:
    machine = Machine()
    async with shop_with(tmp_path, machine) as shop:
        shop.wechatpay.faults.queue(*[Fault(FaultKind.LOST_ANSWER)] * 3)
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "unknown")
        await shop.stop()
        # As it stands in the file after three hours ahead.
        connection = sqlite3.connect(tmp_path / "coupon.db")
        connection.execute("update request set due_at = :at, unknown_at = :at", {"at": utc_ms() + 3 * HOUR})
        connection.commit()
        connection.close()
        await shop.start()
        await shop.state(number, "sent")


async def test_a_start_with_a_wrong_clock_says_so_and_expires_nothing(tmp_path: Path) -> None:
    machine = Machine()
    async with shop_with(tmp_path, machine) as shop:
        number = await shop.ask()
        await shop.stop()
        machine.ahead = 26 * HOUR
        await shop.start()
        await posted_news(shop, "in doubt")
        assert "the machine's clock is 93600 s off Slack's" in (await ready(shop))[0]
        row = shop.row(number)
        assert row is not None
        assert row["state"] == "pending"
        await shop.stop()
        # The log's newest event is in the future of the clock that is right: Slack's word outweighs it.
        machine.ahead = 0
        await shop.start()
        await posted_news(shop, "is right again")
        assert await ready(shop) == []


async def ready(shop: World) -> list[str]:
    assert shop.service is not None
    return shop.service.readiness.lines()


async def test_limits_count_what_a_clock_ahead_would_forget(tmp_path: Path) -> None:
    machine = Machine()
    async with shop_with(tmp_path, machine, "\n[limits]\nper_agent = { count = 1, days = 1 }\n") as shop:
        await shop.ask()
        machine.ahead = 26 * HOUR
        refused = await shop.send("send oUpF8uMuAJO_M2pxb1Q9zNjWeS7p late-10 again")
        assert "limit of 1" in refused.text
