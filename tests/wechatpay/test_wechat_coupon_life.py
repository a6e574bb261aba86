"""A coupon after it was given: five calls, each the same bytes for ever, each believed only when signed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from signing_platform import Platform, assert_signed_by_us

from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.coupon_life import (
    AssociatedCoupon,
    DeactivatedCoupon,
    DisassociatedCoupon,
    ReturnedCoupon,
    UsedCoupon,
    compose_deactivate,
    compose_order,
    compose_return,
    compose_use,
)
from wechatpay.errors import BadRequest, Malformed, NoAnswer, Refused, Unsigned

OPENID, STOCK, CODE = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "1290000000000017", "AB C/1=2|3\\4"
TIME = "2026-01-01T08:00:13+08:00"
USE = compose_use(
    coupon_code=CODE,
    stock_id=STOCK,
    appid="wx1",
    use_time=TIME,
    use_request_no="U1",
    openid=OPENID,
    out_trade_no="T1",
    mch_id="1900000109",
    transaction_id="4200000913202101152566792388",
)
ORDER = compose_order(stock_id=STOCK, coupon_code=CODE, out_trade_no="T1", out_request_no="A1")
Call = Callable[[Busifavor, bytes], Awaitable[object]]
STEPS: dict[str, tuple[bytes, Call, dict[str, str], object]] = {
    "use": (
        USE,
        lambda busifavor, body: busifavor.life.use(body),
        {"wechatpay_use_time": TIME, "stock_id": STOCK, "openid": OPENID},
        UsedCoupon(wechatpay_use_time=TIME, stock_id=STOCK, openid=OPENID),
    ),
    "return": (
        compose_return(coupon_code=CODE, stock_id=STOCK, return_request_no="R1"),
        lambda busifavor, body: busifavor.life.give_back(body),
        {"wechatpay_return_time": TIME},
        ReturnedCoupon(wechatpay_return_time=TIME),
    ),
    "deactivate": (
        compose_deactivate(
            coupon_code=CODE, stock_id=STOCK, deactivate_request_no="D1", deactivate_reason="发错"
        ),
        lambda busifavor, body: busifavor.life.deactivate(body),
        {"wechatpay_deactivate_time": TIME},
        DeactivatedCoupon(wechatpay_deactivate_time=TIME),
    ),
    "associate": (
        ORDER,
        lambda busifavor, body: busifavor.life.associate(body),
        {"wechatpay_associate_time": TIME},
        AssociatedCoupon(wechatpay_associate_time=TIME),
    ),
    "disassociate": (
        ORDER,
        lambda busifavor, body: busifavor.life.disassociate(body),
        {"wechatpay_disassociate_time": TIME},
        DisassociatedCoupon(wechatpay_disassociate_time=TIME),
    ),
}
each_step = pytest.mark.parametrize("step", STEPS)


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


@each_step
async def test_the_composed_bytes_are_signed_and_sent_and_the_answer_is_a_record(
    busifavor: Busifavor, platform: Platform, step: str
) -> None:
    body, call, answer, record = STEPS[step]
    platform.says(200, answer | {"new_member": {"x": 1}})
    assert await call(busifavor, body) == record
    [(method, target, headers, sent)] = platform.heard
    assert (method, target, sent) == ("POST", f"/v3/marketing/busifavor/coupons/{step}", body)
    assert_signed_by_us(method, target, headers, sent)
    assert None not in json.loads(body).values()


@each_step
async def test_an_unsigned_success_is_not_believed_and_the_same_bytes_may_go_again(
    busifavor: Busifavor, platform: Platform, step: str
) -> None:
    body, call, answer, record = STEPS[step]
    platform.says(200, answer, signer=None)
    platform.says(200, answer)
    with pytest.raises(Unsigned) as doubt:
        await call(busifavor, body)
    assert (doubt.value.outcome_known, doubt.value.may_repeat) == (False, True)
    assert await call(busifavor, body) == record
    assert platform.heard[0][3] == platform.heard[1][3] == body


@each_step
async def test_a_genuine_answer_without_its_time_is_malformed(
    busifavor: Busifavor, platform: Platform, step: str
) -> None:
    body, call, _, _ = STEPS[step]
    platform.says(200, {})
    with pytest.raises(Malformed, match="wechatpay_"):
        await call(busifavor, body)


async def test_a_use_that_names_another_customer_is_malformed_and_nobody_is_shown(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {"wechatpay_use_time": TIME, "stock_id": STOCK, "openid": "oANOTHER"})
    with pytest.raises(Malformed, match=r"changes openid$") as error:
        await busifavor.life.use(USE)
    assert "oANOTHER" not in str(error.value)
    assert OPENID not in repr(UsedCoupon(wechatpay_use_time=TIME, openid=OPENID))


async def test_a_refusal_tells_its_code_and_hides_the_openid(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(400, {"code": "INVALID_REQUEST", "message": f"{OPENID} 券状态为USED"})
    with pytest.raises(Refused) as error:
        await busifavor.life.use(USE)
    assert (error.value.code, error.value.verified) == ("INVALID_REQUEST", True)
    assert OPENID not in str(error.value)


async def test_a_cut_connection_leaves_the_outcome_open(busifavor: Busifavor, platform: Platform) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    platform.answers[:] = [cut]
    with pytest.raises(NoAnswer) as error:
        await busifavor.life.deactivate(STEPS["deactivate"][0])
    assert (error.value.outcome_known, error.value.may_repeat) == (False, True)


def wrong_fields(compose: Callable[..., bytes], **values: Any) -> tuple[str, ...]:
    with pytest.raises(BadRequest) as error:
        compose(**values)
    return error.value.fields


def test_of_two_published_lengths_the_shorter_is_obeyed() -> None:
    assert wrong_fields(
        compose_use,
        coupon_code="x" * 33,
        stock_id="1" * 21,
        appid="wx1",
        use_time=TIME,
        use_request_no="U" * 33,
    ) == ("coupon_code", "stock_id", "use_request_no")
    compose_return(coupon_code="x" * 32, stock_id="1" * 20, return_request_no="R" * 128)


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert wrong_fields(
        compose_deactivate,
        coupon_code="",
        stock_id="a b",
        deactivate_request_no="D" * 129,
        deactivate_reason="字" * 65,
    ) == ("coupon_code", "stock_id", "deactivate_request_no", "deactivate_reason")
    assert wrong_fields(
        compose_use, coupon_code="a", appid="wx 1", use_time="yesterday", use_request_no="U1", mch_id="x"
    ) == ("appid", "use_time", "mch_id")
    assert wrong_fields(compose_order, stock_id="1", coupon_code="a", out_trade_no="", out_request_no="") == (
        "out_trade_no",
        "out_request_no",
    )
