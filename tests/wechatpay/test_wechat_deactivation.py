"""A coupon is taken back by the same bytes for ever, and believed to be only when that is signed."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from tests.wechatpay.signing_platform import Platform, assert_signed_by_us
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.deactivation import DeactivatedCoupon, compose_deactivate
from wechatpay.errors import BadRequest, Malformed, NoAnswer, Refused, Unsigned

STOCK, CODE = "1290000000000017", "AB C/1=2|3\\4"
TIME = "2026-01-01T08:00:13+08:00"
BODY = compose_deactivate(
    coupon_code=CODE, stock_id=STOCK, deactivate_request_no="D1", deactivate_reason="发错"
)


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


async def test_the_composed_bytes_are_signed_and_sent_and_the_answer_is_a_record(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {"wechatpay_deactivate_time": TIME, "new_member": {"x": 1}})
    assert await busifavor.deactivate(BODY) == DeactivatedCoupon(wechatpay_deactivate_time=TIME)
    [(method, target, headers, sent)] = platform.heard
    assert (method, target, sent) == ("POST", "/v3/marketing/busifavor/coupons/deactivate", BODY)
    assert_signed_by_us(method, target, headers, sent)
    assert json.loads(BODY) == {
        "coupon_code": CODE,
        "stock_id": STOCK,
        "deactivate_request_no": "D1",
        "deactivate_reason": "发错",
    }
    assert b"reason" not in compose_deactivate(coupon_code="C", stock_id="1", deactivate_request_no="D")


async def test_an_unsigned_success_is_not_believed_and_the_same_bytes_may_go_again(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {"wechatpay_deactivate_time": TIME}, signer=None)
    platform.says(200, {"wechatpay_deactivate_time": TIME})
    with pytest.raises(Unsigned) as doubt:
        await busifavor.deactivate(BODY)
    assert (doubt.value.outcome_known, doubt.value.may_repeat) == (False, True)
    assert (await busifavor.deactivate(BODY)).wechatpay_deactivate_time == TIME
    assert platform.heard[0][3] == platform.heard[1][3] == BODY


async def test_a_genuine_answer_without_its_time_is_malformed(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {})
    with pytest.raises(Malformed, match="wechatpay_deactivate_time"):
        await busifavor.deactivate(BODY)


async def test_a_refusal_tells_its_code(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(400, {"code": "INVALID_REQUEST", "message": "券状态为USED"})
    with pytest.raises(Refused) as error:
        await busifavor.deactivate(BODY)
    assert (error.value.code, error.value.verified) == ("INVALID_REQUEST", True)


async def test_a_number_that_was_used_before_leaves_the_outcome_open(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(400, {"code": "RESOURCE_ALREADY_EXISTS", "message": "商户单号已存在"})
    with pytest.raises(Refused) as error:
        await busifavor.deactivate(BODY)
    assert (error.value.verified, error.value.outcome_known, error.value.may_repeat) == (True, False, False)


async def test_a_cut_connection_leaves_the_outcome_open(busifavor: Busifavor, platform: Platform) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    platform.answers[:] = [cut]
    with pytest.raises(NoAnswer) as error:
        await busifavor.deactivate(BODY)
    assert (error.value.outcome_known, error.value.may_repeat) == (False, True)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadRequest) as error:
        compose_deactivate(
            coupon_code="x" * 33,
            stock_id="1" * 21,
            deactivate_request_no="D" * 129,
            deactivate_reason="字" * 65,
        )
    assert error.value.fields == ("coupon_code", "stock_id", "deactivate_request_no", "deactivate_reason")
    compose_deactivate(coupon_code="x" * 32, stock_id="1" * 20, deactivate_request_no="D" * 128)
