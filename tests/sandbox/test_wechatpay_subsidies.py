"""Subsidy: receipts of payments and of what came back."""

import json
from typing import Any

import pytest
from test_wechatpay_caller import STOCK, Caller, Heard, StillClock, a_pay, calling

from sandbox.wechatpay import CouponState, Stock, WeChatPay, rfc3339

SUBSIDY = "/v3/marketing/busifavor/subsidy"
SUBSIDISED = Stock("77", value_fen=1000, subsidy=True)


def a_used_one() -> WeChatPay:
    """A stand-in with one used coupon, CODE, of a stock that may be subsidised."""
    pay = a_pay(stocks=[STOCK, SUBSIDISED])
    pay.mark(pay.give("o" * 28, "77", "REQ_1"), CouponState.USED)
    return pay


def members(pay: WeChatPay, **changes: Any) -> dict[str, Any]:
    made = {
        "stock_id": "77",
        "coupon_code": pay.ledger.coupons[0].coupon_code,
        "transaction_id": "4200000913202101152566792388",
        "payer_merchant": pay.merchant.mchid,
        "payee_merchant": "1900000002",
        "amount": 100,
        "description": "补差",
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


async def post(caller: Caller, what: str, body: dict[str, Any]) -> Heard:
    return await caller.call("POST", f"{SUBSIDY}/{what}", json.dumps(body).encode())


async def pay_out(caller: Caller, pay: WeChatPay, **changes: Any) -> Heard:
    return await post(caller, "pay-receipts", members(pay, **{"out_subsidy_no": "P1", **changes}))


async def take_back(caller: Caller, pay: WeChatPay, number: str, amount: int) -> Heard:
    body = members(pay, amount=amount, refund_id="5" * 28, out_subsidy_return_no=number)
    return await post(caller, "return-receipts", body)


async def test_a_receipt_is_accepted_then_settled_and_found_by_every_way() -> None:
    pay = a_used_one()
    async with calling(pay) as caller:
        accepted = (await pay_out(caller, pay)).json()
        receipt_id = accepted["subsidy_receipt_id"]
        by_id = (await caller.get(f"{SUBSIDY}/pay-receipts/{receipt_id}")).json()
        query = f"stock_id=77&coupon_code={accepted['coupon_code']}"
        found = (await caller.get(f"{SUBSIDY}/pay-receipts?{query}&out_subsidy_no=P1")).json()
        none = (await caller.get(f"{SUBSIDY}/pay-receipts?{query}&out_subsidy_no=P2")).json()
        again = (await pay_out(caller, pay)).json()
    assert accepted["status"] == "PAY_RECEIPT_ACCEPTED"
    assert "success_time" not in accepted
    assert by_id["status"] == "PAY_RECEIPT_SUCCESS"
    assert "success_time" in by_id
    assert found == {"pay_receipt_list": [by_id]}
    assert none == {"pay_receipt_list": []}
    assert again == by_id
    sent = members(pay, out_subsidy_no="P1")
    assert {name: by_id[name] for name in sent} == sent


async def test_a_payment_that_fails_says_why() -> None:
    pay = a_used_one()
    pay.subsidies.failures.append("PAY_RECEIPT_INSUFFICIENT_BALANCE")
    async with calling(pay) as caller:
        receipt_id = (await pay_out(caller, pay)).json()["subsidy_receipt_id"]
        receipt = (await caller.get(f"{SUBSIDY}/pay-receipts/{receipt_id}")).json()
        back = await take_back(caller, pay, "B1", 10)
    assert receipt["status"] == "PAY_RECEIPT_FAIL"
    assert receipt["fail_reason"] == "PAY_RECEIPT_INSUFFICIENT_BALANCE"
    assert back.status == 400


async def test_money_comes_back_in_parts_and_never_more_than_was_paid() -> None:
    pay = a_used_one()
    async with calling(pay) as caller:
        paid_id = (await pay_out(caller, pay)).json()["subsidy_receipt_id"]

        async def state() -> str:
            answer: str = (await caller.get(f"{SUBSIDY}/pay-receipts/{paid_id}")).json()["status"]
            return answer

        first = (await take_back(caller, pay, "B1", 60)).json()
        while_returning = await state()
        settled = (await caller.get(f"{SUBSIDY}/return-receipts/{first['subsidy_return_receipt_id']}")).json()
        partly = await state()
        too_much = await take_back(caller, pay, "B2", 41)
        pay.subsidies.failures.append("RETURN_RECEIPT_INSUFFICIENT_BALANCE")
        failing = (await take_back(caller, pay, "B3", 40)).json()
        failed = (
            await caller.get(f"{SUBSIDY}/return-receipts/{failing['subsidy_return_receipt_id']}")
        ).json()
        rest = (await take_back(caller, pay, "B4", 40)).json()
        await caller.get(f"{SUBSIDY}/return-receipts/{rest['subsidy_return_receipt_id']}")
        wholly = await state()
    assert first["status"] == "RETURN_RECEIPT_ACCEPTED"
    assert first["subsidy_receipt_id"] == paid_id
    assert settled["status"] == "RETURN_RECEIPT_SUCCESS"
    assert "return_done_time" in settled
    assert (too_much.status, too_much.json()["code"]) == (400, "INVALID_REQUEST")
    assert (failed["status"], failed["fail_reason"]) == (
        "RETURN_RECEIPT_FAIL",
        "RETURN_RECEIPT_INSUFFICIENT_BALANCE",
    )
    assert [while_returning, partly, wholly] == [
        "PAY_RECEIPT_RETURNING",
        "PAY_RECEIPT_PARTIAL_RETURN",
        "PAY_RECEIPT_FULL_RETURN",
    ]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": 500_001}, 400, "PARAM_ERROR"),
        ({"amount": 1001}, 400, "PARAM_ERROR"),
        ({"amount": 1.5}, 400, "PARAM_ERROR"),
        ({"transaction_id": "1" * 27}, 400, "PARAM_ERROR"),
        ({"description": None}, 400, "PARAM_ERROR"),
        ({"payer_merchant": "1900000110"}, 400, "MCH_NOT_EXISTS"),
        ({"coupon_code": "NOBODYS"}, 404, "RESOURCE_NOT_EXISTS"),
    ],
)
async def test_a_wrong_payment_is_refused(changes: dict[str, Any], status: int, code: str) -> None:
    pay = a_used_one()
    async with calling(pay) as caller:
        heard = await pay_out(caller, pay, **changes)
    assert (heard.status, heard.json()["code"]) == (status, code)


async def test_only_used_coupons_of_subsidised_stocks_are_subsidised() -> None:
    pay = a_used_one()
    unused = pay.give("o" * 28, "77", "REQ_2")
    plain = pay.give("o" * 28, STOCK.stock_id, "REQ_3")
    pay.mark(plain, CouponState.USED)
    async with calling(pay) as caller:
        heard = [
            await pay_out(caller, pay, coupon_code=unused.coupon_code),
            await pay_out(caller, pay, coupon_code=plain.coupon_code, stock_id=STOCK.stock_id),
        ]
        unknown = [
            (await caller.get(f"{SUBSIDY}/{what}/1")).status for what in ("pay-receipts", "return-receipts")
        ]
        nothing_paid = await take_back(caller, pay, "B1", 10)
    assert [(answer.status, answer.json()["code"]) for answer in heard] == [(400, "INVALID_REQUEST")] * 2
    assert [*unknown, nothing_paid.status] == [404, 404, 404]


async def test_times_are_the_platforms() -> None:
    clock = StillClock()
    pay = a_pay(stocks=[SUBSIDISED], clock=clock)
    pay.mark(pay.give("o" * 28, "77", "REQ_1"), CouponState.USED)
    async with calling(pay, clock) as caller:
        created = (await pay_out(caller, pay)).json()["create_time"]
    assert created == rfc3339(clock.now_ms)
