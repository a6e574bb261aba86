"""Sending is paused and resumed, or put off: the open cards say so at both ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import utc_ms
from coupons import attempts, settlement_posts
from coupons.settling import Pace
from handlers import cards
from sandbox.wechatpay.faults import Fault, FaultKind
from tests.flows.test_card_story import pause, words_of
from tests.world import until, world


async def test_many_open_cards_are_redrawn_within_slacks_limit_and_nothing_new_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "_REDRAWS_A_MINUTE", 3)
    async with world(tmp_path) as shop:
        numbers = [await shop.ask(openid=f"oUpF8uMuAJO_M2pxb1Q9zNjWeS{n:02}") for n in range(6)]
        await shop.quiet()
        await pause(shop, "U0WANG", pause=True)

        def paused() -> list[int]:
            return [number for number in numbers if "paused sending" in words_of(shop, number)]

        # The newest first, since people look at the end of a channel; no more than may be in a minute.
        await until(lambda: len(paused()) == 3 or None)
        assert paused() == numbers[3:]
        new = await shop.ask(openid="oUpF8uMuAJO_M2pxb1Q9zNjWeS99")
        assert "paused sending" in words_of(shop, new)
        assert paused() == numbers[3:]
        # The rest waits as one promise each, also when it is resumed meanwhile.
        await pause(shop, "U0WANG", pause=False)
        waiting = shop.rows("select key, version from outbox where kind = 'redraw' order by key")
        assert [row["key"] for row in waiting] == sorted(f"redraw:{number}" for number in (*numbers, new))
        assert {row["version"] for row in waiting} <= {1, 2}


async def test_a_long_wait_that_wechat_pay_asks_for_is_said_as_waiting_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (attempts, settlement_posts):
        monkeypatch.setattr(module, "SHOWN_PAUSE_MS", 1_000)
    pace = Pace(pauses_s=(0.1, 2.0), too_fast_s=(0.1, 2.0), tries=8, quiet_ms=300)
    async with world(tmp_path, pace=pace) as shop:
        # An hour is asked for; the longest pause is two seconds, and no wait is longer.
        shop.wechatpay.faults.queue(Fault(FaultKind.RATE_LIMITED, seconds=3600))
        number = await shop.ask()
        await shop.approve(number)
        await until(lambda: "It waits, and asks again from" in words_of(shop, number) or None)
        assert "is asking WeChat Pay for the coupon now" not in words_of(shop, number)
        assert "It waits, and asks again from" in (await shop.send(f"status {number}")).text
        row = shop.row(number)
        assert row is not None
        assert row["due_at"] - utc_ms() <= 2_000
        # Paused meanwhile, nobody knows until when.
        await pause(shop, "U0WANG", pause=True)
        await until(lambda: "nothing goes out" in words_of(shop, number) or None)
        assert "It waits" not in words_of(shop, number)
        assert "It waits" not in (await shop.send(f"status {number}")).text
        await pause(shop, "U0WANG", pause=False)
        await shop.state(number, "sent")
        assert "It waits" not in words_of(shop, number)


async def test_while_an_attempt_after_a_long_wait_is_under_way_the_card_does_not_say_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (attempts, settlement_posts):
        monkeypatch.setattr(module, "SHOWN_PAUSE_MS", 500)
    pace = Pace(pauses_s=(1.0,), too_fast_s=(1.0,), tries=8, quiet_ms=300)
    async with world(tmp_path, pace=pace) as shop:
        slow = Fault(FaultKind.SLOW, seconds=60.0)
        shop.wechatpay.faults.queue(Fault(FaultKind.RATE_LIMITED, seconds=1), slow)
        number = await shop.ask()
        await shop.approve(number)
        await until(lambda: "It waits, and asks again from" in words_of(shop, number) or None)
        await until(lambda: "is asking WeChat Pay for the coupon now" in words_of(shop, number) or None)
        assert "It waits" not in words_of(shop, number)
        shop.wechatpay.release()
        await shop.state(number, "sent")
