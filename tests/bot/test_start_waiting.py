"""What a start waits for instead of ending."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp

from sandbox.slack import Workspace, server_error
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.bot.test_start import Up, free_port, stands, up_here
from tests.faults.bot_process import bot_process
from tests.world import STOCKS, environment, keys


async def test_without_slack_it_lives_says_what_is_missing_and_becomes_ready_by_itself(
    tmp_path: Path,
) -> None:
    async with stands(tmp_path) as (slack, environ):
        slack.faults.rate("*", server_error(503), share=1.0)
        async with up_here(environ) as bot:
            _, body = await bot.until(lambda status, body: status == 503 and "slack:" in body)
            assert "slack: Slack does not answer. Cure: " in body
            assert (await bot.get("/healthz"))[0] == 200
            assert "coupon" in (await bot.get("/metrics"))[1]
            slack.faults.clear()
            await bot.ready()
            # In Socket Mode nobody can post payloads.
            async with bot.session.post(f"{bot.url}/slack/events", data="x") as posted:
                assert posted.status == 404


async def test_nobody_at_slacks_address_is_waited_for_and_sigterm_still_ends_it(tmp_path: Path) -> None:
    async with stands(tmp_path) as (_, environ):
        environ["SLACK_API_URL"] = f"http://127.0.0.1:{free_port()}/api/"
        url = environ["COUPON_LISTEN"] = f"127.0.0.1:{free_port()}"
        async with bot_process(environ, tmp_path / "bot.log") as process, aiohttp.ClientSession() as session:
            await process.begin()
            bot = Up(f"http://{url}", session, lambda: process.runs)
            await bot.until(lambda status, body: status == 503 and "slack:" in body)
            assert await process.stop() == 0


async def test_a_socket_that_cannot_be_opened_is_waited_for(tmp_path: Path) -> None:
    async with stands(tmp_path) as (slack, environ):
        slack.faults.next("apps.connections.open", server_error(503))
        async with up_here(environ) as bot:
            await slack.wait_for(lambda: slack.calls("apps.connections.open") or None)
            _, body = await bot.until(lambda status, body: status == 503 and "socket:" in body)
            assert "socket: Slack's Socket Mode is not connected. Cure: " in body
            await bot.ready()


async def test_in_certificate_mode_wechat_pay_is_named_while_it_is_away(tmp_path: Path) -> None:
    stand_in = WeChatPay(keys(), stocks=STOCKS, mode=KeyMode.CERTIFICATE)
    port = free_port()
    async with Workspace().serve() as slack:
        environ = environment(slack, f"http://127.0.0.1:{port}", tmp_path, mode=KeyMode.CERTIFICATE)
        async with up_here(environ) as bot:
            _, body = await bot.until(lambda status, body: status == 503 and "wechatpay:" in body)
            [sentence] = [line for line in json.loads(body) if line.startswith("wechatpay:")]
            assert "certificates" in sentence
            async with stand_in.serve(port=port):
                await bot.ready()
