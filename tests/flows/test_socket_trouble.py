"""The socket goes away, Slack's API is slow, the bot is stopped: what came is kept, acked and told once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from bot import socket_mode
from bot.pauses import Pauses
from handlers import cards as card_drawing
from sandbox.slack import server_error, slow
from storage.driver import sqlite3
from tests.flows.test_slack_trouble import cards, replies
from tests.world import OPENID, World, until, world


@pytest.fixture
def pauses() -> Pauses:
    """What is promised about our own pauses is that they end."""
    return Pauses(posts_s=(0.1,), no_card_s=0.1, click_s=0.1)


# --- the socket


async def _typed_until_it_was_heard(shop: World, place: int) -> int:
    """As a person does who sees Slack's own error: look at the list, and type it again."""
    for _ in range(30):
        answer = await shop.send(f"send oCust{place:024d} late-10 parcel {place}")
        if found := re.search(r"#(\d+)", answer.text):
            return int(found[1])
    raise AssertionError("never heard")


async def _clicked_until_it_counted(shop: World, number: int) -> None:
    def is_decided() -> bool:
        row = shop.row(number)
        return row is not None and row["state"] != "pending"

    for _ in range(30):
        answer = await shop.approve(number, "U0ZHAO", stale=True)
        if answer.error is None:
            return
        if is_decided():
            return
    raise AssertionError("never counted")


def _so_many_acked(shop: World, enough: int) -> bool | None:
    return len([each for each in shop.slack.deliveries if each.done]) >= enough or None


@pytest.mark.parametrize("how", ["cut", "refresh_requested", "warning"])
async def test_with_the_socket_going_away_under_it_again_and_again_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: Pauses, how: str
) -> None:
    # After a cut, slack_sdk's client is deaf until its next ping.
    monkeypatch.setattr(socket_mode, "_PING_EVERY_S", 1.0)
    # What is typed again is another request of the same customer, whose cards are all drawn anew: on a busy
    # machine so many that they would rest for a minute.
    monkeypatch.setattr(card_drawing, "_REDRAWS_A_MINUTE", 10_000)
    async with world(tmp_path, pauses=pauses) as shop:
        shop.slack.sockets._ack_seconds = 1.0
        await _work_while_the_socket_goes(shop, how)
        shop.audit_holds()


async def _work_while_the_socket_goes(shop: World, how: str) -> None:
    async def whole(place: int) -> int:
        number = await _typed_until_it_was_heard(shop, place)
        await shop.card(number)
        await _clicked_until_it_counted(shop, number)
        return number

    async def troubled() -> None:
        for place in range(1, 4):
            await shop.slack.wait_for(partial(_so_many_acked, shop, 4 * place))
            if how == "cut":
                shop.slack.sockets.cut()
            else:
                await shop.slack.sockets.disconnect(how)

    trouble = asyncio.create_task(troubled())
    numbers = await asyncio.gather(*(whole(place) for place in range(12)))
    await trouble
    for number in numbers:
        await shop.state(number, "sent")
        assert len(cards(shop, number)) == 1
        assert len(replies(shop, number, "is sent")) == 1
    # A command typed twice because its ack was lost is a second request, which a person sees and cancels.
    sent = [coupon.openid for coupon in shop.wechatpay.ledger.coupons]
    assert Counter(sent) == {f"oCust{place:024d}": 1 for place in range(12)}
    assert shop.slack.sockets.links


# --- acks do not wait for Slack's API


async def test_a_command_is_acked_while_slack_takes_its_time_with_posts(shop: World) -> None:
    shop.slack.faults.next("chat.postMessage", slow(1.0))
    await shop.send(f"send {OPENID} late-10 first")
    await shop.slack.wait_for(lambda: shop.slack.faults.waiting == 0 or None)
    second = await shop.send(f"send {OPENID} late-10 second")
    assert "#2" in second.text
    # The slow call is still on the wire: Slack notes a call when it has taken it.
    assert shop.slack.calls("chat.postMessage") == []
    await shop.card(1)
    await shop.card(2)


async def test_a_click_is_acked_and_kept_while_slack_takes_its_time_to_say_who_it_is(shop: World) -> None:
    number = await shop.ask()
    shop.slack.faults.next("users.info", slow(1.0))
    answer = await shop.approve(number, "U0ZHAO")
    assert answer.error is None
    assert [call for call in shop.slack.calls("users.info") if call.arguments["user"] == "U0ZHAO"] == []
    assert shop.rows("select person, done from click") == [{"person": "U0ZHAO", "done": 0}]
    await shop.state(number, "sent")


async def test_a_click_that_slack_could_not_vouch_for_is_decided_once_it_can(shop: World) -> None:
    number = await shop.ask()
    shop.slack.faults.next("users.info", server_error())
    await shop.approve(number, "U0ZHAO")
    await shop.state(number, "sent")
    assert shop.tags(number).count("approval:given") == 1


# --- stopping


async def test_a_click_under_way_when_the_bot_is_stopped_gets_its_ack(shop: World) -> None:
    number = await shop.ask()
    card = await shop.card(number)
    blocked = sqlite3.connect(shop.folder / "coupon.db", isolation_level=None)
    blocked.execute("begin immediate")
    calls = len(shop.slack.deliveries)
    clicking = asyncio.create_task(
        shop.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    )
    await until(lambda: len(shop.slack.deliveries) > calls or None)
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(shop.stop())
    await asyncio.sleep(0.2)
    blocked.execute("rollback")
    blocked.close()
    answer = await clicking
    await stopping
    assert answer.error is None
    assert len(shop.rows("select 1 from click")) == 1
    await shop.start()
    await shop.state(number, "sent")
