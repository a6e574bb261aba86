"""A held request has a way out: it is closed when it is sure that nothing was given, and found if it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.clock import utc_ms
from coupons.settling import Pace
from sandbox.wechatpay.faults import Fault, FaultKind
from storage.store import Store
from tests.world import COUPON_TOML, OPENID, World, until, world


async def held(shop: World, kind: FaultKind = FaultKind.NOT_ENOUGH) -> int:
    shop.wechatpay.faults.queue(Fault(kind))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "held")
    return number


async def click(shop: World, number: int, who: str) -> None:
    card = await shop.card(number)
    await shop.slack.person(who).click(card.channel, card.ts, "close_request")


async def test_an_approver_closes_it_on_the_card_and_everybody_is_told(shop: World) -> None:
    number = await held(shop)
    await click(shop, number, "U0LI")
    assert "may retry or close" in await shop.whisper("U0LI", f"#{number}")
    assert (shop.row(number) or {})["state"] == "held"
    await click(shop, number, "U0WANG")
    await shop.state(number, "closed")
    assert shop.tags(number)[-1] == "request:closed"
    assert any("closed request" in reply for reply in shop.thread(number))
    card = shop.card_now(number)
    assert card is not None
    assert card.words().startswith("Closed: ")
    await until(lambda: [dm for dm in shop.slack.dms("U0LI") if "closed your request" in dm.words()] or None)
    # Too late for another, and for a retry.
    await shop.send(f"retry {number}", "U0WANG")
    await until(
        lambda: [dm for dm in shop.slack.dms("U0WANG") if "Where it stands: Closed" in dm.words()] or None
    )
    assert shop.wechatpay.ledger.coupons == []


async def test_by_command_with_a_reason_which_is_kept_searched_and_told(shop: World) -> None:
    number = await held(shop)
    answer = await shop.send(f"close {number} no budget left for {OPENID}", "U0WANG")
    assert "whether request #1 can be closed" in answer.text
    await shop.state(number, "closed")
    row = shop.row(number)
    assert row is not None
    assert row["decline_reason"].startswith("no budget left for ")
    assert OPENID not in row["decline_reason"]
    [closed] = [event for event in shop.events(number) if event["tag"] == "request:closed"]
    assert closed["actor"] == "U0WANG"
    assert closed["detail"]["looks"] == 0
    assert any("no budget left" in reply for reply in shop.thread(number))


async def test_what_may_have_been_given_is_looked_for_first_and_closed_when_it_is_not_there(
    tmp_path: Path,
) -> None:
    pace = Pace(pauses_s=(0.02,), tries=2, quiet_ms=400, lookups_from=9)
    async with world(tmp_path, pace=pace) as shop:
        shop.wechatpay.faults.rate(Fault(FaultKind.CUT_BEFORE), 1.0)
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "held")
        await click(shop, number, "U0WANG")
        message = await shop.whisper("U0WANG", "is not closed yet")
        assert "Nothing has changed" not in message
        # Drawn when it is posted: the first look may have been quicker.
        assert re.search(r"\b[01] of these are done", message)
        assert (shop.row(number) or {})["state"] == "held"
        await shop.reply(number, "looked for the coupon at WeChat Pay twice")
        lookups = [event for event in shop.events(number) if event["tag"] == "coupon:looked_up"]
        assert [lookup["detail"]["absent"] for lookup in lookups] == [1, 2]
        assert lookups[1]["ts"] - lookups[0]["ts"] >= pace.quiet_ms
        await click(shop, number, "U0WANG")
        await shop.state(number, "closed")
        assert shop.events(number)[-1]["detail"]["looks"] == 2
        assert shop.wechatpay.ledger.coupons == []
        shop.audit_holds()


async def test_what_was_given_is_found_before_it_can_be_closed_and_is_sent(tmp_path: Path) -> None:
    pace = Pace(pauses_s=(0.02,), tries=1, quiet_ms=400, lookups_from=9)
    async with world(tmp_path, pace=pace, visible_after_ms=200) as shop:
        shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER))
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "held")
        await click(shop, number, "U0WANG")
        await shop.state(number, "sent")
        [coupon] = shop.wechatpay.ledger.coupons
        assert (shop.row(number) or {})["coupon_code"] == coupon.coupon_code
        assert "request:closed" not in shop.tags(number)
        shop.audit_holds()


async def test_the_requester_reminds_the_approvers_of_what_is_held_and_not_twice(shop: World) -> None:
    number = await held(shop)
    await shop.send(f"urge {number}")
    await shop.reply(number, "asks what becomes of request")
    again = await shop.send(f"urge {number}")
    assert "less than half an hour ago" in again.text
    cancelled = await shop.send(f"cancel {number}")
    assert f"/coupon close {number}" in cancelled.text


@pytest.mark.parametrize("state", ["held", "closed"])
async def test_limits_count_what_is_held_and_not_what_is_closed(tmp_path: Path, state: str) -> None:
    toml = tmp_path / "coupon.toml"
    toml.write_text(f"{COUPON_TOML}\n[limits]\nper_customer = {{ count = 1, days = 30 }}\n", encoding="utf-8")
    async with world(tmp_path) as shop:
        number = await held(shop)
        if state == "closed":
            await click(shop, number, "U0WANG")
            await shop.state(number, "closed")
        answer = await shop.send(f"send {OPENID} late-10 again")
        assert ("No request was made" in answer.text) is (state == "held")
        with Store(shop.folder / "coupon.db", clock=utc_ms).read() as rows:
            row = rows.request(number)
            assert row is not None
            assert (number in rows.open_requests_of_customer(row.customer)) is (state == "held")
