"""A coupon after it was given: use, return, deactivation, ties to an order; and the successor of send."""

import json
from typing import Any

import pytest

from sandbox.wechatpay import CodeMode, CouponState, Endpoint, Fault, FaultKind, Stock, rfc3339
from tests.sandbox.wechatpay_caller import (
    APPID,
    OPENID,
    STOCK,
    Caller,
    Heard,
    StillClock,
    a_pay,
    calling,
    send_body,
)

COUPONS = "/v3/marketing/busifavor/coupons"
NAMED = Stock("22", code_mode=CodeMode.MERCHANT_API)
ORDER = {"out_trade_no": "T1", "out_request_no": "A1"}


async def act(caller: Caller, verb: str, code: str, **changes: Any) -> Heard:
    """The verb on a coupon of STOCK, with a good body; a member given as None is left out."""
    usual: dict[str, dict[str, Any]] = {
        "use": {"appid": APPID, "use_time": "2026-09-22T00:00:00+08:00", "use_request_no": "U1"},
        "return": {"return_request_no": "R1"},
        "deactivate": {"deactivate_request_no": "X1", "deactivate_reason": "发错了"},
        "associate": ORDER,
        "disassociate": {**ORDER, "out_request_no": "D1"},
    }
    members = {"coupon_code": code, "stock_id": STOCK.stock_id, **usual[verb], **changes}
    members = {name: value for name, value in members.items() if value is not None}
    return await caller.call("POST", f"{COUPONS}/{verb}", json.dumps(members).encode())


async def given(caller: Caller, **changes: str) -> str:
    code: str = (await caller.send(send_body(**changes))).json()["coupon_code"]
    return code


async def read(caller: Caller, code: str) -> Any:
    return (await caller.get(f"/v3/marketing/busifavor/users/{OPENID}/coupons/{code}/appids/{APPID}")).json()


async def test_a_coupon_is_used_returned_used_again_and_tells_its_history() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock), clock) as caller:
        code = await given(caller)
        used = await act(caller, "use", code, openid=OPENID)
        seen_used = await read(caller, code)
        returned = await act(caller, "return", code)
        seen_returned = await read(caller, code)
        used_again = await act(caller, "use", code, use_request_no="U2")
    now = rfc3339(clock.now_ms)
    assert used.json() == {"stock_id": STOCK.stock_id, "openid": OPENID, "wechatpay_use_time": now}
    assert (seen_used["coupon_state"], seen_used["use_request_no"], seen_used["use_time"]) == (
        "USED",
        "U1",
        now,
    )
    assert returned.json() == {"wechatpay_return_time": now}
    assert (seen_returned["coupon_state"], seen_returned["return_request_no"]) == ("SENDED", "R1")
    assert used_again.status == 200


async def test_the_same_number_with_the_same_data_is_answered_alike_and_with_other_data_refused() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock), clock) as caller:
        code = await given(caller)
        first = await act(caller, "use", code)
        clock.now_ms += 60_000
        again = await act(caller, "use", code)
        other = await act(caller, "use", code, openid=OPENID)
    assert first.body == again.body
    assert (other.status, other.json()["code"]) == (400, "INVALID_REQUEST")
    assert other.headers["Request-ID"].endswith("-268578927")


async def test_deactivation_is_final() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock), clock) as caller:
        code = await given(caller)
        heard = await act(caller, "deactivate", code)
        coupon = await read(caller, code)
        after = {
            verb: (await act(caller, verb, code)).status
            for verb in ("use", "return", "associate", "disassociate")
        }
        again = await act(caller, "deactivate", code, deactivate_request_no="X2")
    assert heard.json() == {"wechatpay_deactivate_time": rfc3339(clock.now_ms)}
    assert (coupon["coupon_state"], coupon["deactivate_reason"]) == ("DEACTIVATED", "发错了")
    assert (coupon["deactivate_request_no"], coupon["deactivate_time"]) == ("X1", rfc3339(clock.now_ms))
    assert set(after.values()) == {400}
    assert (again.status, again.json()["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (CouponState.USED, ["return"]),
        (CouponState.EXPIRED, []),
        (CouponState.DELETED, []),
        (CouponState.SENDED, ["use", "deactivate", "associate"]),
    ],
)
@pytest.mark.parametrize("verb", ["use", "return", "deactivate", "associate", "disassociate"])
async def test_each_call_is_for_its_own_states(state: CouponState, verbs: list[str], verb: str) -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        code = await given(caller)
        pay.mark(pay.ledger.coupons[0], state)
        heard = await act(caller, verb, code)
    assert (heard.status == 200) == (verb in verbs)
    assert heard.status == 200 or heard.json()["code"] == "INVALID_REQUEST"


async def test_an_order_is_tied_once_and_untied_by_its_own_number() -> None:
    async with calling(a_pay()) as caller:
        code = await given(caller)
        tied = await act(caller, "associate", code)
        again = await act(caller, "associate", code, out_request_no="A2")
        another = await act(caller, "associate", code, out_trade_no="T2", out_request_no="A3")
        seen = (await read(caller, code))["associate_out_trade_no"]
        wrong = await act(caller, "disassociate", code, out_trade_no="T2", out_request_no="D2")
        untied = await act(caller, "disassociate", code)
        seen_untied = await read(caller, code)
    assert list(tied.json()) == ["wechatpay_associate_time"]
    assert [again.status, another.status, wrong.status] == [200, 400, 400]
    assert seen == "T1"
    assert list(untied.json()) == ["wechatpay_disassociate_time"]
    assert "associate_out_trade_no" not in seen_untied


@pytest.mark.parametrize(
    ("verb", "changes", "field"),
    [
        ("use", {"use_time": "2026-09-22 00:00:00"}, "/use_time"),
        ("use", {"use_time": "2026-09-22T00:00:00"}, "/use_time"),
        ("use", {"use_request_no": "u" * 33}, "/use_request_no"),
        ("use", {"use_request_no": None}, "/use_request_no"),
        ("use", {"reason": "x"}, "/reason"),
        ("return", {"stock_id": None}, "/stock_id"),
        ("return", {"return_request_no": "r" * 129}, "/return_request_no"),
        ("deactivate", {"deactivate_reason": ""}, "/deactivate_reason"),
        ("deactivate", {"deactivate_reason": "x" * 65}, "/deactivate_reason"),
        ("associate", {"out_trade_no": None}, "/out_trade_no"),
        ("disassociate", {"coupon_code": "c" * 33}, "/coupon_code"),
    ],
)
async def test_a_wrong_member_is_named(verb: str, changes: dict[str, Any], field: str) -> None:
    async with calling(a_pay()) as caller:
        heard = await act(caller, verb, await given(caller), **changes)
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert heard.json()["detail"]["field"] == field


async def test_use_needs_the_stock_for_the_merchants_codes_only_and_the_right_person() -> None:
    async with calling(a_pay(stocks=[STOCK, NAMED])) as caller:
        code = await given(caller)
        await given(caller, stock_id="22", coupon_code="MINE-1", out_request_no="REQ_2")
        without_stock = await act(caller, "use", "MINE-1", stock_id=None)
        somebody_else = await act(caller, "use", code, openid="o" * 28)
        wrong_appid = await act(caller, "use", code, appid="wx0000000000000000")
        unknown = await act(caller, "use", "NOBODYS")
        good = await act(caller, "use", code, stock_id=None)
    assert without_stock.json()["detail"]["field"] == "/stock_id"
    assert (somebody_else.status, somebody_else.json()["code"]) == (400, "INVALID_REQUEST")
    assert wrong_appid.json()["code"] == "APPID_MCHID_NOT_MATCH"
    assert (unknown.status, unknown.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    assert good.status == 200


async def test_an_answer_lost_after_the_deed_is_found_again_by_its_number() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(FaultKind.SYSTEM_ERROR_500, given=True), endpoint=Endpoint.DEACTIVATE)
    async with calling(pay) as caller:
        code = await given(caller)
        lost = await act(caller, "deactivate", code)
        again = await act(caller, "deactivate", code)
    assert (lost.status, again.status) == (500, 200)


PRODUCT_SEND = "/v3/marketing/busifavor/product-coupons/send"


def product_body(**changes: str) -> bytes:
    return json.dumps({**json.loads(send_body()), "coupon_type": "NORMAL", **changes}).encode()


async def test_the_successor_path_gives_one_coupon_for_a_number_and_answers_flat() -> None:
    pay = a_pay(wrapped_answer=True)
    async with calling(pay) as caller:
        first = await caller.call("POST", PRODUCT_SEND, product_body())
        again = await caller.call("POST", PRODUCT_SEND, product_body())
        by_the_old_path = await caller.send()
        member = await caller.call(
            "POST",
            PRODUCT_SEND,
            product_body(coupon_type="MEMBER", member_card_id="C1", out_request_no="REQ_2"),
        )
    assert first.json() == {
        "stock_id": STOCK.stock_id,
        "coupon_code": pay.ledger.coupons[0].coupon_code,
        "out_request_no": "REQ_1",
    }
    assert first.body == again.body
    assert (by_the_old_path.status, by_the_old_path.json()["code"]) == (400, "INVALID_REQUEST")
    assert member.status == 200
    assert len(pay.ledger.coupons) == 2
    assert len(pay.ledger.sends_of("REQ_1")) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (send_body(), "/coupon_type"),
        (product_body(coupon_type="GOLD"), "/coupon_type"),
        (product_body(coupon_type="MEMBER"), "/member_card_id"),
        (product_body(member_card_id="C1"), "/member_card_id"),
        (product_body(coupon_type="MEMBER", member_card_id="c" * 33), "/member_card_id"),
    ],
)
async def test_the_successor_path_wants_its_own_members(body: bytes, field: str) -> None:
    async with calling(a_pay()) as caller:
        heard = await caller.call("POST", PRODUCT_SEND, body)
    assert (heard.status, heard.json()["detail"]["field"]) == (400, field)
