"""Stocks, giving coupons, finding and taking them back: the real client against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.ledger import CouponState, Endpoint
from sandbox.wechatpay.stocks import StockState as SandboxState
from tests.wechatpay.real_wire import ODD_CODE, OWN_CODES, UPLOADED, USUAL, Wire, wire
from tests.world import OPENID
from wechatpay.deactivation import compose_deactivate
from wechatpay.send_request import CouponType, compose_send
from wechatpay.send_result import SendState
from wechatpay.stock_records import StockState
from wechatpay.user_coupons import CouponState as State


@pytest.fixture
async def here() -> AsyncGenerator[Wire]:
    async with wire() as standing:
        yield standing


# ---- Stocks -----------------------------------------------------------------------------------------------


async def test_a_stock_tells_what_was_given_of_it(here: Wire) -> None:
    here.coupon("C1", UPLOADED)
    stock = await here.busifavor.stock(UPLOADED)
    assert (stock.total_send_num, stock.today_send_num, stock.available_count) == (1, 1, 0)
    assert stock.send_count_information is not None
    assert stock.send_count_information.total_send_amount == 1000
    here.wechatpay.stocks[USUAL] = replace(here.wechatpay.stocks[USUAL], state=SandboxState.STOPED)
    assert (await here.busifavor.stock(USUAL)).stock_state is StockState.STOPED


# ---- Giving, and finding again ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", KeyMode)
@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
async def test_a_coupon_is_given_in_every_key_mode_and_in_both_shapes_of_answer(
    mode: KeyMode, wrapped: bool
) -> None:
    async with wire(mode, wrapped_answer=wrapped) as here:
        body = compose_send(appid=here.appid, openid=OPENID, stock_id=USUAL, out_request_no="N1")
        outcome = await here.busifavor.send(body, earlier_open=False)
        [coupon] = here.wechatpay.ledger.coupons
        assert (outcome.state, outcome.verified, outcome.coupon_code) == (
            SendState.SENT,
            True,
            coupon.coupon_code,
        )
        assert [sent.body for sent in here.wechatpay.ledger.sends_of("N1")] == [body]


async def test_our_own_code_and_an_uploaded_one_are_given(here: Wire) -> None:
    own = compose_send(
        appid=here.appid, openid=OPENID, stock_id=OWN_CODES, out_request_no="N1", coupon_code="OWN-1"
    )
    uploaded = compose_send(appid=here.appid, openid=OPENID, stock_id=UPLOADED, out_request_no="N2")
    assert (await here.busifavor.send(own, earlier_open=False)).coupon_code == "OWN-1"
    assert (await here.busifavor.send(uploaded, earlier_open=False)).coupon_code == "UP-1"


async def test_the_other_endpoint_gives_a_coupon_too(here: Wire) -> None:
    body = compose_send(
        appid=here.appid,
        openid=OPENID,
        stock_id=USUAL,
        out_request_no="N1",
        coupon_type=CouponType.NORMAL,
    )
    outcome = await here.busifavor.send(body, earlier_open=False)
    [coupon] = here.wechatpay.ledger.coupons
    assert (outcome.state, outcome.coupon_code) == (SendState.SENT, coupon.coupon_code)
    [sent] = here.heard(Endpoint.PRODUCT_SEND)
    assert (sent.url, sent.body) == ("/v3/marketing/busifavor/product-coupons/send", body)
    found = await here.busifavor.find_coupon(openid=OPENID, stock_id=USUAL, out_request_no="N1")
    assert found == coupon.coupon_code


async def test_every_coupon_of_a_user_comes_once_over_several_pages(here: Wire) -> None:
    for number in range(45):
        here.coupon(f"N{number}")
    here.coupon("OTHER", OWN_CODES, "OWN-1")
    ours = [each async for each in here.busifavor.coupons(openid=OPENID, stock_id=USUAL)]
    assert [each.send_request_no for each in ours] == [f"N{number}" for number in range(45)]
    assert len(here.heard(Endpoint.COUPONS)) == 3
    everything = [each.stock_id async for each in here.busifavor.coupons(openid=OPENID)]
    assert (len(everything), everything[-1]) == (46, OWN_CODES)
    found = await here.busifavor.find_coupon(openid=OPENID, stock_id=USUAL, out_request_no="N44")
    assert found == ours[44].coupon_code


async def test_a_page_is_asked_for_by_state_place_and_role(here: Wire) -> None:
    coupons = [here.coupon(f"N{number}") for number in range(3)]
    here.wechatpay.mark(coupons[0], CouponState.DELETED)
    page = await here.busifavor.coupon_page(openid=OPENID, stock_id=USUAL, offset=1, limit=1)
    assert (page.total_count, page.offset, page.limit) == (3, 1, 1)
    assert [each.send_request_no for each in page.data] == ["N1"]
    deleted = here.busifavor.coupons(openid=OPENID, coupon_state=State.DELETED)
    assert [each.send_request_no async for each in deleted] == ["N0"]
    assert here.heard(Endpoint.COUPONS)[0].url.count(f"merchant={here.mchid}") == 3


async def test_one_coupon_is_found_by_whatever_code_it_has(here: Wire) -> None:
    here.wechatpay.give(OPENID, OWN_CODES, "N1", ODD_CODE)
    coupon = await here.busifavor.coupon(openid=OPENID, coupon_code=ODD_CODE)
    assert (coupon.coupon_code, coupon.stock_id, coupon.send_request_no) == (ODD_CODE, OWN_CODES, "N1")
    assert (coupon.coupon_state, coupon.belong_merchant) == ("SENDED", here.mchid)
    assert coupon.available_start_time == coupon.receive_time < coupon.expire_time


# ---- Taking back ------------------------------------------------------------------------------------------


async def test_a_coupon_is_taken_back(here: Wire) -> None:
    code = here.coupon("N1", OWN_CODES, ODD_CODE).coupon_code
    off = await here.busifavor.deactivate(
        compose_deactivate(
            coupon_code=code, stock_id=OWN_CODES, deactivate_request_no="D1", deactivate_reason="发错"
        )
    )
    coupon = await here.busifavor.coupon(openid=OPENID, coupon_code=code)
    assert (coupon.coupon_state, coupon.deactivate_request_no) == ("DEACTIVATED", "D1")
    assert (coupon.deactivate_reason, coupon.deactivate_time) == ("发错", off.wechatpay_deactivate_time)
