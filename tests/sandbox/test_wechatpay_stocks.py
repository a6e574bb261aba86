"""Making a stock over HTTP, changing it, and its budget."""

import json
from typing import Any

import pytest

from sandbox.wechatpay import DAY_MS, Stock, rfc3339
from tests.sandbox.wechatpay_caller import (
    APPID,
    OPENID,
    STOCK,
    Caller,
    Heard,
    StillClock,
    a_pay,
    calling,
    public_key,
)

STOCKS = "/v3/marketing/busifavor/stocks"
NOW_MS = 1_790_000_000_000


def new_stock(**changes: Any) -> dict[str, Any]:
    """A good body; a member given as None is left out."""
    members: dict[str, Any] = {
        "stock_name": "迟到补偿十元券",
        "belong_merchant": "1900000109",
        "goods_name": "全场商品",
        "stock_type": "NORMAL",
        "coupon_use_rule": use_rule(),
        "stock_send_rule": {"max_coupons": 10, "max_coupons_per_user": 2, "max_coupons_by_day": 3},
        "out_request_no": "S1",
        "coupon_code_mode": "WECHATPAY_MODE",
        "notify_config": {"notify_appid": APPID},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def use_rule(**changes: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "coupon_available_time": available(),
        "fixed_normal_coupon": {"discount_amount": 1000, "transaction_minimum": 1001},
        "use_method": "OFF_LINE",
        **changes,
    }
    return {name: value for name, value in rule.items() if value is not None}


def available(**changes: Any) -> dict[str, Any]:
    return {
        "available_begin_time": rfc3339(NOW_MS - DAY_MS),
        "available_end_time": rfc3339(NOW_MS + 10 * DAY_MS),
        **changes,
    }


async def post(caller: Caller, target: str, members: Any, method: str = "POST") -> Heard:
    return await caller.call(method, target, json.dumps(members).encode())


async def made(caller: Caller, **changes: Any) -> str:
    heard = await post(caller, STOCKS, new_stock(**changes))
    assert heard.status == 200, heard.body
    stock_id: str = heard.json()["stock_id"]
    return stock_id


async def budget(caller: Caller, stock_id: str, number: str = "B1", /, **members: int) -> Heard:
    target = f"{STOCKS}/{stock_id}/budget"
    return await post(caller, target, {"modify_budget_request_no": number, **members}, "PATCH")


async def test_a_stock_made_over_http_is_read_back_and_gives_coupons() -> None:
    clock = StillClock(NOW_MS)
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        answer = await post(caller, STOCKS, new_stock())
        stock_id = answer.json()["stock_id"]
        sent = await caller.send(stock_id=stock_id)
        stock = (await caller.get(f"{STOCKS}/{stock_id}")).json()
    answer.verify(public_key(pay.merchant.public_key_pem))
    assert answer.json()["create_time"] == rfc3339(NOW_MS)
    assert sent.status == 200
    expected = new_stock(out_request_no=None)
    assert {name: stock[name] for name in expected} == expected
    assert "out_request_no" not in stock
    assert (stock["stock_state"], stock["subsidy"]) == ("RUNNING", False)
    assert stock["send_count_information"] == {
        "total_send_num": 1,
        "total_send_amount": 1000,
        "today_send_num": 1,
        "today_send_amount": 1000,
    }


async def test_a_number_makes_one_stock_for_ever_and_not_with_other_data() -> None:
    clock = StillClock(NOW_MS)
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        first = await post(caller, STOCKS, new_stock())
        clock.now_ms += 5000
        again = await post(caller, STOCKS, new_stock())
        other = await post(caller, STOCKS, new_stock(stock_name="another"))
    assert first.body == again.body
    assert (other.status, other.json()["code"]) == (400, "INVALID_REQUEST")
    assert other.headers["Request-ID"].endswith("-268578927")
    assert len(pay.stocks) == 2


AT = "/coupon_use_rule/coupon_available_time"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stock_name": "x" * 22}, "/stock_name"),
        ({"stock_name": None}, "/stock_name"),
        ({"goods_name": "x" * 16}, "/goods_name"),
        ({"comment": "x" * 21}, "/comment"),
        ({"stock_type": "CASH"}, "/stock_type"),
        ({"belong_merchant": "12"}, "/belong_merchant"),
        ({"out_request_no": "a b"}, "/out_request_no"),
        ({"subsidy": "false"}, "/subsidy"),
        ({"colour": "red"}, "/colour"),
        ({"coupon_code_mode": "MERCHANT"}, "/coupon_code_mode"),
        ({"coupon_use_rule": use_rule(use_method=None)}, "/coupon_use_rule/use_method"),
        (
            {"coupon_use_rule": use_rule(use_method="MINI_PROGRAMS")},
            "/coupon_use_rule/mini_programs_appid",
        ),
        (
            {"coupon_use_rule": use_rule(fixed_normal_coupon=None)},
            "/coupon_use_rule/fixed_normal_coupon",
        ),
        ({"stock_type": "DISCOUNT"}, "/coupon_use_rule/fixed_normal_coupon"),
        (
            {
                "coupon_use_rule": use_rule(
                    fixed_normal_coupon={"discount_amount": 10_000_001, "transaction_minimum": 1}
                )
            },
            "/coupon_use_rule/fixed_normal_coupon/discount_amount",
        ),
        (
            {"coupon_use_rule": use_rule(coupon_available_time=available(available_end_time="2026-01-01"))},
            f"{AT}/available_end_time",
        ),
        (
            {
                "coupon_use_rule": use_rule(
                    coupon_available_time=available(available_end_time=rfc3339(NOW_MS + 366 * DAY_MS))
                )
            },
            f"{AT}/available_end_time",
        ),
        (
            {"coupon_use_rule": use_rule(coupon_available_time=available(wait_days_after_receive=1))},
            f"{AT}/wait_days_after_receive",
        ),
        (
            {
                "coupon_use_rule": use_rule(
                    coupon_available_time=available(available_week={"week_day": [1, 7]})
                )
            },
            f"{AT}/available_week/week_day/1",
        ),
        ({"stock_send_rule": {"max_coupons": 10, "max_coupons_per_user": 101}}, None),
        ({"stock_send_rule": {"max_coupons": 0, "max_coupons_per_user": 1}}, None),
        ({"stock_send_rule": {"max_coupons": True, "max_coupons_per_user": 1}}, None),
        (
            {"stock_send_rule": {"max_coupons": 1, "max_coupons_per_user": 1, "max_amount": 5}},
            "/stock_send_rule/max_amount",
        ),
        (
            {"display_pattern_info": {"background_color": "Color015"}},
            "/display_pattern_info/background_color",
        ),
    ],
)
async def test_a_wrong_stock_is_a_parameter_error_that_names_the_member(
    changes: dict[str, Any], field: str | None
) -> None:
    clock = StillClock(NOW_MS)
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        heard = await post(caller, STOCKS, new_stock(**changes))
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert field is None or heard.json()["detail"]["field"] == field
    assert list(pay.stocks) == [STOCK.stock_id]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"belong_merchant": "1900000110"}, "MCH_NOT_EXISTS"),
        ({"notify_config": {"notify_appid": "wx0000000000000000"}}, "APPID_MCHID_NOT_MATCH"),
    ],
)
async def test_a_stock_for_others_is_refused(changes: dict[str, Any], code: str) -> None:
    clock = StillClock(NOW_MS)
    async with calling(a_pay(clock=clock), clock) as caller:
        heard = await post(caller, STOCKS, new_stock(**changes))
    assert (heard.status, heard.json()["code"]) == (400, code)


async def test_a_change_is_a_signed_204_and_leaves_the_rest_as_it_was() -> None:
    clock = StillClock(NOW_MS)
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        stock_id = await made(caller)
        changes = {
            "out_request_no": "M1",
            "comment": "changed",
            "subsidy": True,
            "coupon_use_rule": {"use_method": "PAYMENT_CODE"},
        }
        heard = await post(caller, f"{STOCKS}/{stock_id}", changes, "PATCH")
        again = await post(caller, f"{STOCKS}/{stock_id}", changes, "PATCH")
        stock = (await caller.get(f"{STOCKS}/{stock_id}")).json()
    assert (heard.status, heard.body, again.status) == (204, b"", 204)
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert (stock["comment"], stock["subsidy"]) == ("changed", True)
    assert stock["coupon_use_rule"] == use_rule(use_method="PAYMENT_CODE")
    assert stock["stock_send_rule"]["max_coupons"] == 10


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stock_name": "new"}, "PARAM_ERROR"),
        ({"stock_send_rule": {"natural_person_limit": True}}, "PARAM_ERROR"),
        ({"display_pattern_info": {"merchant_logo_url": "https://x.test/l.png"}}, "PARAM_ERROR"),
        ({"stock_send_rule": {"max_coupons": 99}}, "PARAM_ERROR"),
        ({"subsidy": False}, "PARAM_ERROR"),
        ({"out_request_no": None}, "PARAM_ERROR"),
    ],
)
async def test_what_cannot_be_changed_is_refused(changes: dict[str, Any], code: str) -> None:
    clock = StillClock(NOW_MS)
    async with calling(a_pay(clock=clock), clock) as caller:
        stock_id = await made(caller, subsidy=True)
        body = {"out_request_no": "M1", **changes}
        body = {name: value for name, value in body.items() if value is not None}
        heard = await post(caller, f"{STOCKS}/{stock_id}", body, "PATCH")
    assert (heard.status, heard.json()["code"]) == (400, code)


async def test_after_its_period_a_stock_is_neither_changed_nor_given_and_its_coupons_have_expired() -> None:
    clock = StillClock(NOW_MS)
    async with calling(a_pay(clock=clock), clock) as caller:
        stock_id = await made(caller)
        await caller.send(stock_id=stock_id)
        clock.now_ms += 10 * DAY_MS + 1000
        sent = await caller.send(stock_id=stock_id, out_request_no="REQ_2")
        change = {"out_request_no": "M1", "comment": "late"}
        changed = await post(caller, f"{STOCKS}/{stock_id}", change, "PATCH")
        listed = await caller.get(
            f"/v3/marketing/busifavor/users/{OPENID}/coupons?appid={APPID}&creator_merchant=1900000109"
            f"&coupon_state=EXPIRED"
        )
    assert (sent.status, sent.json()["code"]) == (400, "INVALID_REQUEST")
    assert (changed.status, changed.json()["code"]) == (400, "INVALID_REQUEST")
    assert listed.json()["total_count"] == 1


async def test_days_after_receiving_shorten_a_coupons_life() -> None:
    clock = StillClock(NOW_MS)
    rule = use_rule(coupon_available_time=available(available_day_after_receive=2, wait_days_after_receive=1))
    async with calling(a_pay(clock=clock), clock) as caller:
        stock_id = await made(caller, coupon_use_rule=rule)
        code = (await caller.send(stock_id=stock_id)).json()["coupon_code"]
        one = f"/v3/marketing/busifavor/users/{OPENID}/coupons/{code}/appids/{APPID}"
        coupon = (await caller.get(one)).json()
    assert coupon["available_start_time"] == rfc3339(NOW_MS + DAY_MS)
    assert coupon["expire_time"] == rfc3339(NOW_MS + 3 * DAY_MS)


async def test_the_budget_is_raised_once_for_each_number_and_only_from_the_value_the_caller_knew() -> None:
    pay = a_pay(stocks=[Stock("1", max_coupons=10)])
    async with calling(pay) as caller:
        first = await budget(caller, "1", target_max_coupons=20, current_max_coupons=10)
        again = await budget(caller, "1", target_max_coupons=20, current_max_coupons=10)
        behind = await budget(caller, "1", "B2", target_max_coupons=30, current_max_coupons=10)
        other = await budget(caller, "1", target_max_coupons=30, current_max_coupons=20)
    assert (first.status, first.json()) == (200, {"max_coupons": 20})
    assert first.body == again.body
    assert (behind.status, behind.json()["code"]) == (400, "INVALID_REQUEST")
    assert other.headers["Request-ID"].endswith("-268578927")
    assert pay.stocks["1"].max_coupons == 20


async def test_the_daily_maximum_holds_until_it_is_raised_or_the_day_is_over_in_beijing() -> None:
    # 15:59:59 UTC is 23:59:59 in Beijing.
    clock = StillClock(1_790_006_399_000)
    pay = a_pay(clock=clock, stocks=[Stock("1", max_coupons_by_day=1)])
    async with calling(pay, clock) as caller:
        await caller.send(stock_id="1")
        full = await caller.send(stock_id="1", out_request_no="REQ_2")
        raised = await budget(caller, "1", target_max_coupons_by_day=2, current_max_coupons_by_day=1)
        second = await caller.send(stock_id="1", out_request_no="REQ_2")
        still_full = await caller.send(stock_id="1", out_request_no="REQ_3")
        clock.now_ms += 1000
        next_day = await caller.send(stock_id="1", out_request_no="REQ_3")
    assert (full.status, full.json()["code"]) == (403, "DAYLIMIT")
    assert raised.json() == {"max_coupons": 1_000_000, "max_coupons_by_day": 2}
    assert [second.status, still_full.status, next_day.status] == [200, 403, 200]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"target_max_coupons": 20},
        {"current_max_coupons": 10},
        {"target_max_coupons": 20, "current_max_coupons_by_day": 10},
        {
            "target_max_coupons": 20,
            "current_max_coupons": 10,
            "target_max_coupons_by_day": 2,
            "current_max_coupons_by_day": 1,
        },
        {"target_max_coupons": 1_000_000_001, "current_max_coupons": 10},
        {"target_max_coupons": 20, "current_max_coupons": 10, "max_coupons": 10},
    ],
)
async def test_a_budget_without_exactly_one_pair_is_a_parameter_error(members: dict[str, int]) -> None:
    async with calling(a_pay(stocks=[Stock("1", max_coupons=10)])) as caller:
        heard = await budget(caller, "1", **members)
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")


async def test_the_budget_does_not_fall_below_what_was_given_and_unknown_stocks_are_404() -> None:
    async with calling(a_pay(stocks=[Stock("1", max_coupons=10)])) as caller:
        for name in ("R1", "R2"):
            await caller.send(stock_id="1", out_request_no=name)
        low = await budget(caller, "1", target_max_coupons=1, current_max_coupons=10)
        unknown = await budget(caller, "9", target_max_coupons=1, current_max_coupons=10)
    assert (low.status, low.json()["code"]) == (400, "INVALID_REQUEST")
    assert (unknown.status, unknown.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")


async def test_a_change_without_json_as_content_type_is_a_415() -> None:
    async with calling(a_pay()) as caller:
        heard = await caller.call(
            "PATCH", f"{STOCKS}/1212121212", b"{}", headers={"Content-Type": "text/plain"}
        )
    assert heard.status == 415
