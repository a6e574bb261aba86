"""Uploading codes over HTTP, and reading one."""

import json
from typing import Any

import pytest

from sandbox.wechatpay import CodeMode, Stock, rfc3339
from tests.sandbox.wechatpay_caller import APPID, OPENID, STOCK, Caller, Heard, StillClock, a_pay, calling

UPLOADED = Stock("33", code_mode=CodeMode.MERCHANT_UPLOAD)
CODES = "/v3/marketing/busifavor/stocks/33/couponcodes"


async def upload(caller: Caller, *codes: Any, number: str = "UP1", target: str = CODES) -> Heard:
    body = {"coupon_code_list": list(codes), "upload_request_no": number}
    return await caller.call("POST", target, json.dumps(body).encode())


async def test_each_code_of_an_upload_is_judged_by_itself() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock, stocks=[UPLOADED]), clock) as caller:
        await upload(caller, "OLD", number="UP0")
        heard = await upload(caller, "A-1", "A-1", "b c|\\/=_", "OLD", "x" * 33, "ümlaut", "")
    assert heard.status == 200
    answer = heard.json()
    refused = {entry["coupon_code"]: entry["code"] for entry in answer.pop("fail_codes")}
    assert answer == {
        "stock_id": "33",
        "total_count": 6,
        "success_count": 2,
        "success_codes": ["A-1", "b c|\\/=_"],
        "success_time": rfc3339(clock.now_ms),
        "fail_count": 3,
        "exist_codes": ["OLD"],
        "duplicate_codes": ["A-1"],
    }
    assert refused == {"x" * 33: "LENGTH_LIMIT", "": "LENGTH_LIMIT", "ümlaut": "PARAM_ERROR"}


async def test_an_upload_of_good_codes_leaves_empty_lists_out_and_is_repeatable() -> None:
    pay = a_pay(stocks=[UPLOADED])
    async with calling(pay) as caller:
        first = await upload(caller, "A", "B")
        again = await upload(caller, "A", "B")
        other = await upload(caller, "A", "C")
        stock = (await caller.get("/v3/marketing/busifavor/stocks/33")).json()
    assert {"fail_codes", "exist_codes", "duplicate_codes"}.isdisjoint(first.json())
    assert first.body == again.body
    assert (other.status, other.json()["code"]) == (400, "INVALID_REQUEST")
    assert stock["coupon_code_count"] == {"total_count": 2, "available_count": 2}


@pytest.mark.parametrize(
    ("codes", "field"),
    [
        ([], "/coupon_code_list"),
        ([str(n) for n in range(201)], "/coupon_code_list"),
        (["A", 5], "/coupon_code_list/1"),
    ],
)
async def test_an_upload_has_one_to_two_hundred_texts(codes: list[Any], field: str) -> None:
    async with calling(a_pay(stocks=[UPLOADED])) as caller:
        heard = await upload(caller, *codes)
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert heard.json()["detail"]["field"] == field


async def test_two_hundred_codes_go_in_at_once() -> None:
    async with calling(a_pay(stocks=[UPLOADED])) as caller:
        heard = await upload(caller, *(f"C{n:03}" for n in range(200)))
        last = await caller.get(f"{CODES}/C199")
    assert heard.json()["success_count"] == 200
    assert last.json()["code_information"]["code"] == "C199"


async def test_a_code_that_was_given_shows_when_and_to_whom_if_an_appid_is_asked_for() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock, stocks=[UPLOADED]), clock) as caller:
        await upload(caller, "A/1")
        before = (await caller.get(f"{CODES}/A%2F1")).json()
        sent = await caller.send(stock_id="33")
        plain = (await caller.get(f"{CODES}/A%2F1")).json()
        one = (await caller.get(f"{CODES}/A%2F1?appid={APPID}")).json()
    now = rfc3339(clock.now_ms)
    assert before == {"code_information": {"code": "A/1", "code_status": "AVAILABLE", "upload_time": now}}
    assert sent.json()["coupon_code"] == "A/1"
    dispatched = {
        "code": "A/1",
        "code_status": "DISPATCHED",
        "upload_time": now,
        "dispatched_time": now,
        "coupon_code": "A/1",
    }
    assert plain["code_information"] == dispatched
    assert one["code_information"] == {**dispatched, "openid": OPENID}
    assert one["coupon_information"]["send_request_no"] == "REQ_1"


async def test_a_code_that_is_not_there_and_an_appid_of_somebody_else_are_refused() -> None:
    async with calling(a_pay(stocks=[UPLOADED])) as caller:
        await upload(caller, "A")
        missing = await caller.get(f"{CODES}/B")
        appid = await caller.get(f"{CODES}/A?appid=wx0000000000000000")
        unknown = await caller.get(f"{CODES}/A?page=1")
    assert (missing.status, missing.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    assert (appid.status, appid.json()["code"]) == (400, "APPID_MCHID_NOT_MATCH")
    assert (unknown.status, unknown.json()["detail"]["field"]) == (400, "page")


async def test_stocks_of_other_modes_have_no_uploaded_codes() -> None:
    target = CODES.replace("33", STOCK.stock_id)
    async with calling(a_pay()) as caller:
        heard = [
            await upload(caller, "A", target=target),
            await caller.get(f"{target}/A"),
        ]
        unknown = await upload(caller, "A", target=CODES)
    assert {(answer.status, answer.json()["code"]) for answer in heard} == {(400, "INVALID_REQUEST")}
    assert unknown.status == 404
