"""Without an app token Slack posts to us, signed; what is not signed by Slack does nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from structlog.testing import capture_logs

from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import load_settings
from bot.service import Service
from sandbox.slack import Twice, server_error
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from tests.world import ENGLISH_TEAM, OPENID, QUICK, STOCKS, World, environment, keys

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class HttpShop:
    """The bot in HTTP mode between its stand-ins, perhaps not ready yet."""

    shop: World
    url: str
    session: aiohttp.ClientSession
    running: asyncio.Task[None]

    async def status(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> None:
        """Until `/readyz` says so."""
        async with asyncio.timeout(60):
            while True:
                assert not self.running.done()
                try:
                    if (await self.status("/readyz"))[0] == 200:
                        return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.02)

    async def post(
        self, body: str, *, secret: str | None = None, age_s: int = 0, content_type: str = FORM
    ) -> int:
        """As Slack does; the secret and the age may be wrong. Returns the status."""
        stamp = str(int(time.time()) - age_s)
        key = self.shop.slack.setup.signing_secret if secret is None else secret
        signature = hmac.new(key.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }
        async with self.session.post(f"{self.url}/slack/events", data=body, headers=headers) as answer:
            return answer.status


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def http_shop(folder: Path, *, slack_is_down: bool = False) -> AsyncGenerator[HttpShop]:
    stand_in = WeChatPay(keys(), stocks=STOCKS)
    async with (
        ENGLISH_TEAM.serve() as slack,
        stand_in.serve() as running,
        aiohttp.ClientSession() as session,
    ):
        if slack_is_down:
            slack.faults.rate("auth.test", server_error(), share=1.0)
        port = _free_port()
        environ = environment(slack, running.url, folder, mode=KeyMode.PUBLIC_KEY)
        del environ["SLACK_APP_TOKEN"]
        environ["SLACK_SIGNING_SECRET"] = slack.setup.signing_secret
        environ["COUPON_LISTEN"] = f"127.0.0.1:{port}"
        settings = load_settings(environ)
        config = load_coupon_toml(settings.coupon_config)
        stop = asyncio.Event()
        service = Service(settings, config, logger=structlog.get_logger(), pace=QUICK)
        task = asyncio.create_task(service.run(stop))
        shop = World(slack, stand_in, folder, environ)
        here = HttpShop(shop, f"http://127.0.0.1:{port}", session, task)
        try:
            if not slack_is_down:
                await here.ready()
                await slack.use_request_url(f"{here.url}/slack/events")
            yield here
        finally:
            stop.set()
            await task


def _command(here: HttpShop, **changes: str) -> str:
    values = {
        "command": "/coupon",
        "text": f"send {OPENID} late-10 forged",
        "team_id": here.shop.slack.setup.team_id,
        "user_id": "U0LI",
        "channel_id": "C0SUPPORT",
        "trigger_id": "1.2.3",
        "api_app_id": here.shop.slack.setup.app_id,
        "token": "old",
    }
    return urlencode(values | changes)


def _click(here: HttpShop, number: int) -> str:
    card = here.shop.card_now(number)
    assert card is not None
    payload = {
        "type": "block_actions",
        "user": {"id": "U0WANG", "team_id": here.shop.slack.setup.team_id},
        "team": {"id": here.shop.slack.setup.team_id},
        "channel": {"id": "C0APPROVE"},
        # A click counts on the card alone.
        "container": {"type": "message", "channel_id": "C0APPROVE", "message_ts": card.ts},
        "trigger_id": "4.5.6",
        "api_app_id": here.shop.slack.setup.app_id,
        "actions": [{"action_id": "approve_request", "value": str(number), "type": "button"}],
    }
    return urlencode({"payload": json.dumps(payload)})


async def test_signed_requests_work_from_the_command_to_the_coupon(tmp_path: Path) -> None:
    async with http_shop(tmp_path) as here:
        number = await here.shop.ask()
        await here.shop.approve(number)
        await here.shop.state(number, "sent")
        [coupon] = here.shop.wechatpay.ledger.coupons
        assert any(coupon.coupon_code in reply for reply in here.shop.thread(number))
        declined = await here.shop.ask(who="U0SUN")
        await here.shop.decline(declined, "on time")
        await here.shop.state(declined, "declined")
        # No link was opened: everything came over HTTP.
        assert here.shop.slack.sockets.links == []
        assert here.shop.slack.calls("apps.connections.open") == []
        here.shop.audit_holds()


async def test_the_same_http_deliveries_twice_make_one_request_and_one_coupon(tmp_path: Path) -> None:
    async with http_shop(tmp_path) as here:
        here.shop.slack.duplicate = Twice.TOGETHER
        number = await here.shop.ask()
        await here.shop.approve(number)
        await here.shop.state(number, "sent")
        assert here.shop.newest() == 1
        assert len(here.shop.wechatpay.ledger.coupons) == 1


async def test_what_is_not_signed_by_slack_gets_401_and_does_nothing(tmp_path: Path) -> None:
    async with http_shop(tmp_path) as here:
        number = await here.shop.ask()
        before = here.shop.rows("select * from event"), here.shop.rows("select * from click")
        assert await here.post(_command(here), secret="guessed") == 401
        assert await here.post(_click(here, number), secret="guessed") == 401
        assert await here.post(_click(here, number), secret="socket-mode") == 401
        # A recording, replayed: Slack's own advice is five minutes.
        assert await here.post(_click(here, number), age_s=301) == 401
        async with here.session.post(f"{here.url}/slack/events", data=_click(here, number)) as unsigned:
            assert unsigned.status == 401
        assert before == (here.shop.rows("select * from event"), here.shop.rows("select * from click"))
        assert here.shop.newest() == number
        # The same bytes under the right signature do count, so it was the signature that stopped them.
        assert await here.post(_click(here, number)) == 200
        await here.shop.state(number, "sent")


#: As bytes: what aiohttp's own client would never send.
JUNK_TIMES = [
    b"abc",
    b"NaN",
    b"inf",
    b"1e400",
    b"-1",
    b"+1795400572",
    b"1_795_400_572",
    b"9" * 400,
    "１７９５４００５７２".encode(),
    "١٧٩٥".encode(),
    b"\xff\xfe",
    b"",
    b"0x10",
    b"1795400572.5",
]


async def _raw(here: HttpShop, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """One request, byte for byte; the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.url.rpartition(":")[2]))
    lines = [
        b"POST " + path.encode() + b" HTTP/1.1",
        b"Host: bot",
        b"Connection: close",
        b"Content-Length: %d" % len(body),
        *(name + b": " + value for name, value in headers),
    ]
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    return answer


async def test_junk_without_a_secret_is_401_and_a_line_a_minute_and_never_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        await _throw_junk(tmp_path)
    assert [
        record.getMessage() for record in caplog.records if record.exc_info or record.name == "aiohttp.server"
    ] == []
    refused = [
        (line["event"], line.get("why"), line.get("reason")) for line in lines if "refused" in line["event"]
    ]
    assert len(refused) == len(set(refused))
    assert ("slack_request_refused", "not signed by Slack, or too old", None) in refused


async def _throw_junk(folder: Path) -> None:
    async with http_shop(folder) as here:
        form = (b"Content-Type", FORM.encode())
        for time_ in JUNK_TIMES:
            stamp = (b"X-Slack-Request-Timestamp", time_)
            signed = (b"X-Slack-Signature", b"v0=" + b"0" * 64)
            answer = await _raw(here, "/slack/events", [form, stamp, signed], b"command=%2Fcoupon")
            # What is no header at all is the parser's to refuse.
            assert answer[9:12] in {b"401", b"400"}, (time_, answer)
            found = [
                (b"Wechatpay-Timestamp", time_),
                (b"Wechatpay-Nonce", b"n"),
                (b"Wechatpay-Signature", b"AAAA"),
                (b"Wechatpay-Serial", b"PUB_KEY_ID_1"),
            ]
            answer = await _raw(here, "/wechatpay/notify", found, b"{}")
            assert answer[9:12] in {b"401", b"400"}, (time_, answer)
        now = str(int(time.time())).encode()
        for signature in (
            b"v0=\xc3\xa9",
            "v0=ü".encode(),
            b"v1=" + b"0" * 64,
            b"v0=" + b"F" * 64,
            b"",
            b"x" * 5000,
        ):
            headers = [form, (b"X-Slack-Request-Timestamp", now), (b"X-Slack-Signature", signature)]
            answer = await _raw(here, "/slack/events", headers, b"command=%2Fcoupon")
            assert answer[9:12] in {b"401", b"400"}, (signature, answer)
        # Bodies that are no text, or no JSON, are not looked into before the signature has held.
        for kind, body in (
            (b"application/json", b"{"),
            (FORM.encode(), b"\xff\xfe"),
            (b"text/plain; charset=junk", b"x"),
        ):
            answer = await _raw(here, "/slack/events", [(b"Content-Type", kind)], body)
            assert answer[9:12] in {b"401", b"400"}, (kind, answer)
        # Slack's own look at the address is the one thing that comes unsigned, and does nothing.
        answer = await _raw(here, "/slack/events", [form], b"ssl_check=1&token=x")
        assert answer[9:12] == b"200"
        assert await here.shop.ask() == 1


async def test_before_it_is_ready_slack_is_told_503_and_nothing_is_kept(tmp_path: Path) -> None:
    async with http_shop(tmp_path, slack_is_down=True) as here:
        await here.shop.slack.wait_for(lambda: here.shop.slack.calls("auth.test") or None)
        assert await here.post(_command(here)) == 503
        assert (await here.status("/healthz"))[0] == 200
        status, body = await here.status("/readyz")
        assert status == 503
        assert "slack: Slack does not answer. Cure: " in body
        here.shop.slack.faults.clear()
        await here.ready()
        assert here.shop.rows("select * from request") == []
        await here.shop.slack.use_request_url(f"{here.url}/slack/events")
        assert await here.shop.ask() == 1


@pytest.mark.parametrize("body", ["", "{", "payload=%7B", "command=%2Fcoupon"])
async def test_bytes_that_are_no_payload_of_ours_break_nothing(tmp_path: Path, body: str) -> None:
    async with http_shop(tmp_path) as here:
        await here.post(body)
        await here.post(body, content_type="application/json")
        assert await here.shop.ask() == 1


@pytest.mark.parametrize("body", ["{", "payload=%7B", "[" * 9_000, "payload=" + "[" * 9_000])
async def test_bytes_that_anybody_sends_and_nobody_can_read_are_no_trouble(
    tmp_path: Path, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bolt reads them before it looks at the signature."""
    async with http_shop(tmp_path) as here:
        kind = FORM if body.startswith("payload") else "application/json"
        assert await here.post(body, secret="guessed", content_type=kind) == 401
        assert "Traceback" not in "".join(capsys.readouterr())
        assert await here.shop.ask() == 1
