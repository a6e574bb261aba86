"""Slack is reached through the proxy that WeChat Pay's side would take, Socket Mode too."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings import SLACK_API_URL
from bot.slack_app import proxy_for, session, web_client
from tests.world import world
from wechatpay.errors import BadSetting

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": DEAD}, DEAD),
        ({"ALL_PROXY": DEAD}, DEAD),
        ({"HTTP_PROXY": DEAD}, None),
        ({"HTTPS_PROXY": DEAD, "ALL_PROXY": "socks5://b:2"}, DEAD),
        # slack_sdk would take the proxy all the same.
        ({"HTTPS_PROXY": DEAD, "NO_PROXY": ".slack.com,slack.com"}, None),
    ],
)
async def test_the_proxy_is_read_as_for_wechat_pay(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    async with session() as http:
        assert web_client("xoxb-1", base_url=SLACK_API_URL, session=http).proxy == proxy
    assert proxy_for("wss://wss-primary.slack.com/link/?ticket=1") == proxy


async def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@b:2")
    async with session() as http:
        with pytest.raises(BadSetting, match="ALL_PROXY names a socks5 proxy"):
            web_client("xoxb-1", base_url=SLACK_API_URL, session=http)


async def test_stand_ins_on_this_machine_are_behind_no_proxy_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", DEAD)
    monkeypatch.setenv("HTTP_PROXY", DEAD)
    async with world(tmp_path) as shop:
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "sent")
