"""Uploading codes over HTTP, reading and deleting them."""

import json
from typing import Any

import pytest
from test_wechatpay_caller import APPID, OPENID, STOCK, Caller, Heard, StillClock, a_pay, calling

from sandbox.wechatpay import CodeMode, Stock, rfc3339

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


async def test_two_hundred_codes_go_in_at_once_and_are_read_in_pages() -> None:
    async with calling(a_pay(stocks=[UPLOADED])) as caller:
        heard = await upload(caller, *(f"C{n:03}" for n in range(200)))
        page = (await caller.get(f"{CODES}?offset=195&limit=10")).json()
    assert heard.json()["success_count"] == 200
    assert (page["stock_id"], page["total_count"], page["offset"], page["limit"]) == ("33", 200, 195, 10)
    assert [entry["code"] for entry in page["data"]] == [f"C{n}" for n in range(195, 200)]


async def test_a_code_that_was_given_shows_when_and_to_whom_if_an_appid_is_asked_for() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock, stocks=[UPLOADED]), clock) as caller:
        await upload(caller, "A/1")
        before = (await caller.get(f"{CODES}/A%2F1")).json()
        sent = await caller.send(stock_id="33")
        await upload(caller, "B", number="UP2")
        plain = (await caller.get(f"{CODES}?status=DISPATCHED")).json()["data"]
        free = (await caller.get(f"{CODES}?status=AVAILABLE")).json()["data"]
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
    assert plain == [dispatched]
    assert [entry["code"] for entry in free] == ["B"]
    assert one["code_information"] == {**dispatched, "openid": OPENID}
    assert one["coupon_information"]["send_request_no"] == "REQ_1"


async def test_a_free_code_is_deleted_once_and_a_given_one_never() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock, stocks=[UPLOADED]), clock) as caller:
        await upload(caller, "A")
        gone = await caller.call("DELETE", f"{CODES}/A?delete_request_no=D1")
        again = await caller.call("DELETE", f"{CODES}/A?delete_request_no=D1")
        missing = await caller.call("DELETE", f"{CODES}/A?delete_request_no=D2")
        empty = await caller.send(stock_id="33")
        await upload(caller, "B", number="UP2")
        await caller.send(stock_id="33")
        given = await caller.call("DELETE", f"{CODES}/B?delete_request_no=D3")
    assert gone.json() == {"stock_id": "33", "delete_time": rfc3339(clock.now_ms)}
    assert gone.body == again.body
    assert (missing.status, missing.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    assert (empty.status, empty.json()["code"]) == (403, "NOT_ENOUGH")
    assert (given.status, given.json()["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "target", "field"),
    [
        ("DELETE", f"{CODES}/A", "delete_request_no"),
        ("DELETE", f"{CODES}/A?delete_request_no=a%20b", "delete_request_no"),
        ("GET", f"{CODES}?status=SENDED", "status"),
        ("GET", f"{CODES}?limit=0", "limit"),
        ("GET", f"{CODES}?page=1", "page"),
    ],
)
async def test_a_wrong_parameter_is_named(method: str, target: str, field: str) -> None:
    async with calling(a_pay(stocks=[UPLOADED])) as caller:
        heard = await caller.call(method, target)
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert heard.json()["detail"]["field"] == field


async def test_stocks_of_other_modes_have_no_uploaded_codes() -> None:
    target = CODES.replace("33", STOCK.stock_id)
    async with calling(a_pay()) as caller:
        heard = [
            await upload(caller, "A", target=target),
            await caller.get(target),
            await caller.get(f"{target}/A"),
            await caller.call("DELETE", f"{target}/A?delete_request_no=D1"),
        ]
        unknown = await upload(caller, "A", target=CODES)
    assert {(answer.status, answer.json()["code"]) for answer in heard} == {(400, "INVALID_REQUEST")}
    assert unknown.status == 404
