"""Stocks: reading whatever WeChat Pay says of one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechatpay.callback_address import CallbackAddress
from wechatpay.errors import Malformed
from wechatpay.records import promised, read, wire
from wechatpay.stock_records import (
    AvailableWeek,
    CouponCodeMode,
    DayTime,
    FixedNormalCoupon,
    Stock,
    StockState,
    StockType,
)

STOCK = "1290000000000017"
#: Every member there is.
FULL: dict[str, Any] = {
    "stock_id": STOCK,
    "stock_name": "迟到补偿五元券",
    "stock_state": "RUNNING",
    "belong_merchant": "1900000109",
    "comment": "售后",
    "goods_name": "全场商品",
    "stock_type": "NORMAL",
    "coupon_code_mode": "WECHATPAY_MODE",
    "coupon_use_rule": {
        "coupon_available_time": {
            "available_begin_time": "2026-01-01T00:00:00+08:00",
            "available_end_time": "2026-12-31T23:59:59+08:00",
            "available_day_after_receive": 7,
            "wait_days_after_receive": 1,
            "available_week": {
                "week_day": [0, 6],
                "available_day_time": [{"begin_time": 0, "end_time": 86_399}],
            },
            "irregulary_avaliable_time": [
                {"begin_time": "2026-05-01T00:00:00+08:00", "end_time": "2026-05-02T00:00:00+08:00"}
            ],
            "available_second_after_receive": 3600,
        },
        "fixed_normal_coupon": {"discount_amount": 500, "transaction_minimum": 501},
        "use_method": "MINI_PROGRAMS",
        "mini_programs_appid": "wx1",
        "mini_programs_path": "/pages/index",
    },
    "stock_send_rule": {
        "max_coupons": 100,
        "max_coupons_per_user": 5,
        "max_coupons_by_day": 10,
        "natural_person_limit": True,
        "prevent_api_abuse": False,
        "transferable": False,
        "shareable": False,
    },
    "custom_entrance": {
        "mini_programs_info": {
            "mini_programs_appid": "wx1",
            "mini_programs_path": "/a",
            "entrance_words": "欢迎",
            "guiding_words": "更多",
        },
        "appid": "wx2",
        "hall_id": "1",
        "store_id": "2",
        "code_display_mode": "QRCODE",
    },
    "display_pattern_info": {
        "description": "一行\n二行",
        "merchant_logo_url": "https://qpic.example/logo",
        "merchant_name": "商户",
        "background_color": "Color100",
        "coupon_image_url": "https://qpic.example/image",
        "finder_info": {
            "finder_id": "s1",
            "finder_video_id": "v1",
            "finder_video_cover_image_url": "https://qpic.example/cover",
        },
    },
    "notify_config": {"notify_appid": "wx1"},
    "subsidy": True,
}


def test_every_member_is_read_into_records_and_written_down_as_it_came() -> None:
    stock = read(Stock, FULL)
    assert wire(stock) == FULL
    assert stock.stock_state is StockState.RUNNING
    assert stock.coupon_code_mode is CouponCodeMode.WECHATPAY_MODE
    assert stock.coupon_use_rule is not None
    assert stock.coupon_use_rule.fixed_normal_coupon == FixedNormalCoupon(
        discount_amount=500, transaction_minimum=501
    )
    assert stock.coupon_use_rule.coupon_available_time is not None
    assert stock.coupon_use_rule.coupon_available_time.available_week == AvailableWeek(
        week_day=(0, 6), available_day_time=(DayTime(begin_time=0, end_time=86_399),)
    )


def test_unknown_words_stay_text_and_known_ones_become_members() -> None:
    stock = read(Stock, {"stock_id": STOCK, "stock_state": "FROZEN", "stock_type": "EXCHANGE"})
    assert (stock.stock_state, stock.stock_type) == ("FROZEN", StockType.EXCHANGE)
    assert not isinstance(stock.stock_state, StockState)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*Stock.__slots__, "x"]), inside)
    ),
    max_leaves=20,
)


@given(members=st.dictionaries(st.sampled_from(Stock.__slots__), junk))
def test_whatever_a_genuine_answer_holds_a_stock_is_read_and_can_be_written_down(
    members: dict[str, Any],
) -> None:
    stock = read(Stock, members)
    json.dumps(wire(stock), ensure_ascii=False).encode()
    assert stock.remaining is None or isinstance(stock.remaining, int)


def test_half_a_character_from_a_json_escape_is_replaced_and_breaks_nothing() -> None:
    assert read(Stock, json.loads('{"stock_name": "\\ud800x"}')).stock_name == "?x"


def test_an_answer_that_says_another_thing_than_was_asked_is_malformed() -> None:
    answer = {"notify_url": "https://merchant.example/n", "mchid": "2"}
    assert promised(CallbackAddress, answer, echo={}).mchid == "2"
    with pytest.raises(Malformed, match=r"lacks or changes mchid$"):
        promised(CallbackAddress, answer, echo={"mchid": "1"})
