"""An address that answers 404 to everything is a wrong setting and no outage that ends by waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from aiohttp import web

from bot.config.settings import load_settings
from bot.doctor.findings import Level
from bot.needs import Need
from bot.readiness import Readiness
from bot.slack_app import session, web_client
from bot.start_checks import _public
from bot.troubles import Troubles
from bot.wechat_proof import reach_wechatpay
from bot.wechatpay_client import wechatpay_client
from handlers.workspace_checks import WorkspaceRefused, find_workspace
from tests.bot.examined import examined
from tests.bot.operating import operator


@asynccontextmanager
async def gateway(*first: web.Response) -> AsyncGenerator[str]:
    """Gives these answers, and then 404 with a page of its own; yields its address."""
    answers = list(first)

    async def answer(_request: web.Request) -> web.Response:
        return answers.pop(0) if answers else web.Response(status=404, text="<h1>Not Found</h1>")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_slacks_is_told_as_a_wrong_setting() -> None:
    async with gateway() as address, session() as http:
        client = web_client("xoxb-1", base_url=f"{address}/api/", session=http)
        with pytest.raises(WorkspaceRefused) as error:
            await find_workspace(client, uses_groups=False)
    [problem] = error.value.problems
    assert problem.startswith(f"SLACK_API_URL is {address}/api/, and what answers there says 404")


async def test_a_single_404_may_be_a_gateways_that_is_starting() -> None:
    ready = web.json_response({"ok": True, "team_id": "T1", "user_id": "U1"})
    async with gateway(web.Response(status=404), ready) as address, session() as http:
        client = web_client("xoxb-1", base_url=f"{address}/api/", session=http)
        assert (await find_workspace(client, uses_groups=False)).team == "T1"


async def test_wechat_pays_is_what_readyz_says(tmp_path: Path) -> None:
    async with operator(tmp_path) as op, gateway() as address:
        op.environ["WECHATPAY_API_URL"] = address
        readiness = Readiness()
        settings = load_settings({name: text for name, text in op.environ.items() if text})
        async with wechatpay_client(settings) as client:
            reaching = asyncio.create_task(
                reach_wechatpay(client, readiness, Troubles(structlog.stdlib.get_logger()))
            )
            async with asyncio.timeout(60):
                while readiness.why(Need.WECHATPAY) is None:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
            reaching.cancel()
            await asyncio.wait({reaching})
        assert "correct the address" in str(readiness.why(Need.WECHATPAY))


async def test_doctor_and_certificates_name_the_address(tmp_path: Path) -> None:
    async with operator(tmp_path) as op, gateway() as address:
        op.environ |= {"WECHATPAY_API_URL": address, "SLACK_API_URL": f"{address}/api/"}
        said = await examined(op)
        assert "SLACK_API_URL" in said.line("bot token", Level.FAIL)
        assert any("Correct the address of WeChat Pay" in each.lines() for each in said.findings)
        result = await op.types("wechat", "certificates")
        assert result.exit_code == 1
        assert "Correct the address of WeChat Pay" in result.stderr


# --- what works, and hardly as it is meant


async def test_an_escalation_to_nobody_and_a_console_in_the_open_are_warned_of(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        text = (tmp_path / "coupon.toml").read_text(encoding="utf-8")
        more = (
            '\n[reminders]\nhours = [1]\nescalate_hours = 2\nescalate_to = "S0NOBODY"\n'
            '[audit]\nconsole_url = "http://console.example.com"\n'
        )
        (tmp_path / "coupon.toml").write_text(text + more, encoding="utf-8")
        said = await examined(op)
        assert said.fails == []
        for words in ("escalate_to is S0NOBODY", "http://console.example.com"):
            assert [each for each in said.findings if words in each.seen and each.level is Level.WARN], words


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("http://127.0.0.1:8001", False),
        ("http://localhost:8001", False),
        ("http://[::1]:8001", False),
        ("http://10.1.2.3", False),
        ("http://console", False),
        ("http://console.corp.internal", False),
        ("https://console.example.com", False),
        ("http://console.example.com", True),
        ("http://console.example.com./log", True),
        ("http://8.8.8.8:8001", True),
    ],
)
def test_a_public_name_over_http_is_told_from_ones_own_network(url: str, public: bool) -> None:
    assert _public(url) == public
