"""A batch from its submission to its last coupon: one card, one thread, and nothing for each line."""

from __future__ import annotations

from tests.flows.batches import (
    card,
    click,
    events,
    line_states,
    lines,
    state,
    submitted,
    thread,
)
from tests.world import World


async def test_a_lead_approves_a_batch_on_its_card_and_each_customer_gets_one_coupon(shop: World) -> None:
    number = await submitted(shop, lines(3))
    shown = await card(shop, number)
    assert "Batch 1: 3 coupons, ¥30.00" in shown.words()
    for who in ("U0WANG", "U0ZHAO"):
        await click(shop, number, "approve_batch", who)
    assert await state(shop, number, "done") == "done"
    assert line_states(shop, number) == {"sent": 3}
    assert len(shop.wechatpay.ledger.coupons) == 3
    assert "Done" in (await card(shop, number)).words()
    assert [reply.partition("\n")[0] for reply in thread(shop, number)][:3] == [
        "<@U0WANG> approved (1 of 2).",
        "<@U0ZHAO> approved (2 of 2). Its lines go out next.",
        "Batch 1 is done. 3 sent.",
    ]
    tags = ["batch:created", "approval:given", "approval:given", "batch:approved", "batch:done"]
    assert [each["tag"] for each in events(shop, number)] == tags
