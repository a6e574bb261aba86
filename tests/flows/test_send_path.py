"""The bot with the other way of sending, and with requests that were composed before the setting changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import Endpoint
from tests.world import World, world

PATHS = {
    Endpoint.SEND: "/v3/marketing/busifavor/coupons/send",
    Endpoint.PRODUCT_SEND: "/v3/marketing/busifavor/product-coupons/send",
}


async def restart(here: World, endpoint: Endpoint) -> None:
    await here.stop()
    here.environ["WECHATPAY_SEND_PATH"] = PATHS[endpoint]
    await here.start()


def sent_to(here: World, number: int) -> list[str | None]:
    """The endpoints of all sends of this request; their bytes are the same."""
    row = here.row(number)
    assert row is not None
    sends = here.wechatpay.ledger.sends_of(row["out_request_no"])
    assert {send.body for send in sends} == {row["body"]}
    assert len(here.wechatpay.ledger.coupons_of(row["out_request_no"])) <= 1
    return [send.endpoint for send in sends]


@pytest.mark.parametrize("stock", ["late-10", "own-10", "uploaded-10"])
async def test_the_other_path_gives_one_coupon_and_survives_a_lost_answer(shop: World, stock: str) -> None:
    await restart(shop, Endpoint.PRODUCT_SEND)
    shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER), endpoint=Endpoint.PRODUCT_SEND)
    number = await shop.ask(stock)
    await shop.approve(number)
    await shop.state(number, "sent")
    [coupon] = shop.wechatpay.ledger.coupons
    row = shop.row(number)
    assert row is not None
    assert row["coupon_code"] == coupon.coupon_code
    assert sent_to(shop, number) == [Endpoint.PRODUCT_SEND] * 2
    assert any(coupon.coupon_code in reply for reply in shop.thread(number))
    tags = shop.tags(number)
    assert tags.index("request:unknown") < tags.index("request:sent")


@pytest.mark.parametrize(
    ("before", "after"),
    [(Endpoint.SEND, Endpoint.PRODUCT_SEND), (Endpoint.PRODUCT_SEND, Endpoint.SEND)],
    ids=lambda endpoint: f"{endpoint}",
)
async def test_a_request_in_doubt_keeps_its_path_when_the_setting_changes(
    tmp_path: Path, before: Endpoint, after: Endpoint
) -> None:
    # Nothing shows in the customer's list, so that only the repeat can settle.
    async with world(tmp_path, visible_after_ms=3_600_000) as shop:
        await restart(shop, before)
        shop.wechatpay.faults.queue(Fault(FaultKind.LOST_ANSWER), endpoint=before)
        shop.wechatpay.faults.rate(Fault(FaultKind.CUT_BEFORE), 1.0, endpoint=before)
        number = await shop.ask()
        await shop.approve(number)
        await shop.state(number, "unknown")
        [coupon] = shop.wechatpay.ledger.coupons
        await restart(shop, after)
        earlier = len(sent_to(shop, number))
        shop.wechatpay.faults.clear()
        await shop.state(number, "sent")
        assert set(sent_to(shop, number)) == {before}
        assert len(sent_to(shop, number)) > earlier
        assert shop.wechatpay.ledger.coupons == [coupon]

        new = await shop.ask()
        await shop.approve(new)
        await shop.state(new, "sent")
        assert sent_to(shop, new) == [after]
        shop.audit_holds()


async def test_a_held_request_is_retried_by_the_path_it_was_composed_for(shop: World) -> None:
    shop.wechatpay.faults.queue(Fault(FaultKind.NO_AUTH))
    number = await shop.ask()
    await shop.approve(number)
    await shop.state(number, "held")
    await restart(shop, Endpoint.PRODUCT_SEND)
    await shop.send(f"retry {number}", "U0WANG")
    await shop.state(number, "sent")
    assert sent_to(shop, number) == [Endpoint.SEND] * 2
