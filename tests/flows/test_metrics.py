"""What `/metrics` says after a day's work, number by number."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import structlog

from bot.metrics import Heard, PayloadKind
from bot.needs import Need
from coupons.outcome import Kind
from coupons.posts import PostKind
from sandbox.slack import rate_limited
from tests.world import World, world


def value(shop: World, name: str, **labels: str) -> float | None:
    assert shop.service is not None
    return shop.service.metrics.registry.get_sample_value(name, labels)


async def test_each_number_is_what_was_done(shop: World) -> None:
    first, second = await shop.ask(), await shop.ask(who="U0SUN")
    await shop.approve(first)
    await shop.state(first, "sent")
    await shop.decline(second, "on time")
    await shop.state(second, "declined")
    await shop.slack.person("U0LI").open_home()
    acks = {payload: value(shop, "coupon_ack_seconds_count", payload=payload) for payload in PayloadKind}
    assert acks == {
        PayloadKind.COMMAND: 2,
        # Approve, and the button that opens the form of a decline.
        PayloadKind.BUTTON: 2,
        PayloadKind.FORM: 1,
        PayloadKind.EVENT: 1,
        PayloadKind.SEARCH: 0,
        PayloadKind.SHORTCUT: 0,
        PayloadKind.OTHER: 0,
    }
    # Each waits for a commit at least, and none for as long as Slack would.
    seconds = value(shop, "coupon_ack_seconds_sum", payload=PayloadKind.COMMAND)
    assert seconds is not None
    assert 0.0005 < seconds < 6.0
    assert {value(shop, "coupon_acks_missing_total", payload=payload) for payload in PayloadKind} == {0}
    attempts = {kind: value(shop, "coupon_attempts_total", outcome=kind) for kind in Kind}
    assert attempts == {Kind.SENT: 1, Kind.REFUSED: 0, Kind.UNKNOWN: 0, Kind.UNDONE: 0}
    assert {value(shop, "coupon_notifications_total", result=heard) for heard in Heard} == {0}
    assert {value(shop, "coupon_missing", need=need) for need in Need} == {0}


async def test_what_waits_for_slack_is_counted_when_it_is_asked_for(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with world(tmp_path) as shop:
            number = await shop.ask()
            await shop.quiet()
            shop.slack.faults.next("chat.postMessage", rate_limited(30))
            await shop.send(f"cancel {number}")
            await shop.slack.wait_for(lambda: shop.slack.faults.waiting == 0 or None)
            [listening] = [line for line in logs if line["event"] == "listening"]
            waiting = await outbox(f"http://{listening['addresses'][0]}/metrics")
            count, age_s = waiting.pop("reply")
            assert count == 1.0
            assert 0.0 < age_s < 30.0
            others = [kind.name.lower() for kind in PostKind if kind is not PostKind.REPLY]
            assert waiting == dict.fromkeys(others, (0.0, 0.0))


async def outbox(address: str) -> dict[str, tuple[float, float]]:
    """By kind how many wait, and for how many seconds the oldest does."""
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(address) as answer:
        text = await answer.text()
    found = {
        (family, kind): float(number)
        for family, kind, number in re.findall(
            r'^coupon_outbox_(\w+)\{kind="(\w+)"\} (\S+)$', text, re.MULTILINE
        )
    }
    return {
        kind: (number, found["oldest_seconds", kind])
        for (family, kind), number in found.items()
        if family == "waiting"
    }
