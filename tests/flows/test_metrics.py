"""What `/metrics` says after a day's work, number by number."""

from __future__ import annotations

from bot.metrics import Heard, Payload
from bot.needs import Need
from coupons.outcome import Kind
from tests.world import World


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
    acks = {payload: value(shop, "coupon_ack_seconds_count", payload=payload) for payload in Payload}
    assert acks == {
        Payload.COMMAND: 2,
        # Approve, and the button that opens the form of a decline.
        Payload.BUTTON: 2,
        Payload.FORM: 1,
        Payload.EVENT: 1,
        Payload.SEARCH: 0,
        Payload.SHORTCUT: 0,
        Payload.OTHER: 0,
    }
    # Each waits for a commit at least, and none for as long as Slack would.
    seconds = value(shop, "coupon_ack_seconds_sum", payload=Payload.COMMAND)
    assert seconds is not None
    assert 0.0005 < seconds < 6.0
    assert {value(shop, "coupon_acks_missing_total", payload=payload) for payload in Payload} == {0}
    attempts = {kind: value(shop, "coupon_attempts_total", outcome=kind) for kind in Kind}
    assert attempts == {Kind.SENT: 1, Kind.REFUSED: 0, Kind.UNKNOWN: 0}
    assert {value(shop, "coupon_notifications_total", result=heard) for heard in Heard} == {0}
    assert {value(shop, "coupon_missing", need=need) for need in Need} == {0}
