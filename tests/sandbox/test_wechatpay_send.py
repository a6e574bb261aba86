"""What a send must look like, what limits it, and that one number gives one coupon for ever."""

import asyncio
import json
from dataclasses import replace

import pytest

from sandbox.wechatpay import CodeMode, Stock, StockState
from tests.sandbox.wechatpay_caller import OPENID, STOCK, a_pay, calling, public_key, send_body

NAMED = Stock("22", code_mode=CodeMode.MERCHANT_API)
UPLOADED = Stock("33", code_mode=CodeMode.MERCHANT_UPLOAD, uploaded_codes=("UP-1", "UP-2"))


async def test_a_good_send_gives_one_coupon_with_a_code_of_22_digits() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        heard = await caller.send()
    assert heard.status == 200
    heard.verify(public_key(pay.merchant.public_key_pem))
    code = heard.json()["coupon_code"]
    assert heard.json() == {"stock_id": STOCK.stock_id, "coupon_code": code, "out_request_no": "REQ_1"}
    assert len(code) == 22
    assert code.isdecimal()
    [coupon] = pay.ledger.coupons
    assert (coupon.openid, coupon.appid, coupon.stock_id, coupon.out_request_no, coupon.coupon_code) == (
        OPENID,
        pay.merchant.appid,
        STOCK.stock_id,
        "REQ_1",
        code,
    )


async def test_the_answer_can_come_wrapped_as_the_official_sdks_have_it() -> None:
    async with calling(a_pay(wrapped_answer=True)) as caller:
        answer = (await caller.send()).json()
    assert list(answer) == ["send_coupon_result"]
    assert answer["send_coupon_result"]["out_request_no"] == "REQ_1"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"\xff", ""),
        (b"{}", None),
        (send_body(reason="late"), "/reason"),
        (send_body(openid=None), "/openid"),
        (send_body(appid=None), "/appid"),
        (send_body(stock_id=None), "/stock_id"),
        (send_body(out_request_no=None), "/out_request_no"),
        (send_body(openid=""), "/openid"),
        (send_body(openid="o" * 129), "/openid"),
        (send_body(appid="w" * 33), "/appid"),
        (send_body(stock_id="1" * 21), "/stock_id"),
        (send_body(out_request_no="r" * 129), "/out_request_no"),
        (send_body(out_request_no="a b"), "/out_request_no"),
        (send_body(out_request_no="a｜b"), "/out_request_no"),
        (send_body(coupon_code="c" * 33, stock_id="22"), "/coupon_code"),
        (send_body(coupon_code="", stock_id="22"), "/coupon_code"),
        (send_body(openid="\N{PARTY POPPER}"), "/openid"),
        (send_body(openid="\ud800"), "/openid"),
        (send_body(stock_id="22"), "/coupon_code"),
        (json.dumps({**json.loads(send_body()), "coupon_code": None}).encode(), "/coupon_code"),
        (json.dumps({**json.loads(send_body()), "stock_id": 1212121212}).encode(), "/stock_id"),
    ],
)
async def test_a_wrong_body_is_a_parameter_error_that_names_the_member(
    body: bytes, field: str | None
) -> None:
    pay = a_pay(stocks=[STOCK, NAMED])
    async with calling(pay) as caller:
        heard = await caller.send(body)
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert heard.json()["detail"]["location"] == "body"
    assert field is None or heard.json()["detail"]["field"] == field
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert pay.ledger.coupons == []


async def test_an_unknown_member_is_told_by_the_number_behind_the_request_id_too() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        heard = await caller.send(reason="late")
    assert heard.headers["Request-ID"].endswith("-270924358")
    assert pay.ledger.requests[0].request_id == heard.headers["Request-ID"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"appid": "wx0000000000000000"}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"stock_id": "99"}, 404, "RESOURCE_NOT_EXISTS"),
        ({"coupon_code": "MINE-1"}, 400, "INVALID_REQUEST"),
        ({"stock_id": "33", "coupon_code": "UP-1"}, 400, "INVALID_REQUEST"),
        ({"stock_id": "44"}, 400, "INVALID_REQUEST"),
    ],
)
async def test_what_does_not_fit_merchant_or_stock_is_refused(
    changes: dict[str, str], status: int, code: str
) -> None:
    pay = a_pay(stocks=[STOCK, NAMED, UPLOADED, Stock("44", state=StockState.PAUSED)])
    async with calling(pay) as caller:
        heard = await caller.send(send_body(**changes))
    assert (heard.status, heard.json()["code"]) == (status, code)
    assert pay.ledger.coupons == []


async def test_the_merchants_own_code_is_the_coupons_code_and_serves_once() -> None:
    pay = a_pay(stocks=[NAMED])
    async with calling(pay) as caller:
        first = await caller.send(stock_id="22", coupon_code="MINE-1")
        again = await caller.send(stock_id="22", coupon_code="MINE-1")
        other = await caller.send(stock_id="22", coupon_code="MINE-1", out_request_no="REQ_2")
    assert (first.json()["coupon_code"], again.json()["coupon_code"]) == ("MINE-1", "MINE-1")
    assert (other.status, other.json()["code"]) == (400, "INVALID_REQUEST")
    assert len(pay.ledger.coupons) == 1


async def test_uploaded_codes_are_given_until_none_is_left_and_more_can_be_uploaded() -> None:
    pay = a_pay(stocks=[UPLOADED])
    async with calling(pay) as caller:
        codes = {
            (await caller.send(stock_id="33", out_request_no=f"R{n}")).json()["coupon_code"] for n in "12"
        }
        empty = await caller.send(stock_id="33", out_request_no="R3")
        pay.upload_codes("33", ["UP-3"])
        filled = await caller.send(stock_id="33", out_request_no="R3")
    assert codes == {"UP-1", "UP-2"}
    assert (empty.status, empty.json()["code"]) == (403, "NOT_ENOUGH")
    assert filled.json()["coupon_code"] == "UP-3"


async def test_a_repeat_with_the_same_data_gives_the_first_coupon_however_it_is_spelt() -> None:
    pay = a_pay()
    spelt_otherwise = json.dumps(json.loads(send_body()), indent=2, sort_keys=True).encode()
    async with calling(pay) as caller:
        first, second = await caller.send(), await caller.send(spelt_otherwise)
    assert first.body == second.body
    assert len(pay.ledger.coupons_of("REQ_1")) == 1
    bodies = {request.body_sha256 for request in pay.ledger.sends_of("REQ_1")}
    assert len(bodies) == 2, "the ledger tells the bytes apart"


async def test_fifty_sends_of_one_number_at_once_give_one_coupon() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        heard = await asyncio.gather(*(caller.send() for _ in range(50)))
    assert {answer.body for answer in heard} == {heard[0].body}
    assert len(pay.ledger.coupons) == 1


@pytest.mark.parametrize("changes", [{"openid": "o" * 28}, {"stock_id": "55"}])
async def test_the_same_number_with_other_data_is_an_error(changes: dict[str, str]) -> None:
    pay = a_pay(stocks=[STOCK, Stock("55")])
    async with calling(pay) as caller:
        await caller.send()
        heard = await caller.send(send_body(**changes))
    assert (heard.status, heard.json()["code"]) == (400, "INVALID_REQUEST")
    assert heard.headers["Request-ID"].endswith("-268578927")
    assert len(pay.ledger.coupons) == 1


async def test_a_repeat_can_be_answered_that_it_exists_already() -> None:
    pay = a_pay(repeats_refused=True)
    async with calling(pay) as caller:
        first, second = await caller.send(), await caller.send()
    assert first.status == 200
    assert (second.status, second.json()["code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    second.verify(public_key(pay.merchant.public_key_pem))
    assert len(pay.ledger.coupons) == 1


async def test_a_used_up_stock_refuses_until_it_is_raised_and_then_takes_the_same_number() -> None:
    small = replace(STOCK, max_coupons=1)
    pay = a_pay(stocks=[small])
    async with calling(pay) as caller:
        await caller.send()
        refused = await caller.send(out_request_no="REQ_2")
        repeat = await caller.send()
        pay.stocks[small.stock_id] = replace(small, max_coupons=2)
        after_raise = await caller.send(out_request_no="REQ_2")
    assert (refused.status, refused.json()["code"]) == (403, "NOT_ENOUGH")
    assert (repeat.status, after_raise.status) == (200, 200)
    assert len(pay.ledger.coupons) == 2


async def test_a_user_gets_no_more_than_the_stock_allows_each() -> None:
    pay = a_pay(stocks=[replace(STOCK, max_coupons_per_user=1)])
    async with calling(pay) as caller:
        await caller.send()
        refused = await caller.send(out_request_no="REQ_2")
        repeat = await caller.send()
        other_user = await caller.send(out_request_no="REQ_3", openid="o" * 28)
    assert (refused.status, refused.json()["code"]) == (403, "RULE_LIMIT")
    assert (repeat.status, other_user.status) == (200, 200)


async def test_two_runs_do_not_give_the_same_codes() -> None:
    codes = set()
    for pay in (a_pay(), a_pay()):
        async with calling(pay) as caller:
            codes.add((await caller.send()).json()["coupon_code"])
    assert len(codes) == 2
