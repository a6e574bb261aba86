"""The product over a real socket: sending stored bytes, finding a coupon again, asking about a stock."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from tests.wechatpay.signing_platform import Platform, compact
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed, Refused, Unsigned
from wechatpay.send_request import compose_send
from wechatpay.send_result import NextStep, SendResult, SendState
from wechatpay.user_coupons import Coupon

OPENID, STOCK, NUMBER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "1290000000000017", "SLK_20260101_0001"
APPID = "wxd678efh567hg6787"
BODY = compose_send(appid=APPID, openid=OPENID, stock_id=STOCK, out_request_no=NUMBER)
GIVEN = {"stock_id": STOCK, "out_request_no": NUMBER, "coupon_code": "1290000000000017000042"}


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid=APPID)


def coupon(index: int, **changed: Any) -> dict[str, Any]:
    return {
        "coupon_code": f"C{index}",
        "stock_id": STOCK,
        "coupon_state": "SENDED",
        "send_request_no": f"N{index}",
    } | changed


# ---- Sending ----------------------------------------------------------------------------------------------


async def test_a_send_puts_the_stored_bytes_on_the_wire_and_a_repeat_the_same_bytes(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, GIVEN)
    stored = BODY.replace(b'":"', b'": "')  # spelt otherwise than we would: stored bytes are never made anew
    for earlier_open in (False, True):
        outcome = await busifavor.send(stored, earlier_open=earlier_open)
        assert (outcome.state, outcome.coupon_code) == (SendState.SENT, GIVEN["coupon_code"])
    assert [(method, target, body) for method, target, _, body in platform.heard] == [
        ("POST", "/v3/marketing/busifavor/coupons/send", stored)
    ] * 2


async def test_an_unsigned_refusal_over_the_wire_stays_open_and_a_signed_one_settles(
    busifavor: Busifavor, platform: Platform
) -> None:
    refusal = {"code": "RULE_LIMIT", "message": f"{OPENID} 已达上限"}
    platform.says(403, refusal, signer=None)
    platform.says(403, refusal)
    unsigned = await busifavor.send(BODY, earlier_open=False)
    assert (unsigned.state, unsigned.next_step, unsigned.attempt_open) == (
        SendState.UNKNOWN,
        NextStep.LOOK_UP,
        True,
    )
    signed = await busifavor.send(BODY, earlier_open=False)
    assert signed == SendResult(
        state=SendState.REFUSED,
        verified=True,
        attempt_open=False,
        next_step=NextStep.FINAL,
        said_no=True,
        status=403,
        code="RULE_LIMIT",
        message="(openid) 已达上限",
        request_id="08F1A2-268578927",
        serial_no="PUB_KEY_ID_0119000001092025010100381234000001",
    )


async def test_bytes_that_are_no_send_request_never_leave(busifavor: Busifavor, platform: Platform) -> None:
    with pytest.raises(BadRequest):
        await busifavor.send(b'{"openid":null}', earlier_open=False)
    assert platform.heard == []


# ---- Finding a coupon again -------------------------------------------------------------------------------


def lists(platform: Platform, coupons: list[dict[str, Any]], *, by_page: bool = False, **more: Any) -> None:
    """Answer like the coupon list of a user, with `offset` counting coupons or pages."""

    async def answer(request: web.Request) -> web.StreamResponse:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        start = offset * limit if by_page else offset
        page = {"data": coupons[start : start + limit], "total_count": len(coupons), "offset": offset} | more
        return await platform.signed(200, compact(page))(request)

    platform.answers[:] = [answer]


@pytest.mark.parametrize("by_page", [False, True], ids=["offset counts coupons", "offset counts pages"])
@pytest.mark.parametrize("index", [0, 19, 20, 39, 40, 44])
async def test_a_coupon_is_found_on_whatever_page_it_stands(
    busifavor: Busifavor, platform: Platform, by_page: bool, index: int
) -> None:
    lists(platform, [coupon(number) for number in range(45)], by_page=by_page)
    found = await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=f"N{index}")
    assert found == f"C{index}"


@pytest.mark.parametrize("by_page", [False, True])
@pytest.mark.parametrize("count", [0, 1, 20, 45])
async def test_a_coupon_that_no_page_holds_is_absent(
    busifavor: Busifavor, platform: Platform, by_page: bool, count: int
) -> None:
    lists(platform, [coupon(number) for number in range(count)], by_page=by_page)
    assert await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER) is None
    assert len(platform.heard) <= 6


@pytest.mark.parametrize("total", [None, 0, 3, 10**9])
async def test_a_wrong_or_missing_total_does_not_make_the_walk_endless(
    busifavor: Busifavor, platform: Platform, total: int | None
) -> None:
    lists(platform, [coupon(number) for number in range(3)], total_count=total)
    assert await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER) is None
    assert len(platform.heard) <= 3


async def test_a_server_that_ignores_offset_does_not_make_the_walk_endless(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(200, {"data": [coupon(number) for number in range(20)], "total_count": 45})
    found = [each.coupon_code async for each in busifavor.coupons(openid=OPENID, stock_id=STOCK)]
    assert found == [f"C{number}" for number in range(20)]
    assert len(platform.heard) == 3


async def test_a_list_that_never_ends_is_malformed_and_not_absence(
    busifavor: Busifavor, platform: Platform
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        page = {"data": [coupon(int(request.query["offset"]))]}
        return await platform.signed(200, compact(page))(request)

    platform.answers[:] = [answer]
    with pytest.raises(Malformed, match="does not end"):
        await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER)


async def test_the_list_is_asked_for_all_states_and_all_our_roles(
    busifavor: Busifavor, platform: Platform, client: Client
) -> None:
    lists(platform, [])
    await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER)
    [target] = platform.targets
    assert urlsplit(target).path == f"/v3/marketing/busifavor/users/{OPENID}/coupons"
    mchid = client.merchant.mchid
    assert parse_qs(urlsplit(target).query) == {
        "appid": [APPID],
        "stock_id": [STOCK],
        "creator_merchant": [mchid],
        "belong_merchant": [mchid],
        "sender_merchant": [mchid],
        "offset": ["0"],
        "limit": ["20"],
    }


@pytest.mark.parametrize("state", ["SENDED", "USED", "EXPIRED", "DELETED", "DEACTIVATED", "NEW_STATE", None])
async def test_a_coupon_in_any_state_proves_the_sending(
    busifavor: Busifavor, platform: Platform, state: str | None
) -> None:
    lists(platform, [coupon(7, send_request_no=NUMBER, coupon_state=state, stock_id=None)])
    assert await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER) == "C7"


async def test_the_same_number_in_another_stock_is_not_our_coupon(
    busifavor: Busifavor, platform: Platform
) -> None:
    lists(platform, [coupon(7, send_request_no=NUMBER, stock_id="1290000000000018")])
    assert await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER) is None


async def test_only_a_genuine_list_counts_also_on_the_second_page(
    busifavor: Busifavor, platform: Platform
) -> None:
    page = {"data": [coupon(number) for number in range(20)], "total_count": 21}
    platform.says(200, page)
    platform.says(200, {"data": [coupon(20, send_request_no=NUMBER)], "total_count": 21}, signer=None)
    with pytest.raises(Unsigned):
        await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER)


@pytest.mark.parametrize("data", ["x", {}, [7], [{"stock_id": STOCK}], [coupon(1, coupon_code="a\nb")]])
async def test_a_list_that_makes_no_sense_is_malformed_and_not_absence(
    busifavor: Busifavor, platform: Platform, data: object
) -> None:
    platform.says(200, {"data": data, "total_count": 1})
    with pytest.raises(Malformed):
        await busifavor.find_coupon(openid=OPENID, stock_id=STOCK, out_request_no=NUMBER)


# ---- One coupon, one stock --------------------------------------------------------------------------------


async def test_one_coupon_is_asked_for_with_its_code_fully_escaped(
    busifavor: Busifavor, platform: Platform
) -> None:
    code = "AB C/1=2|3\\4"
    platform.says(200, coupon(1, coupon_code=code, receive_time="2026-01-01T08:00:13+08:00", news=1))
    found = await busifavor.coupon(openid=OPENID, coupon_code=code)
    assert found == Coupon(
        coupon_code=code,
        stock_id=STOCK,
        coupon_state="SENDED",
        send_request_no="N1",
        stock_name="",
        receive_time="2026-01-01T08:00:13+08:00",
        expire_time="",
    )
    assert platform.targets == [
        f"/v3/marketing/busifavor/users/{OPENID}/coupons/AB%20C%2F1%3D2%7C3%5C4/appids/{APPID}"
    ]


async def test_a_coupon_that_is_not_there_is_refused(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(404, {"code": "RESOURCE_NOT_EXISTS", "message": f"no coupon of {OPENID}"})
    with pytest.raises(Refused) as error:
        await busifavor.coupon(openid=OPENID, coupon_code="C1")
    assert (error.value.code, error.value.verified) == ("RESOURCE_NOT_EXISTS", True)
    assert OPENID not in str(error.value)


async def test_a_stock_tells_its_state_and_what_is_left(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(
        200,
        {
            "stock_id": STOCK,
            "stock_name": "售后关怀券",
            "stock_state": "RUNNING",
            "coupon_code_mode": "MERCHANT_UPLOAD",
            "stock_type": "NORMAL",
            "coupon_use_rule": {"coupon_available_time": {"available_end_time": "2027-01-01T00:00:00+08:00"}},
            "stock_send_rule": {"max_coupons": 100, "max_coupons_per_user": 5, "max_coupons_by_day": None},
            "send_count_information": {"total_send_num": 42, "today_send_num": True},
            "coupon_code_count": {"available_count": 7},
        },
    )
    stock = await busifavor.stock(STOCK)
    assert (stock.stock_name, stock.stock_state, stock.coupon_code_mode) == (
        "售后关怀券",
        "RUNNING",
        "MERCHANT_UPLOAD",
    )
    assert (stock.remaining, stock.available_count, stock.max_coupons_per_user) == (58, 7, 5)
    assert (stock.max_coupons_by_day, stock.today_send_num) == (None, None)
    assert stock.available_end_time == "2027-01-01T00:00:00+08:00"


async def test_a_stock_that_says_little_is_read_too(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(200, {"stock_id": STOCK, "stock_state": "NEW_STATE", "stock_send_rule": None})
    stock = await busifavor.stock(STOCK)
    assert (stock.stock_state, stock.remaining) == ("NEW_STATE", None)


@pytest.mark.parametrize("answer", [{}, {"stock_id": "1", "stock_state": "RUNNING"}, {"stock_id": STOCK}])
async def test_an_answer_about_another_stock_is_malformed(
    busifavor: Busifavor, platform: Platform, answer: dict[str, str]
) -> None:
    platform.says(200, answer)
    with pytest.raises(Malformed):
        await busifavor.stock(STOCK)
