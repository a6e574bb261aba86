"""A batch that is being sent: what stops it, who goes on with it, what a stop leaves, what Slack is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from bot.pauses import Pauses
from sandbox.wechatpay.faults import Fault, FaultKind
from tests.flows.batches import (
    card,
    click,
    events,
    line_states,
    lines,
    quiet,
    row,
    running,
    state,
    submitted,
    thread,
)
from tests.world import BIG, LATE, QUICK, World, until, world


@pytest.fixture
async def slow_shop(tmp_path: Path, pauses: Pauses) -> AsyncGenerator[World]:
    """A dozen lines a second: few lines are enough, so that there is time to do something meanwhile."""
    async with world(tmp_path, pauses=pauses, pace=replace(QUICK, per_second=12.0)) as here:
        yield here
        here.audit_holds()


async def some_sent(shop: World, number: int, count: int = 3) -> None:
    await until(lambda: line_states(shop, number)["sent"] >= count or None, 30)


async def start_again(shop: World) -> None:
    """With nothing left to be done meanwhile: the rest is sent at once."""
    await shop.stop()
    shop.pace = QUICK
    await shop.start()


def coupons_agree(shop: World, number: int) -> None:
    """Each line once: what WeChat Pay gave is what the rows say."""
    given = Counter(coupon.openid for coupon in shop.wechatpay.ledger.coupons)
    assert set(given.values()) <= {1}
    assert sum(given.values()) == line_states(shop, number)["sent"]


async def test_a_requester_pauses_and_resumes_and_everything_is_sent_once(slow_shop: World) -> None:
    shop = slow_shop
    number = await running(shop, lines(24))
    await some_sent(shop, number)
    await click(shop, number, "pause_batch", "U0LI")
    await until(lambda: row(shop, number)["state"] == "paused" or None)
    await until(lambda: not line_states(shop, number)["sending"] or None)
    before = line_states(shop, number)
    await quiet(shop)
    assert line_states(shop, number) == before
    assert before["approved"] > 0
    shown = await card(shop, number)
    assert "<@U0LI> paused it: no further line begins until somebody resumes it." in shown.words()
    await click(shop, number, "resume_batch", "U0WANG")
    await state(shop, number, "done")
    assert line_states(shop, number) == {"sent": 24}
    coupons_agree(shop, number)
    assert [each["tag"] for each in events(shop, number)][-3:] == [
        "batch:paused",
        "batch:resumed",
        "batch:done",
    ]


async def test_what_has_not_begun_is_cancelled_and_the_rest_ends_by_itself(slow_shop: World) -> None:
    shop = slow_shop
    number = await running(shop, lines(24))
    await some_sent(shop, number)
    await click(shop, number, "cancel_batch", "U0ZHAO")
    await state(shop, number, "cancelled")
    await until(lambda: row(shop, number)["result_promised"] or None)
    states = line_states(shop, number)
    assert states.keys() == {"sent", "cancelled"}
    assert sum(states.values()) == 24
    coupons_agree(shop, number)
    await quiet(shop)
    assert f"{states['cancelled']} withdrawn" in (await card(shop, number)).words()


async def test_a_used_up_stock_waits_the_other_is_sent_and_one_click_goes_on(shop: World) -> None:
    shop.wechatpay.stocks[LATE] = replace(shop.wechatpay.stocks[LATE], max_coupons=3)
    cells = [*lines(20), *lines(4, "sorry-50", first=22)]
    number = await running(shop, cells)
    await until(lambda: row(shop, number)["state"] == "paused" or None)
    await until(lambda: len([c for c in shop.wechatpay.ledger.coupons if c.stock_id == BIG]) == 4 or None)
    await quiet(shop)
    said = (await card(shop, number)).words()
    assert "Lines of other stocks go on." in said
    assert "WeChat Pay said `NOT_ENOUGH`" in said
    replies = [reply for reply in thread(shop, number) if "is paused for the stock `1212121212`" in reply]
    assert len(replies) == 1
    shop.wechatpay.stocks[LATE] = replace(shop.wechatpay.stocks[LATE], max_coupons=1000)
    await click(shop, number, "resume_batch", "U0LI")
    await state(shop, number, "done")
    assert line_states(shop, number) == {"sent": 24}
    coupons_agree(shop, number)


async def test_a_fault_of_the_merchant_stops_all_and_resuming_sending_goes_on(shop: World) -> None:
    number = await submitted(shop, lines(20))
    # As many as may be on the wire at once for a batch.
    shop.wechatpay.faults.queue(Fault(FaultKind.SIGN_ERROR), times=14)
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    await until(lambda: shop.rows("select 1 from pause") or None)
    await until(lambda: not line_states(shop, number)["sending"] or None)
    await quiet(shop)
    news = [m for m in shop.slack.messages("C0APPROVE") if "paused sending. Nothing can" in m.words()]
    assert (len(news), "The bot paused" in news[0].words()) == (1, True)
    paused = [reply for reply in thread(shop, number) if "is paused" in reply]
    assert len(paused) == 1
    assert line_states(shop, number)["held"] > 0
    await shop.send("resume", "U0WANG")
    await state(shop, number, "done")
    assert line_states(shop, number) == {"sent": 20}
    coupons_agree(shop, number)


async def test_a_pause_of_all_sending_stops_a_batch_within_a_second(slow_shop: World) -> None:
    shop = slow_shop
    number = await running(shop, lines(36))
    await some_sent(shop, number)
    await shop.send("pause wrong list", "U0WANG")
    [pause] = shop.rows("select at from pause")
    await until(lambda: not line_states(shop, number)["sending"] or None)
    await quiet(shop)
    begun = [event["ts"] for event in shop.events() if event["tag"] == "attempt:started"]
    assert 0 < len(begun) < 36
    assert max(begun) - pause["at"] < 1_000
    assert "nothing goes out until somebody resumes it" in (await card(shop, number)).words()
    await shop.send("resume", "U0WANG")
    await state(shop, number, "done")
    coupons_agree(shop, number)


@pytest.mark.parametrize("when", ["submitted", "pending", "approved", "running", "paused"])
async def test_a_start_goes_on_where_the_last_one_ended_and_asks_nobody(slow_shop: World, when: str) -> None:
    shop = slow_shop
    number = await submitted(shop, lines(40))
    if when == "submitted":
        # Lines become requests in parts: the card stands once all have.
        assert row(shop, number)["state"] == "pending"
    await click(shop, number, "approve_batch", "U0WANG")
    if when == "pending":
        await start_again(shop)
    await click(shop, number, "approve_batch", "U0ZHAO")
    if when in {"running", "paused"}:
        await some_sent(shop, number)
    if when == "paused":
        await click(shop, number, "pause_batch", "U0LI")
        await until(lambda: row(shop, number)["state"] == "paused" or None)
    if when != "pending":
        await start_again(shop)
    if when == "paused":
        assert row(shop, number)["state"] == "paused"
        await click(shop, number, "resume_batch", "U0LI")
    await state(shop, number, "done")
    assert line_states(shop, number) == {"sent": 40}
    coupons_agree(shop, number)
    assert len({m.ts for m in shop.slack.messages("C0APPROVE") if "Batch 1:" in m.words()}) == 1


async def test_slack_is_told_of_a_batch_and_not_of_its_lines(shop: World) -> None:
    counted, took_s = {}, {}
    for number, count in ((1, 20), (2, 120)):
        began = monotonic()
        before = len(shop.slack.calls())
        await running(shop, lines(count, first=2 + 1000 * number), no=number)
        await state(shop, number, "done")
        took_s[count] = monotonic() - began
        calls = Counter(call.method for call in shop.slack.calls()[before:])
        counted[count] = {method: calls[method] for method in ("chat.postMessage", "chat.update")}
    assert counted[120]["chat.postMessage"] == counted[20]["chat.postMessage"]
    # One drawing in five seconds while it runs, however slow the machine is.
    assert counted[120]["chat.update"] <= counted[20]["chat.update"] + 2 + took_s[120] / 5


async def test_a_batch_that_waits_for_another_ones_stock_says_so_and_goes_on_with_it(shop: World) -> None:
    shop.wechatpay.stocks[LATE] = replace(shop.wechatpay.stocks[LATE], max_coupons=3)
    first = await running(shop, lines(20))
    await until(lambda: row(shop, first)["state"] == "paused" or None)
    second = await running(shop, lines(5, first=100), no=2)
    await quiet(shop)
    assert "wait: WeChat Pay refused a line of another batch" in (await card(shop, second)).words()
    assert line_states(shop, second) == {"approved": 5}
    shop.wechatpay.stocks[LATE] = replace(shop.wechatpay.stocks[LATE], max_coupons=1000)
    await click(shop, first, "cancel_batch", "U0LI")
    await state(shop, second, "done")
    assert line_states(shop, second) == {"sent": 5}
    assert "wait: WeChat Pay refused" not in (await card(shop, second)).words()
