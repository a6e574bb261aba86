"""Finding a coupon again, and reading a stock."""

import pytest

from sandbox.wechatpay import CodeMode, CouponState, Stock, rfc3339
from tests.sandbox.wechatpay_caller import OPENID, STOCK, Caller, StillClock, a_pay, calling, public_key

BUSIFAVOR = "/v3/marketing/busifavor"


def listing(caller: Caller, more: str = "", openid: str = OPENID) -> str:
    merchant = caller.merchant
    return (
        f"{BUSIFAVOR}/users/{openid}/coupons?appid={merchant.appid}&creator_merchant={merchant.mchid}{more}"
    )


async def test_a_given_coupon_is_found_by_its_request_number() -> None:
    clock = StillClock()
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        sent = await caller.send()
        heard = await caller.get(listing(caller, "&stock_id=1212121212&offset=0&limit=20"))
        other = await caller.get(listing(caller, openid="o" * 28))
    heard.verify(public_key(pay.merchant.public_key_pem))
    page = heard.json()
    assert (page["total_count"], page["offset"], page["limit"]) == (1, 0, 20)
    [coupon] = page["data"]
    assert coupon["send_request_no"] == "REQ_1"
    assert coupon["coupon_code"] == sent.json()["coupon_code"]
    assert (coupon["stock_id"], coupon["coupon_state"]) == (STOCK.stock_id, "SENDED")
    assert coupon["receive_time"] == rfc3339(clock.now_ms)
    assert "description" not in coupon["display_pattern_info"]
    assert other.json()["data"] == []


async def test_pages_are_walked_by_offset_and_limit() -> None:
    async with calling(a_pay()) as caller:
        for number in range(5):
            await caller.send(out_request_no=f"R{number}")
        pages = [(await caller.get(listing(caller, f"&offset={at}&limit=2"))).json() for at in (0, 2, 4, 6)]
    numbers = [[coupon["send_request_no"] for coupon in page["data"]] for page in pages]
    assert numbers == [["R0", "R1"], ["R2", "R3"], ["R4"], []]
    assert {page["total_count"] for page in pages} == {5}


async def test_a_list_can_be_narrowed_by_stock_and_state() -> None:
    pay = a_pay(stocks=[STOCK, Stock("55")])
    async with calling(pay) as caller:
        await caller.send()
        await caller.send(out_request_no="REQ_2", stock_id="55")
        pay.mark(pay.ledger.coupons[0], CouponState.USED)
        found = {
            more: [c["send_request_no"] for c in (await caller.get(listing(caller, more))).json()["data"]]
            for more in ("", "&stock_id=55", "&coupon_state=USED", "&coupon_state=SENDED")
        }
    assert found == {
        "": ["REQ_1", "REQ_2"],
        "&stock_id=55": ["REQ_2"],
        "&coupon_state=USED": ["REQ_1"],
        "&coupon_state=SENDED": ["REQ_2"],
    }


async def test_a_new_coupon_can_take_its_time_to_appear() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock, visible_after_ms=60_000), clock) as caller:
        code = (await caller.send()).json()["coupon_code"]
        one = f"{BUSIFAVOR}/users/{OPENID}/coupons/{code}/appids/{caller.merchant.appid}"
        clock.now_ms += 59_999
        early = (await caller.get(listing(caller))).json()["total_count"], (await caller.get(one)).status
        clock.now_ms += 1
        late = (await caller.get(listing(caller))).json()["total_count"], (await caller.get(one)).status
    assert (early, late) == ((0, 404), (1, 200))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("creator_merchant=1900000109", "appid"),
        ("appid=wx8888888888888888", "creator_merchant"),
        ("appid=wx8888888888888888&creator_merchant=1900000109&limit=0", "limit"),
        ("appid=wx8888888888888888&creator_merchant=1900000109&limit=101", "limit"),
        ("appid=wx8888888888888888&creator_merchant=1900000109&offset=-1", "offset"),
        ("appid=wx8888888888888888&creator_merchant=1900000109&page=1", "page"),
        ("appid=wx8888888888888888&appid=wx8888888888888888", "query"),
    ],
)
async def test_a_wrong_query_is_a_parameter_error_that_names_it(query: str, field: str) -> None:
    async with calling(a_pay()) as caller:
        heard = await caller.get(f"{BUSIFAVOR}/users/{OPENID}/coupons?{query}")
    assert (heard.status, heard.json()["code"]) == (400, "PARAM_ERROR")
    assert (heard.json()["detail"]["field"], heard.json()["detail"]["location"]) == (field, "query")


async def test_another_appid_is_told_and_another_merchants_coupons_are_none() -> None:
    async with calling(a_pay()) as caller:
        await caller.send()
        wrong_appid = await caller.get(
            f"{BUSIFAVOR}/users/{OPENID}/coupons?appid=wx0000000000000000&creator_merchant=1900000109"
        )
        not_ours = await caller.get(listing(caller, "&sender_merchant=1900000110"))
    assert (wrong_appid.status, wrong_appid.json()["code"]) == (400, "APPID_MCHID_NOT_MATCH")
    assert not_ours.json()["total_count"] == 0


async def test_one_coupon_is_found_by_a_code_with_escapes_in_the_signed_path() -> None:
    pay = a_pay(stocks=[Stock("22", code_mode=CodeMode.MERCHANT_API)])
    async with calling(pay) as caller:
        await caller.send(stock_id="22", coupon_code="A/1=b c|d")
        path = f"{BUSIFAVOR}/users/{OPENID}/coupons/A%2F1%3Db%20c%7Cd/appids/{caller.merchant.appid}"
        found = await caller.get(path)
        missing = await caller.get(path.replace("A%2F1", "A%2F2"))
    assert (found.status, found.json()["coupon_code"]) == (200, "A/1=b c|d")
    assert found.json()["display_pattern_info"]["description"] == STOCK.name
    assert (missing.status, missing.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")


async def test_a_stock_tells_its_state_and_how_many_it_gave() -> None:
    uploaded = Stock(
        "33", code_mode=CodeMode.MERCHANT_UPLOAD, max_coupons=10, uploaded_codes=("UP-1", "UP-2", "UP-3")
    )
    async with calling(a_pay(stocks=[uploaded])) as caller:
        await caller.send(stock_id="33")
        stock = (await caller.get(f"{BUSIFAVOR}/stocks/33")).json()
        missing = await caller.get(f"{BUSIFAVOR}/stocks/99")
    assert (stock["stock_id"], stock["stock_state"], stock["coupon_code_mode"]) == (
        "33",
        "RUNNING",
        "MERCHANT_UPLOAD",
    )
    assert stock["stock_send_rule"]["max_coupons"] == 10
    assert stock["send_count_information"] == {"total_send_num": 1, "total_send_amount": 1000}
    assert stock["coupon_code_count"] == {"total_count": 3, "available_count": 2}
    assert (missing.status, missing.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
