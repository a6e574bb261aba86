"""Who may speak with the page's server at all."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.page import Page, serve_page
from sandbox.slack import Slack
from sandbox.wechatpay import WeChatPay
from tests.sandbox.page_client import Looking, no_audit

JSON = dict[str, Any]


@pytest.mark.parametrize("path", ["api/faults", "api/people/U0LI/say", "api/people/U0LI/upload"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Sandbox": "1", "Origin": "https://evil.example"},
        {"X-Sandbox": "1", "Origin": "null"},
        {"X-Sandbox": "1", "Host": "evil.example"},
        {"X-Sandbox": "1", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_another_origin_changes_nothing(
    li: Looking, slack: Slack, path: str, headers: dict[str, str]
) -> None:
    body = {"channel": "C0SUPPORT", "text": "forged", "side": "slack", "kind": "rate_limited"}
    status, answer = await li.post(path, headers=headers, json=body)
    assert (status, list(answer)) == (403, ["error"])
    assert (slack.messages("C0SUPPORT"), slack.faults.waiting) == ([], 0)


async def test_another_origin_reads_nothing_either(page: Page, li: Looking) -> None:
    for headers in (
        {"Host": "evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        status, body, _ = await li.get("api/live?person=U0LI", **headers)
        assert (status, b"hello" in body) == (403, False)
    own = page.url.rstrip("/")
    status, _, _ = await li.get("static/index.html", Origin=own)
    assert status == 200
    port = urlsplit(page.url).port
    status, _, _ = await li.get("", Host=f"localhost:{port}")
    assert status == 200


async def test_the_page_comes_with_a_policy_that_lets_nothing_in_from_outside(li: Looking) -> None:
    for path, kind in (("", "text/html"), ("static/index.html", "text/html"), ("api/nothing", "text/plain")):
        _, _, headers = await li.get(path)
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; img-src 'self' data:; connect-src 'self'")
        assert ("unsafe" in policy, headers["X-Content-Type-Options"]) == (False, "nosniff")
        assert headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize("path", ["static/../server.py", "static/%2e%2e/server.py", "static/..%2fserver.py"])
async def test_nothing_beside_the_static_files_is_served(page: Page, path: str) -> None:
    address = urlsplit(page.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET /{path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ", 2)[1] in (b"403", b"404")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
async def test_the_page_is_never_served_beyond_this_machine(
    slack: Slack, wechatpay: WeChatPay, host: str
) -> None:
    with pytest.raises(ValueError, match="loopback"):
        async with serve_page(slack, wechatpay, audit=no_audit, host=host):
            pass
