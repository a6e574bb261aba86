"""Many people at once, each delivery twice, a fifth of WeChat Pay's answers lost."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from tests.world import world


async def test_three_approvers_at_once_give_each_request_exactly_its_approvals_and_one_coupon(
    tmp_path: Path, *, long_form: bool
) -> None:
    rounds, dice = 200 if long_form else 15, random.Random(7)
    async with world(tmp_path) as shop:
        shop.slack.duplicate = True
        shop.wechatpay.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=7)
        for number in range(1, rounds + 1):
            stock, needed = dice.choice((("late-10", 1), ("sorry-50", 2)))
            assert await shop.ask(stock, openid=f"oCustomer{number:05d}-abcdefghijkl") == number
            leads = ["U0WANG", "U0ZHAO", "U0QIAN"]
            dice.shuffle(leads)
            await asyncio.gather(*(shop.approve(number, lead) for lead in leads))
            await shop.state(number, "sent")
            tags = shop.tags(number)
            assert tags.count("approval:given") == needed
            assert tags.count("request:approved") == tags.count("request:sent") == 1
            assert tags.count("click:refused") == 3 - needed
            assert tags.count("attempt:started") == tags.count("attempt:finished")
            assert len(shop.wechatpay.ledger.coupons) == number
        numbers = {coupon.out_request_no for coupon in shop.wechatpay.ledger.coupons}
        assert len(numbers) == rounds
        shop.audit_holds()


async def test_approve_decline_and_cancel_at_once_end_in_one_state(tmp_path: Path) -> None:
    async with world(tmp_path) as shop:
        for _ in range(20):
            number = await shop.ask()
            await asyncio.gather(
                shop.approve(number, "U0WANG"),
                shop.decline(number, "not this time", "U0ZHAO"),
                shop.send(f"cancel {number}"),
            )
            state = await shop.state(number, "sent", "declined", "cancelled")
            tags = set(shop.tags(number)) & {"request:sent", "request:declined", "request:cancelled"}
            assert tags == {f"request:{state}"}
        given = {coupon.out_request_no for coupon in shop.wechatpay.ledger.coupons}
        sent = {row["out_request_no"] for row in shop.rows("select * from request where state = 'sent'")}
        assert given == sent
