"""Stocks: what may be asked of one, and reading whatever WeChat Pay says of one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing_platform import Platform

from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.errors import BadRequest, Malformed, Refused, Trouble, Unsigned
from wechatpay.records import promised, read, wire
from wechatpay.stock_records import (
    AvailableWeek,
    CouponAvailableTime,
    CouponCodeMode,
    CouponUseRule,
    CustomEntrance,
    DayTime,
    DiscountCoupon,
    DisplayPatternInfo,
    FinderInfo,
    FixedNormalCoupon,
    MiniProgramsInfo,
    NotifyConfig,
    Period,
    Stock,
    StockSendRule,
    StockState,
    StockType,
    UseMethod,
)
from wechatpay.stocks import Budget, CreatedStock, compose_budget, compose_patch, compose_stock

STOCK = "1290000000000017"
BASE = "/v3/marketing/busifavor/stocks"
TIMES = CouponAvailableTime(
    available_begin_time="2026-01-01T00:00:00+08:00", available_end_time="2026-12-31T23:59:59+08:00"
)
RULE = CouponUseRule(
    coupon_available_time=TIMES,
    fixed_normal_coupon=FixedNormalCoupon(discount_amount=500, transaction_minimum=501),
    use_method=UseMethod.OFF_LINE,
)
ASKED: dict[str, Any] = {
    "stock_name": "迟到补偿五元券",
    "belong_merchant": "1900000109",
    "goods_name": "全场商品",
    "stock_type": StockType.NORMAL,
    "coupon_use_rule": RULE,
    "stock_send_rule": StockSendRule(max_coupons=100, max_coupons_per_user=5),
    "out_request_no": "STOCK_1",
    "coupon_code_mode": CouponCodeMode.WECHATPAY_MODE,
}
#: Every member there is.
FULL = ASKED | {
    "comment": "售后",
    "coupon_use_rule": replace(
        RULE,
        coupon_available_time=replace(
            TIMES,
            available_day_after_receive=7,
            wait_days_after_receive=1,
            available_week=AvailableWeek(
                week_day=(0, 6), available_day_time=(DayTime(begin_time=0, end_time=86_399),)
            ),
            irregulary_avaliable_time=(
                Period(begin_time="2026-05-01T00:00:00+08:00", end_time="2026-05-02T00:00:00+08:00"),
            ),
            available_second_after_receive=3600,
        ),
        use_method=UseMethod.MINI_PROGRAMS,
        mini_programs_appid="wx1",
        mini_programs_path="/pages/index",
    ),
    "stock_send_rule": StockSendRule(
        max_coupons=100,
        max_coupons_per_user=5,
        max_coupons_by_day=10,
        natural_person_limit=True,
        prevent_api_abuse=False,
        transferable=False,
        shareable=False,
    ),
    "custom_entrance": CustomEntrance(
        mini_programs_info=MiniProgramsInfo(
            mini_programs_appid="wx1", mini_programs_path="/a", entrance_words="欢迎", guiding_words="更多"
        ),
        appid="wx2",
        hall_id="1",
        store_id="2",
        code_display_mode="QRCODE",
    ),
    "display_pattern_info": DisplayPatternInfo(
        description="一行\n二行",
        merchant_logo_url="https://qpic.example/logo",
        merchant_name="商户",
        background_color="Color100",
        coupon_image_url="https://qpic.example/image",
        finder_info=FinderInfo(
            finder_id="s1", finder_video_id="v1", finder_video_cover_image_url="https://qpic.example/cover"
        ),
    ),
    "notify_config": NotifyConfig(notify_appid="wx1"),
    "subsidy": True,
}


@pytest.fixture
def busifavor(client: Client) -> Busifavor:
    return Busifavor(client, appid="wxd678efh567hg6787")


def wrong_fields(compose: Any, **values: Any) -> tuple[str, ...]:
    with pytest.raises(BadRequest) as error:
        compose(**values)
    return error.value.fields


# ---- Composing --------------------------------------------------------------------------------------------


def test_a_small_stock_has_the_names_of_the_wire_and_no_member_too_many() -> None:
    body = compose_stock(**ASKED)
    assert body == compose_stock(**ASKED)
    assert json.loads(body) == {
        "stock_name": "迟到补偿五元券",
        "belong_merchant": "1900000109",
        "goods_name": "全场商品",
        "stock_type": "NORMAL",
        "coupon_use_rule": {
            "coupon_available_time": {
                "available_begin_time": "2026-01-01T00:00:00+08:00",
                "available_end_time": "2026-12-31T23:59:59+08:00",
            },
            "fixed_normal_coupon": {"discount_amount": 500, "transaction_minimum": 501},
            "use_method": "OFF_LINE",
        },
        "stock_send_rule": {"max_coupons": 100, "max_coupons_per_user": 5},
        "out_request_no": "STOCK_1",
        "coupon_code_mode": "WECHATPAY_MODE",
    }


def test_a_stock_with_every_member_is_composed_and_reads_back_as_the_same_records() -> None:
    members = json.loads(compose_stock(**FULL))
    back = read(Stock, members | {"stock_id": STOCK, "stock_state": "RUNNING"})
    for name, value in FULL.items():
        if name != "out_request_no":
            assert getattr(back, name) == value
    assert back.stock_state is StockState.RUNNING


def test_every_wrong_member_of_a_stock_is_named_also_inside() -> None:
    assert wrong_fields(
        compose_stock,
        **ASKED
        | {
            "stock_name": "字" * 22,
            "belong_merchant": "1",
            "goods_name": "x😀",
            "coupon_use_rule": replace(
                RULE,
                coupon_available_time=CouponAvailableTime(
                    available_begin_time="2026-01-01",
                    wait_days_after_receive=1,
                    available_week=AvailableWeek(available_day_time=(DayTime(begin_time=86_400),)),
                ),
                fixed_normal_coupon=FixedNormalCoupon(discount_amount=0),
                discount_coupon=DiscountCoupon(discount_percent=101, transaction_minimum=1),
                use_method="MINI_PROGRAMS",
            ),
            "stock_send_rule": StockSendRule(max_coupons=0, max_coupons_per_user=101, max_amount=1),
            "out_request_no": "a|b",
        },
    ) == (
        "stock_name",
        "belong_merchant",
        "goods_name",
        "coupon_use_rule.coupon_available_time.available_begin_time",
        "coupon_use_rule.coupon_available_time.available_end_time",
        "coupon_use_rule.coupon_available_time.available_week.available_day_time[0].begin_time",
        "coupon_use_rule.fixed_normal_coupon.discount_amount",
        "coupon_use_rule.fixed_normal_coupon.transaction_minimum",
        "coupon_use_rule.discount_coupon.discount_percent",
        "stock_send_rule.max_coupons",
        "stock_send_rule.max_coupons_per_user",
        "stock_send_rule.max_amount",
        "out_request_no",
        "coupon_use_rule.discount_coupon",
        "coupon_use_rule.mini_programs_appid",
        "coupon_use_rule.mini_programs_path",
        "coupon_use_rule.coupon_available_time.available_week.week_day",
        "coupon_use_rule.coupon_available_time.wait_days_after_receive",
    )


@pytest.mark.parametrize(
    ("end", "good"),
    [
        ("2026-01-01T00:00:00+08:00", False),
        ("2025-12-31T16:00:01Z", True),
        ("2027-01-01T00:00:00+08:00", True),
        ("2027-01-03T00:00:00+08:00", False),
    ],
)
def test_a_period_ends_after_its_begin_and_within_a_year(end: str, good: bool) -> None:
    asked = ASKED | {
        "coupon_use_rule": replace(RULE, coupon_available_time=replace(TIMES, available_end_time=end))
    }
    if good:
        compose_stock(**asked)
    else:
        assert wrong_fields(compose_stock, **asked) == (
            "coupon_use_rule.coupon_available_time.available_end_time",
        )


@pytest.mark.parametrize("stock_type", StockType)
def test_a_stock_has_exactly_the_rule_of_its_type(stock_type: StockType) -> None:
    asked = ASKED | {"stock_type": stock_type}
    if stock_type is StockType.NORMAL:
        compose_stock(**asked)
    else:
        wanted = "discount_coupon" if stock_type is StockType.DISCOUNT else "exchange_coupon"
        assert set(wrong_fields(compose_stock, **asked)) == {
            "coupon_use_rule.fixed_normal_coupon",
            f"coupon_use_rule.{wanted}",
        }


def test_a_patch_cannot_ask_for_what_is_fixed_for_ever() -> None:
    assert wrong_fields(
        compose_patch,
        out_request_no="P1",
        display_pattern_info=DisplayPatternInfo(merchant_logo_url="https://qpic.example/logo"),
        coupon_use_rule=CouponUseRule(fixed_normal_coupon=FixedNormalCoupon(discount_amount=9999)),
        stock_send_rule=StockSendRule(natural_person_limit=False, max_coupons=9),
        subsidy=False,
    ) == (
        "display_pattern_info.merchant_logo_url",
        "coupon_use_rule.fixed_normal_coupon",
        "stock_send_rule.max_coupons",
        "stock_send_rule.natural_person_limit",
        "subsidy",
    )


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, "target_max_coupons"),
        ({"target_max_coupons": 2}, "current_max_coupons"),
        ({"current_max_coupons_by_day": 2}, "target_max_coupons_by_day"),
        (
            {
                "target_max_coupons": 2,
                "current_max_coupons": 1,
                "target_max_coupons_by_day": 2,
                "current_max_coupons_by_day": 1,
            },
            "target_max_coupons",
        ),
    ],
)
def test_a_budget_is_one_pair(values: dict[str, int], wrong: str) -> None:
    assert wrong_fields(compose_budget, modify_budget_request_no="B1", **values) == (wrong,)


# ---- Calling ----------------------------------------------------------------------------------------------


async def test_making_changing_and_raising_send_the_composed_bytes(
    busifavor: Busifavor, platform: Platform
) -> None:
    made, patch = compose_stock(**ASKED), compose_patch(out_request_no="P1", comment="新")
    raised = compose_budget(modify_budget_request_no="B1", target_max_coupons=200, current_max_coupons=100)
    platform.says(200, {"stock_id": STOCK, "create_time": "2026-01-01T08:00:13+08:00"})
    platform.answers.append(platform.signed(204, b""))
    platform.says(200, {"max_coupons": 200, "new": None})
    assert await busifavor.stocks.create(made) == CreatedStock(
        stock_id=STOCK, create_time="2026-01-01T08:00:13+08:00"
    )
    await busifavor.stocks.patch(STOCK, patch)
    assert await busifavor.stocks.budget(STOCK, raised) == Budget(max_coupons=200)
    assert [(method, target, body) for method, target, _, body in platform.heard] == [
        ("POST", BASE, made),
        ("PATCH", f"{BASE}/{STOCK}", patch),
        ("PATCH", f"{BASE}/{STOCK}/budget", raised),
    ]


@pytest.mark.parametrize("answer", [{}, {"stock_id": STOCK}, {"stock_id": None, "create_time": "x"}])
async def test_a_made_stock_without_its_id_and_time_is_malformed_and_unknown(
    busifavor: Busifavor, platform: Platform, answer: dict[str, Any]
) -> None:
    platform.says(200, answer)
    with pytest.raises(Malformed) as error:
        await busifavor.stocks.create(compose_stock(**ASKED))
    assert not error.value.outcome_known


async def test_a_patch_counts_only_when_its_empty_answer_is_signed(
    busifavor: Busifavor, platform: Platform
) -> None:
    body = compose_patch(out_request_no="P1", comment="新")
    platform.answers[:] = [platform.signed(204, b"", signer=None)]
    with pytest.raises(Unsigned) as doubt:
        await busifavor.stocks.patch(STOCK, body)
    assert not doubt.value.outcome_known
    platform.answers[:] = [platform.signed(202, b"")]
    with pytest.raises(Trouble):
        await busifavor.stocks.patch(STOCK, body)


async def test_a_number_that_was_used_before_leaves_the_outcome_open(
    busifavor: Busifavor, platform: Platform
) -> None:
    platform.says(400, {"code": "RESOURCE_ALREADY_EXISTS", "message": "商户单号已存在"})
    with pytest.raises(Refused) as error:
        await busifavor.stocks.create(compose_stock(**ASKED))
    assert (error.value.verified, error.value.outcome_known, error.value.may_repeat) == (True, False, False)


# ---- Reading ----------------------------------------------------------------------------------------------


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
    answer = {"stock_id": "2", "create_time": "t"}
    assert promised(CreatedStock, answer, echo={}).stock_id == "2"
    with pytest.raises(Malformed, match=r"lacks or changes stock_id$"):
        promised(CreatedStock, answer, echo={"stock_id": "1"})
