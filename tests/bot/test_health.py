"""What monitoring is told, asked over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.health import health_app
from bot.metrics import Metrics, PayloadKind
from bot.needs import LOSSES, Need
from bot.readiness import Readiness
from coupons.outcome import Kind

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def readiness() -> Readiness:
    """Nothing is missing."""
    readiness = Readiness()
    readiness.has(Need.START)
    return readiness


@pytest.fixture
async def client(metrics: Metrics, readiness: Readiness) -> AsyncIterator[Client]:
    metrics.follow(lambda need: readiness.why(need) is not None)
    app = health_app(readiness, metrics.registry)

    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app.router.add_get("/hello", hello)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


async def test_the_process_lives_whatever_is_missing(client: Client, readiness: Readiness) -> None:
    """A supervisor that restarted the bot because Slack is away would only make it worse."""
    readiness.lacks(Need.SLACK, "not connected")
    answer = await client.get("/healthz")
    assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_ready_with_nothing_missing(client: Client) -> None:
    answer = await client.get("/readyz")
    assert (answer.status, await answer.json()) == (200, [])


async def test_what_is_missing_is_listed_with_its_cure_until_it_is_there(
    client: Client, readiness: Readiness
) -> None:
    readiness.lacks(Need.WECHATPAY, "no certificates yet")
    readiness.lacks(Need.SLACK, "Slack does not answer")
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert answer.content_type == "application/json"
    assert await answer.json() == [
        f"slack: Slack does not answer. Cure: {LOSSES[Need.SLACK].cure}",
        f"wechatpay: no certificates yet. Cure: {LOSSES[Need.WECHATPAY].cure}",
    ]
    readiness.has(Need.SLACK)
    answer = await client.get("/readyz")
    assert (answer.status, len(await answer.json())) == (503, 1)
    readiness.has(Need.WECHATPAY)
    assert (await client.get("/readyz")).status == 200


async def test_an_empty_sentence_is_still_something_missing(client: Client, readiness: Readiness) -> None:
    readiness.lacks(Need.SLACK, "")
    assert (await client.get("/readyz")).status == 503


async def test_what_is_watched_is_asked_at_each_look(client: Client, readiness: Readiness) -> None:
    answers: list[str | None] = ["not connected", None]
    readiness.watch(Need.SOCKET, lambda: answers.pop(0))
    answer = await client.get("/readyz")
    assert (answer.status, await answer.json()) == (
        503,
        [f"socket: not connected. Cure: {LOSSES[Need.SOCKET].cure}"],
    )
    assert (await client.get("/readyz")).status == 200


async def test_metrics_say_what_readyz_says(client: Client, readiness: Readiness) -> None:
    """One cause at a time, and each of them."""
    for lost in Need:
        readiness.lacks(lost, "gone")
        found = (await (await client.get("/metrics")).text()).splitlines()
        for need in Need:
            assert f'coupon_missing{{need="{need}"}} {1.0 if need is lost else 0.0}' in found
        readiness.has(lost)


async def test_the_numbers_are_there_in_prometheus_form(client: Client, metrics: Metrics) -> None:
    metrics.attempts.labels(outcome=Kind.UNKNOWN).inc()
    metrics.ack_seconds.labels(payload=PayloadKind.COMMAND).observe(0.02)
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.content_type == "text/plain"
    assert answer.charset == "utf-8"
    found = (await answer.text()).splitlines()
    for line in (
        'coupon_attempts_total{outcome="unknown"} 1.0',
        # An alarm on increase needs the zero before.
        'coupon_attempts_total{outcome="refused"} 0.0',
        'coupon_ack_seconds_bucket{le="0.01",payload="command"} 0.0',
        'coupon_ack_seconds_bucket{le="0.025",payload="command"} 1.0',
        'coupon_ack_seconds_bucket{le="3.0",payload="command"} 1.0',
        'coupon_ack_seconds_count{payload="button"} 0.0',
        'coupon_acks_missing_total{payload="form"} 0.0',
    ):
        assert line in found


async def test_other_routes_can_stand_beside(client: Client) -> None:
    assert await (await client.get("/hello")).text() == "hello"


def test_two_bots_in_one_process_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.attempts.labels(outcome=Kind.SENT).inc()
    assert other.registry.get_sample_value("coupon_attempts_total", {"outcome": "sent"}) == 0
