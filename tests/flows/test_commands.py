"""What people look up, and what stops and starts sending: each command with the whole bot."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.world import COUPON_TOML, OPENID, World, world

LIMITS = """
[limits]
per_customer = { count = 2, days = 30, when_reached = "approve" }
budget = { fen = 100000, days = 1 }
"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    (tmp_path / "coupon.toml").write_text(COUPON_TOML + LIMITS, encoding="utf-8")
    async with world(tmp_path) as started:
        yield started


async def test_check_tells_the_rule_who_could_approve_and_what_is_left_and_tells_nobody(shop: World) -> None:
    answer = await shop.send(f"check {OPENID} sorry-50")
    assert "It would need 2 approvals, by rule 2." in answer.text
    assert "Could approve now: " in answer.text
    assert "oU…jWeS6o" in answer.text
    assert OPENID not in answer.text
    assert "1,000.00" in repr(answer.shown[0].blocks)
    assert shop.rows("select id from request") == []
    assert shop.events()[-1]["tag"] == "bot:started"
    assert shop.slack.messages("C0APPROVE") == []


async def test_check_names_the_limit_that_asks_for_one_more(shop: World) -> None:
    for _ in range(2):
        await shop.ask()
    answer = await shop.send(f"check {OPENID} late-10")
    assert "It would need 2 approvals" in answer.text
    assert "this customer" in answer.text


async def test_customer_shows_what_was_given_and_what_is_on_its_way(shop: World) -> None:
    await shop.ask()
    await shop.approve(1)
    await shop.state(1, "sent")
    await shop.ask("sorry-50")
    answer = await shop.send(f"customer {OPENID}")
    assert "1 coupon, ¥10.00" in answer.text
    assert "#1" in answer.text
    assert "#2" in answer.text
    assert OPENID not in answer.text
    [coupon] = shop.wechatpay.ledger.coupons
    assert coupon.coupon_code not in answer.text


async def test_a_stranger_to_the_roles_learns_nothing_of_a_customer(shop: World) -> None:
    await shop.ask()
    answer = await shop.send(f"customer {OPENID}", "U0FIN")
    assert "Only people who may ask" in answer.text


async def test_stocks_lists_the_catalogue(shop: World) -> None:
    answer = await shop.send("stocks")
    assert "Stocks of which you can give coupons: 4" in answer.text
    assert "sorry-50" in answer.text


async def test_the_requester_urges_once_in_half_an_hour_and_nobody_else_does(shop: World) -> None:
    await shop.ask()
    assert "will be called" in (await shop.send("urge 1")).text
    await shop.reply(1, "U0LI")
    assert "less than half an hour ago" in (await shop.send("urge 1")).text
    assert "not yours" in (await shop.send("urge 1", "U0WANG")).text
    assert "no request" in (await shop.send("urge 99")).text
    assert shop.tags(1).count("request:urged") == 1


async def test_pause_stops_what_is_approved_and_resume_sends_it(shop: World) -> None:
    await shop.ask()
    assert "only approvers" in (await shop.send("pause")).text
    assert "Sending is paused." in (await shop.send("pause wrong stock", "U0WANG")).text
    assert "already" in (await shop.send("pause", "U0WANG")).text
    await shop.approve(1)
    await shop.whisper("U0WANG", "paused")
    assert shop.wechatpay.ledger.coupons == []
    assert "Sending goes on." in (await shop.send("resume", "U0WANG")).text
    await shop.approve(1)
    await shop.state(1, "sent")
    assert "not paused" in (await shop.send("resume", "U0WANG")).text


async def test_answers_are_in_the_language_of_whoever_asks(shop: World) -> None:
    shop.slack.set_person("U0LI", locale="zh-CN")
    assert "可发券的批次" in (await shop.send("stocks")).text
    assert "需要 2 人审批" in (await shop.send(f"check {OPENID} sorry-50")).text
    assert "还没有券" in (await shop.send(f"customer {OPENID}")).text
    assert "没有申请" in (await shop.send("urge 99")).text or "#99" in (await shop.send("urge 99")).text
