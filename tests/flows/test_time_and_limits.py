"""Requests that nobody decided, limits that are reached, and a bot that is stopped in the middle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coupons.settling import Pace
from sandbox.slack import server_error
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.ledger import Received
from sandbox.wechatpay.stand_in import WeChatPay
from tests.faults.bot_process import BotProcess, bot_process
from tests.world import COUPON_TOML, ENGLISH_TEAM, OPENID, STOCKS, World, environment, keys, until, world

OTHER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS7p"
#: Three quarters of a second.
SOON = "\n[expiry]\nhours = 0.0002\n"
#: Long enough that nothing is repeated by itself while a test looks; one attempt at a time.
SLOW_PACE = Pace(pauses_s=(1.0,), tries=8, quiet_ms=300, in_flight=1)


@asynccontextmanager
async def shop_with(folder: Path, more: str, **options: Any) -> AsyncGenerator[World]:
    """The usual shop, with more in its coupon.toml."""
    (folder / "coupon.toml").write_text(COUPON_TOML + more)
    async with world(folder, **options) as shop:
        yield shop
        shop.audit_holds()


# --- expiry


async def test_what_nobody_decided_in_time_is_closed_and_told(tmp_path: Path) -> None:
    async with shop_with(tmp_path, SOON) as shop:
        number = await shop.ask()
        await shop.state(number, "expired")
        assert shop.tags(number) == ["request:created", "request:expired"]
        [expired] = [event for event in shop.events(number) if event["tag"] == "request:expired"]
        assert expired["actor"] == "system"
        row = shop.row(number)
        assert row is not None
        assert expired["ts"] >= row["expires_at"]
        assert any("expired" in reply for reply in shop.thread(number))
        [dm] = shop.slack.dms("U0LI")
        assert "expired" in dm.words()
        assert not (await shop.card(number)).element("approve_request")


async def test_a_late_approval_of_an_expired_request_is_refused_and_told(tmp_path: Path) -> None:
    async with shop_with(tmp_path, SOON) as shop:
        number = await shop.ask()
        await shop.state(number, "expired")
        await shop.approve(number, stale=True)
        await shop.whisper("U0WANG", f"#{number}")
        assert shop.tags(number)[-1] == "click:refused"
        assert shop.wechatpay.ledger.coupons == []


async def test_one_approval_of_two_does_not_keep_a_request_open(tmp_path: Path) -> None:
    async with shop_with(tmp_path, SOON) as shop:
        number = await shop.ask("sorry-50")
        await shop.approve(number)
        await shop.state(number, "expired")
        assert "request:approved" not in shop.tags(number)
        assert shop.wechatpay.ledger.coupons == []


async def test_an_approved_request_never_expires_whatever_the_wait(tmp_path: Path) -> None:
    """From the approvals on it is WeChat Pay's answer that ends it."""
    async with shop_with(tmp_path, "\n[expiry]\nhours = 0.0005\n") as shop:
        shop.wechatpay.faults.queue(Fault(FaultKind.NO_AUTH))
        number, other = await shop.ask(), await shop.ask(who="U0SUN")
        await shop.approve(number)
        await shop.state(number, "held")
        row = shop.row(number)
        assert row is not None
        # Asked for later, so it comes due later: when it is closed, the first was passed by.
        await shop.state(other, "expired")
        assert row["expires_at"] < time.time() * 1000
        row = shop.row(number)
        assert row is not None
        assert row["state"] == "held"


async def test_what_came_due_while_the_bot_was_away_expires_at_its_return(tmp_path: Path) -> None:
    async with shop_with(tmp_path, SOON) as shop:
        number = await shop.ask()
        await shop.stop()
        [due] = shop.rows("select expires_at from request")
        await until(lambda: time.time() * 1000 > due["expires_at"] or None)
        await shop.start()
        await shop.state(number, "expired")
        assert len(shop.slack.dms("U0LI")) == 1


# --- limits

PER_CUSTOMER = "\n[limits]\nper_customer = { count = 1, days = 30 }\n"
PER_AGENT = "\n[limits]\nper_agent = { count = 2, days = 1 }\n"


async def test_the_limit_of_a_customer_refuses_whoever_asks_and_says_the_limit(tmp_path: Path) -> None:
    async with shop_with(tmp_path, PER_CUSTOMER) as shop:
        await shop.ask()
        refused = await shop.send(f"send {OPENID} late-10 again", "U0SUN")
        assert "limit of 1 in 30 days" in refused.text
        assert shop.newest() == 1
        [event] = [event for event in shop.events() if event["tag"] == "command:refused"]
        assert event["actor"] == "U0SUN"
        # Months later it still says which limit it was, and for whom: by the number, not by the openid.
        assert event["detail"] == {
            "reason": "customer_limit",
            "customer": shop.row(1)["customer"],
            "stock_id": "1212121212",
            "value_fen": 1000,
            "limit": {"count": 1, "days": 30},
        }
        assert await shop.ask(openid=OTHER) == 2


@pytest.mark.parametrize("how", ["declined", "cancelled", "refused"])
async def test_what_came_to_nothing_does_not_count(tmp_path: Path, how: str) -> None:
    async with shop_with(tmp_path, PER_CUSTOMER) as shop:
        shop.wechatpay.faults.queue(Fault(FaultKind.USER_REJECTED))
        number = await shop.ask()
        match how:
            case "declined":
                await shop.decline(number, "on time")
            case "cancelled":
                await shop.send(f"cancel {number}")
            case _:
                await shop.approve(number)
        await shop.state(number, how)
        assert await shop.ask() == 2


async def test_the_limit_of_an_agent_counts_that_agent_only(tmp_path: Path) -> None:
    async with shop_with(tmp_path, PER_AGENT) as shop:
        await shop.ask()
        await shop.ask(openid=OTHER)
        refused = await shop.send(f"send {OPENID} late-10 third")
        assert "limit of 2 requests in 1 day" in refused.text
        assert await shop.ask(who="U0SUN") == 3


@pytest.mark.parametrize("table", ["per_customer", "per_agent"])
async def test_a_limit_with_when_reached_approve_asks_for_one_approval_more(
    tmp_path: Path, table: str
) -> None:
    limit = f'\n[limits]\n{table} = {{ count = 1, days = 30, when_reached = "approve" }}\n'
    async with shop_with(tmp_path, limit) as shop:
        first, second = await shop.ask(), await shop.ask()
        assert [row["approvals_needed"] for row in shop.rows("select * from request order by id")] == [1, 2]
        await shop.approve(first)
        await shop.state(first, "sent")
        await shop.approve(second, "U0WANG")
        await shop.reply(second, "1 of 2")
        assert len(shop.wechatpay.ledger.coupons) == 1
        await shop.approve(second, "U0ZHAO")
        await shop.state(second, "sent")


async def test_many_requests_at_the_same_moment_do_not_get_past_a_limit(tmp_path: Path) -> None:
    async with shop_with(tmp_path, PER_CUSTOMER) as shop:
        answers = await asyncio.gather(
            *(shop.send(f"send {OPENID} late-10 {place}", who) for place in range(6) for who in _AGENTS)
        )
        assert len([answer for answer in answers if "limit of 1" in answer.text]) == 11
        assert shop.rows("select count(*) as n from request") == [{"n": 1}]


_AGENTS = ("U0LI", "U0SUN")


# --- stopped in the middle


async def test_all_that_was_open_when_the_bot_stopped_is_finished_after_its_next_start(
    tmp_path: Path,
) -> None:
    async with shop_with(tmp_path, "", pace=SLOW_PACE) as shop:
        shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER), Fault(FaultKind.SLOW, seconds=60.0))
        doubtful, held_up, waiting, clicked, untouched = [await shop.ask() for _ in range(5)]
        await shop.approve(doubtful)
        await shop.state(doubtful, "unknown")
        await shop.approve(held_up)
        await until(lambda: _on_the_wire(shop.wechatpay) or None)
        await shop.approve(waiting)
        await until(lambda: "request:approved" in shop.tags(waiting) or None)
        # Slack can no longer say who somebody is, nor take a post.
        for method in ("users.info", "chat.postMessage", "chat.update"):
            shop.slack.faults.rate(method, server_error(), share=1.0)
        await shop.approve(clicked, "U0ZHAO")
        stopping = asyncio.create_task(shop.stop())
        await until(lambda: not shop.slack.sockets.links or None)
        shop.wechatpay.release()
        await stopping

        states = {row["id"]: row["state"] for row in shop.rows("select id, state from request")}
        assert states == {
            doubtful: "unknown",
            held_up: "sent",
            waiting: "approved",
            clicked: "pending",
            untouched: "pending",
        }
        assert shop.rows("select request_id from click where done = 0") == [{"request_id": clicked}]
        assert shop.rows("select 1 from outbox")
        assert shop.events()[-1]["tag"] == "bot:stopped"

        shop.slack.faults.clear()
        await shop.start()
        for number in (doubtful, held_up, waiting, clicked):
            await shop.state(number, "sent")
            assert [reply for reply in shop.thread(number) if "is sent" in reply]
        await shop.approve(untouched)
        await shop.state(untouched, "sent")
        numbers = [coupon.out_request_no for coupon in shop.wechatpay.ledger.coupons]
        assert len(numbers) == len(set(numbers)) == 5
        assert len(shop.slack.dms("U0LI")) == 5
        assert len(shop.slack.messages("C0APPROVE")) == 5


def _on_the_wire(wechatpay: WeChatPay) -> list[Received]:
    return [each for each in wechatpay.ledger.requests if each.fault == "slow" and not each.done]


@asynccontextmanager
async def process_shop(folder: Path) -> AsyncGenerator[tuple[World, BotProcess]]:
    """The bot as a process of its own, started."""
    stand_in = WeChatPay(keys(), stocks=STOCKS)
    async with ENGLISH_TEAM.serve() as slack, stand_in.serve() as running:
        environ = environment(slack, running.url, folder, mode=KeyMode.PUBLIC_KEY)
        async with bot_process(environ, folder / "bot.log") as bot:
            await bot.start(slack)
            try:
                yield World(slack, stand_in, folder, environ), bot
            finally:
                stand_in.release()


async def test_sigterm_waits_for_the_answer_on_the_wire_and_exits_with_0(tmp_path: Path) -> None:
    async with process_shop(tmp_path) as (shop, bot):
        shop.wechatpay.faults.queue(Fault(FaultKind.SLOW, seconds=60.0))
        number = await shop.ask()
        await shop.approve(number)
        await until(lambda: _on_the_wire(shop.wechatpay) or None)
        stopping = asyncio.create_task(bot.stop())
        # It takes nothing new any more, and still waits.
        await until(lambda: not shop.slack.sockets.links or None)
        assert not stopping.done()
        shop.wechatpay.release()
        assert await stopping == 0
        row = shop.row(number)
        assert row is not None
        [coupon] = shop.wechatpay.ledger.coupons
        assert (row["state"], row["coupon_code"]) == ("sent", coupon.coupon_code)
        assert len(shop.wechatpay.ledger.sends_of(coupon.out_request_no)) == 1
        assert shop.events()[-1]["tag"] == "bot:stopped"

        await shop.start()
        await shop.quiet()
        assert await shop.reply(number, "is sent")
        await shop.stop()
        shop.audit_holds()


async def test_killed_while_it_waits_for_an_answer_it_asks_again_with_the_same_bytes(tmp_path: Path) -> None:
    async with process_shop(tmp_path) as (shop, bot):
        shop.wechatpay.faults.queue(Fault(FaultKind.SLOW, seconds=60.0))
        number = await shop.ask()
        await shop.approve(number)
        await until(lambda: _on_the_wire(shop.wechatpay) or None)
        await bot.kill()
        row = shop.row(number)
        assert row is not None
        assert (row["state"], row["running"]) == ("sending", 1)
        await shop.start()
        await shop.state(number, "sent")
        [coupon] = shop.wechatpay.ledger.coupons
        sends = shop.wechatpay.ledger.sends_of(coupon.out_request_no)
        assert len(sends) == 2
        assert len({send.body for send in sends}) == 1
        await shop.stop()
        shop.audit_holds()


async def test_the_log_of_a_whole_run_shows_no_secret_and_no_openid(tmp_path: Path) -> None:
    async with process_shop(tmp_path) as (shop, bot):
        # Troubles of every kind, since it is their lines that would give something away.
        shop.wechatpay.faults.queue(Fault(FaultKind.BAD_SIGNATURE))
        shop.slack.faults.next("chat.postMessage", server_error())
        number = await shop.ask()
        answer = await shop.send(f"send {OPENID} nothing-like-it parcel")
        await shop.approve(number, "U0ZHAO")
        await shop.state(number, "sent")
        assert await bot.stop() == 0
        log = (tmp_path / "bot.log").read_text()
        assert "will_try_again" in log
        assert "Traceback" not in log
        merchant = keys().merchant
        key_lines = [line for line in merchant.private_key_pem.splitlines() if "-----" not in line]
        secrets = [
            *(shop.environ[name] for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")),
            merchant.apiv3_key,
            *key_lines,
            answer.response_url,
            OPENID,
            "WECHATPAY2-SHA256-RSA2048",
            "ticket=",
        ]
        assert [secret for secret in secrets if secret and secret in log] == []
