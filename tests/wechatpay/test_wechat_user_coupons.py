"""A user's coupons: the record, the page, and asking for one by state and role."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import Platform
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import Malformed, WechatPayError
from wechatpay.stock_records import StockType
from wechatpay.user_coupons import Coupon, CouponState, read_coupon, read_page

OPENID, STOCK = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "1290000000000017"
WHOLE: dict[str, Any] = {
    "coupon_code": "C1",
    "stock_id": STOCK,
    "coupon_state": "DEACTIVATED",
    "send_request_no": "N1",
    "stock_name": "售后关怀券",
    "receive_time": "2026-01-01T08:00:13+08:00",
    "expire_time": "2026-02-01T08:00:13+08:00",
    "available_start_time": "2026-01-01T08:00:13+08:00",
    "belong_merchant": "1900000109",
    "comment": "a",
    "goods_name": "b",
    "stock_type": "NORMAL",
    "transferable": False,
    "shareable": False,
    "use_request_no": "U1",
    "use_time": "2026-01-02T08:00:13+08:00",
    "associate_out_trade_no": "T1",
    "return_request_no": "R1",
    "return_time": "2026-01-03T08:00:13+08:00",
    "deactivate_request_no": "D1",
    "deactivate_time": "2026-01-04T08:00:13+08:00",
    "deactivate_reason": "发错",
}


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wx1")


def test_every_member_of_a_coupon_is_read() -> None:
    coupon = read_coupon(WHOLE | {"display_pattern_info": {"description": "d"}, "new": 1}, "other")
    for name, value in WHOLE.items():
        assert getattr(coupon, name) == value, name
    assert coupon.coupon_state is CouponState.DEACTIVATED
    assert coupon.stock_type is StockType.NORMAL
    assert coupon.display_pattern_info is not None
    assert coupon.display_pattern_info.description == "d"


def test_a_coupon_without_its_stock_is_of_the_stock_that_was_asked_for() -> None:
    assert read_coupon({"coupon_code": "C1"}, STOCK).stock_id == STOCK
    assert read_coupon({"coupon_code": "C1", "stock_id": "2"}, STOCK).stock_id == "2"


@pytest.mark.parametrize("code", [None, "", 7, "a\nb", "a\u200bb", "\x1b[2J"])
def test_a_coupon_without_a_code_that_can_be_shown_is_malformed(code: object) -> None:
    with pytest.raises(Malformed, match="no code"):
        read_coupon(WHOLE | {"coupon_code": code}, STOCK)


@pytest.mark.parametrize("count", [None, "3", 3.0, True, [3]])
def test_a_count_that_is_no_number_is_not_known(count: object) -> None:
    page = read_page({"data": [WHOLE], "total_count": count, "offset": 0, "limit": 20}, STOCK)
    assert (page.total_count, page.offset, page.limit, len(page.data)) == (None, 0, 20, 1)


@pytest.mark.parametrize("members", [{}, {"data": None}, {"data": [], "total_count": 0}])
def test_an_empty_page_is_a_page(members: dict[str, Any]) -> None:
    assert read_page(members, STOCK).data == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, "x"]), inside),
    max_leaves=15,
)


@given(members=st.dictionaries(st.sampled_from(["data", "total_count", "offset", "limit"]), json_values))
def test_whatever_a_page_holds_only_our_errors_come_out(members: dict[str, Any]) -> None:
    try:
        page = read_page(members, STOCK)
    except WechatPayError as error:
        assert isinstance(error, Malformed)  # noqa: PT017 - most pages are good
    else:
        assert all(isinstance(coupon, Coupon) and coupon.coupon_code for coupon in page.data)


async def test_a_list_names_its_state_and_every_role_that_we_may_have(
    busifavor: Busifavor, platform: Platform, client: Client
) -> None:
    platform.says(200, {"data": [], "total_count": 0})
    page = await busifavor.coupon_page(openid=OPENID, coupon_state=CouponState.EXPIRED, offset=40, limit=10)
    assert page.data == ()
    [asked] = platform.targets
    assert parse_qs(urlsplit(asked).query) == {
        "appid": ["wx1"],
        "coupon_state": ["EXPIRED"],
        "creator_merchant": [client.merchant.mchid],
        "belong_merchant": [client.merchant.mchid],
        "sender_merchant": [client.merchant.mchid],
        "offset": ["40"],
        "limit": ["10"],
    }


async def test_an_answer_about_another_coupon_is_malformed(busifavor: Busifavor, platform: Platform) -> None:
    platform.says(200, WHOLE)
    with pytest.raises(Malformed, match="another coupon"):
        await busifavor.coupon(openid=OPENID, coupon_code="C2")
