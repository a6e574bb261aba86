"""Subsidy: limits of money and numbers, and receipts that must be of what was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from signing_platform import Platform

from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed
from wechatpay.subsidy import (
    FailReason,
    PayReceiptStatus,
    ReturnReceiptStatus,
    compose_pay,
    compose_return,
)

PAID: dict[str, Any] = {
    "stock_id": "1290000000000017",
    "coupon_code": "AB C/1=2|3\\4",
    "transaction_id": "4200000913202101152566792388",
    "payer_merchant": "1900000109",
    "payee_merchant": "1900000110",
    "amount": 500_000,
    "description": "字" * 1024,
    "out_subsidy_no": "S" * 128,
}
RETURNED: dict[str, Any] = {name: value for name, value in PAID.items() if name != "out_subsidy_no"} | {
    "refund_id": "50300907006202101150560000000000",
    "out_subsidy_return_no": "R" * 128,
}
WRONG: dict[str, list[Any]] = {
    "stock_id": ["", "1" * 21, "1 2"],
    "coupon_code": ["", "x" * 33, "券"],
    "transaction_id": ["4" * 27, "4" * 33, "4" * 27 + "-"],
    "payer_merchant": ["1900000", "1" * 16, "a" * 10],
    "payee_merchant": ["1900000", "1" * 16, "１" * 10],
    "amount": [0, -1, 500_001, True, 1.5, "5"],
    "description": ["", "字" * 1025, "😀"],
    "out_subsidy_no": ["", "S" * 129, "a|b"],
    "refund_id": ["5" * 27, "5" * 33],
    "out_subsidy_return_no": ["", "R" * 129, "a*b"],
}


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


def test_the_largest_of_everything_is_composed_as_it_is() -> None:
    assert json.loads(compose_pay(**PAID)) == PAID
    assert json.loads(compose_return(**RETURNED)) == RETURNED


@pytest.mark.parametrize(("field", "value"), [(name, value) for name, bad in WRONG.items() for value in bad])
def test_a_value_beyond_its_limit_is_named(field: str, value: object) -> None:
    for compose, asked in ((compose_pay, PAID), (compose_return, RETURNED)):
        if field in asked:
            with pytest.raises(BadRequest) as error:
                compose(**asked | {field: value})
            assert error.value.fields == (field,)


def test_all_wrong_values_stand_in_one_error() -> None:
    for compose, asked in ((compose_pay, PAID), (compose_return, RETURNED)):
        with pytest.raises(BadRequest) as error:
            compose(**{name: WRONG[name][0] for name in asked})
        assert set(error.value.fields) == set(asked)


def receipt(**changed: Any) -> dict[str, Any]:
    return PAID | {"subsidy_receipt_id": "1120", "status": "PAY_RECEIPT_ACCEPTED"} | changed


@pytest.mark.parametrize("field", PAID)
async def test_a_receipt_of_something_else_than_was_asked_is_malformed(
    busifavor: Busifavor, platform: Platform, field: str
) -> None:
    platform.says(200, receipt(**{field: PAID[field][:-1] if field != "amount" else 1}))
    with pytest.raises(Malformed, match=f"changes {field}") as error:
        await busifavor.subsidies.pay(compose_pay(**PAID))
    assert not error.value.outcome_known


async def test_a_receipt_is_read_with_known_and_unknown_words(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, receipt(status="PAY_RECEIPT_FAIL", fail_reason="PAY_RECEIPT_INSUFFICIENT_BALANCE"))
    platform.says(200, receipt(status="PAY_RECEIPT_NEW", fail_reason="NEW"))
    failed = await busifavor.subsidies.get("1120")
    assert failed.status is PayReceiptStatus.FAIL
    assert failed.fail_reason is FailReason.PAY_INSUFFICIENT_BALANCE
    strange = await busifavor.subsidies.get("1120")
    assert (strange.status, strange.fail_reason) == ("PAY_RECEIPT_NEW", "NEW")
    assert "字" not in repr(failed)


async def test_receipts_are_asked_for_by_coupon_and_number(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(200, {"pay_receipt_list": [receipt()]})
    [found] = await busifavor.subsidies.find(
        stock_id=PAID["stock_id"], coupon_code=PAID["coupon_code"], out_subsidy_no=PAID["out_subsidy_no"]
    )
    assert (found.amount, found.status) == (500_000, PayReceiptStatus.ACCEPTED)
    [asked] = platform.targets
    assert asked == (
        "/v3/marketing/busifavor/subsidy/pay-receipts?stock_id=1290000000000017"
        f"&coupon_code=AB%20C%2F1%3D2%7C3%5C4&out_subsidy_no={'S' * 128}"
    )


@pytest.mark.parametrize("listed", ["x", {}, [7], [{}], [None], [{"subsidy_receipt_id": "1120"}]])
async def test_receipts_that_make_no_sense_are_malformed_and_not_absence(
    busifavor: Busifavor, platform: Platform, listed: object
) -> None:
    platform.says(200, {"pay_receipt_list": listed})
    with pytest.raises(Malformed):
        await busifavor.subsidies.find(stock_id="1", coupon_code="a")


@pytest.mark.parametrize("answer", [{}, {"pay_receipt_list": None}, {"pay_receipt_list": []}])
async def test_no_receipts_are_no_receipts(
    busifavor: Busifavor, platform: Platform, answer: dict[str, Any]
) -> None:
    platform.says(200, answer)
    assert await busifavor.subsidies.find(stock_id="1", coupon_code="a") == ()


async def test_a_return_may_come_without_its_id_and_is_of_what_was_asked(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, RETURNED | {"status": "RETURN_RECEIPT_ACCEPTED"})
    platform.says(200, RETURNED | {"status": "RETURN_RECEIPT_ACCEPTED", "refund_id": "5" * 28})
    back = await busifavor.subsidies.give_back(compose_return(**RETURNED))
    assert (back.status, back.subsidy_return_receipt_id) == (ReturnReceiptStatus.ACCEPTED, None)
    with pytest.raises(Malformed, match="refund_id"):
        await busifavor.subsidies.give_back(compose_return(**RETURNED))
