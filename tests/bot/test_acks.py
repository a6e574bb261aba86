"""Acks are measured where they leave, by what a person did; what never left is counted for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.acks import Acks, payload_of
from bot.http_side import serve
from bot.metrics import Metrics, PayloadKind
from bot.readiness import Readiness
from bot.slack_app import bolt_app, session, web_client
from bot.slack_events import SlackEvents
from bot.socket_mode import SocketMode
from bot.troubles import Troubles
from sandbox.slack.running import Slack
from sandbox.slack.setup import Shortcut, ShortcutType
from tests.world import ENGLISH_TEAM

TEAM = replace(ENGLISH_TEAM, shortcuts=(Shortcut("compensate_customer", "Compensate", ShortcutType.GLOBAL),))

SLOW_S = 0.4


class Way:
    """One way in to an app whose listeners take their time, or fail."""

    def __init__(self, slack: Slack, metrics: Metrics) -> None:
        self.slack = slack
        self.metrics = metrics

    def acked(self, payload: PayloadKind) -> tuple[float, float]:
        """How many, and their seconds together."""
        labels = {"payload": str(payload)}
        value = self.metrics.registry.get_sample_value
        count, total = value("coupon_ack_seconds_count", labels), value("coupon_ack_seconds_sum", labels)
        assert count is not None
        assert total is not None
        return count, total

    def missing(self, payload: PayloadKind) -> float | None:
        value = self.metrics.registry.get_sample_value
        return value("coupon_acks_missing_total", {"payload": str(payload)})


def slow_app(slack: Slack, http: aiohttp.ClientSession, secret: str | None) -> AsyncApp:
    client = web_client(slack.setup.bot_token, base_url=slack.api_url, session=http)
    app = bolt_app(client, team=slack.setup.team_id, bot_user="U0BOT", signing_secret=secret)

    async def slowly(ack: Callable[..., Any], command: dict[str, Any]) -> None:
        if "fail" in command["text"]:
            raise RuntimeError("no ack")
        await asyncio.sleep(SLOW_S)
        await ack()

    async def at_once(ack: Callable[..., Any]) -> None:
        await ack()

    async def heard() -> None:
        return None

    app.command("/coupon")(slowly)
    app.shortcut("compensate_customer")(at_once)
    app.event("app_home_opened")(heard)
    return app


@asynccontextmanager
async def by_socket() -> AsyncGenerator[Way]:
    metrics, logger, readiness = Metrics(), structlog.get_logger(), Readiness()
    async with TEAM.serve() as slack, session() as http:
        socket = SocketMode(
            slack.setup.app_token, acks=Acks(metrics), readiness=readiness, troubles=Troubles(logger)
        )
        never = asyncio.create_task(asyncio.Event().wait())
        await socket.open(slow_app(slack, http, None), never)
        await slack.wait_for(lambda: slack.sockets.links or None)
        try:
            yield Way(slack, metrics)
        finally:
            await socket.close()
            never.cancel()
            await asyncio.wait({never})


@asynccontextmanager
async def by_http() -> AsyncGenerator[Way]:
    metrics = Metrics()
    async with TEAM.serve() as slack, session() as http:
        secret = slack.setup.signing_secret
        events = SlackEvents(secret, acks=Acks(metrics), logger=structlog.get_logger())
        events.open(slow_app(slack, http, secret))
        app = web.Application()
        app.router.add_post("/slack/events", events.handle)
        async with serve(app, "127.0.0.1", 0) as [address]:
            await slack.use_request_url(f"http://{address}/slack/events")
            yield Way(slack, metrics)


@pytest.mark.parametrize("way_in", [by_socket, by_http])
async def test_an_ack_is_timed_until_it_leaves(way_in: Callable[[], Any]) -> None:
    async with way_in() as way:
        before = way.acked(PayloadKind.EVENT)[0]
        li = way.slack.person("U0LI")
        answer = await li.command("C0SUPPORT", "/coupon slow")
        assert answer.error is None
        count, seconds = way.acked(PayloadKind.COMMAND)
        assert count == 1
        assert SLOW_S <= seconds < SLOW_S + 1.0
        await li.open_home()
        await li.shortcut("compensate_customer")
        assert way.acked(PayloadKind.EVENT)[0] == before + 1
        count, seconds = way.acked(PayloadKind.SHORTCUT)
        assert count == 1
        assert seconds < SLOW_S
        # The others were not touched, and nothing is missing.
        assert way.acked(PayloadKind.BUTTON) == (0, 0)
        assert {way.missing(payload) for payload in PayloadKind} == {0}


@pytest.mark.parametrize("way_in", [by_socket, by_http])
async def test_what_never_got_an_ack_is_counted_as_that_and_not_as_a_quick_one(
    way_in: Callable[[], Any],
) -> None:
    async with way_in() as way:
        way.slack.deliverer.ack_seconds = way.slack.sockets._ack_seconds = 0.5
        answer = await way.slack.person("U0LI").command("C0SUPPORT", "/coupon fail")
        assert answer.error is not None
        assert way.missing(PayloadKind.COMMAND) == 1
        assert way.acked(PayloadKind.COMMAND) == (0, 0)


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ({"command": "/coupon", "text": ""}, PayloadKind.COMMAND),
        ({"type": "block_actions"}, PayloadKind.BUTTON),
        ({"type": "view_submission"}, PayloadKind.FORM),
        ({"type": "view_closed"}, PayloadKind.FORM),
        ({"type": "block_suggestion"}, PayloadKind.SEARCH),
        ({"type": "event_callback"}, PayloadKind.EVENT),
        ({"type": "shortcut"}, PayloadKind.SHORTCUT),
        ({"type": "message_action"}, PayloadKind.SHORTCUT),
        ({"type": "url_verification"}, PayloadKind.OTHER),
        ({}, PayloadKind.OTHER),
    ],
)
def test_each_payload_has_its_name(body: dict[str, str], payload: PayloadKind) -> None:
    assert payload_of(body) is payload
