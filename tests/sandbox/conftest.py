"""A workspace, a WeChat Pay, the page over both, and a small app behind: for the tests of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.page import Page, serve_page
from sandbox.slack import CommandWords, Slack, Workspace
from sandbox.wechatpay import KeyMode, Stock, WeChatPay
from tests.sandbox.page_client import Looking, looking, no_audit
from tests.sandbox.small_app import SHORTCUTS, SmallApp, small_app
from tests.world import keys

WORDS = {"/coupon": CommandWords("Compensate a customer", "send <openid> <stock>")}


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Workspace(shortcuts=SHORTCUTS, command_words=WORDS).serve(ack_seconds=0.5) as running:
        yield running


@pytest.fixture
def wechatpay() -> WeChatPay:
    return WeChatPay(
        keys(), stocks=[Stock("1212121212", value_fen=500, max_coupons=3)], mode=KeyMode.CERTIFICATE
    )


@pytest.fixture
async def page(slack: Slack, wechatpay: WeChatPay) -> AsyncIterator[Page]:
    async with serve_page(slack, wechatpay, audit=no_audit) as served:
        yield served


@pytest.fixture
async def app(slack: Slack) -> AsyncIterator[SmallApp]:
    async with small_app(slack) as running:
        yield running


@pytest.fixture
async def li(page: Page) -> AsyncIterator[Looking]:
    async with looking(page.url, "U0LI") as screen:
        yield screen
