"""`coupon-bot wechat call` gives no coupon and takes none away, however its target is spelt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.wechat_call import METHODS, TargetRefused, check_call
from tests.bot.operating import operator
from tests.bot.test_wechat_call import BASE, SEND
from tests.world import LATE, OPENID

# --- never by hand

GIVING = [
    ("POST", f"{BASE}/coupons/send"),
    ("POST", f"{BASE}/product-coupons/send"),
    ("POST", f"{BASE}/product-coupons/pre-send"),
    ("POST", f"{BASE}/subsidy/pay-receipts"),
    ("POST", f"{BASE}/subsidy/return-receipts"),
    ("POST", f"{BASE}/coupons/c1/send"),
    ("POST", "/v3/marketing/favor/users/o1/coupons"),
    ("POST", "/v3/marketing/partner/product-coupon/users/o1/coupons"),
    ("POST", "/v3/marketing/paygiftactivity/unique-threshold-activity"),
    ("POST", "/v3/transfer/batches"),
    ("POST", "/v3/fund-app/mch-transfer/transfer-bills"),
    ("POST", "/v3/refund/domestic/refunds"),
    ("POST", "/v3/ecommerce/subsidies/create"),
    ("POST", "/v3/profitsharing/orders"),
    # Takes the customer's money, and no word in it says so.
    ("POST", "/v3/pay/transactions/codepay"),
    ("POST", "/v3/payscore/serviceorder/1234/complete"),
    # Not known to give nothing.
    ("POST", "/v3/marketing/busifavor"),
    ("POST", "/v3/Marketing/busifavor/stocks"),
    ("POST", "/v3/Marketing/plan/x"),
    ("PATCH", f"{BASE}/stocks/1212/more"),
    ("POST", f"{BASE}/stocks/1212/couponcodes/more"),
    ("POST", f"{BASE}/stocks/a.b/couponcodes"),
    ("POST", "/v3/pay/transactions/A%2FB/close"),
    ("PUT", f"{BASE}/coupons/send"),
    ("PATCH", f"{BASE}/coupons/send"),
    ("DELETE", f"{BASE}/coupons/send"),
]
#: Ends a customer's coupon, or makes a used one good again.
TAKING = [
    f"{BASE}/coupons/deactivate",
    f"{BASE}/coupons/use",
    f"{BASE}/coupons/return",
    "/v3/marketing/partner/product-coupon/users/o1/coupons/C1/deactivate",
    "/v3/brand/marketing/product-coupon/users/o1/coupons/C1/deactivate",
]
SPELLINGS = [
    f"{BASE}/coupons/deactivate/",
    f"{BASE}/coupons/deactivate?",
    f"{BASE}/coupons/deactivate?x=1",
    f"{BASE}/coupons//deactivate",
    f"{BASE}/coupons/de%61ctivate",
    f"{BASE}/coupons%2Fdeactivate",
    f"{BASE}/coupons/Deactivate",
    f"{BASE}/coupons/associate/../deactivate",
    f"{BASE}/stocks/..%2Fcoupons%2Fdeactivate",
    f"{BASE}/coupons/retur%6E",
    f"{BASE}/coupons/send?x=1",
    f"{BASE}/coupons/send?",
    f"{BASE}/coupons/send#x",
    f"{BASE}/coupons/send/",
    f"{BASE}/coupons//send",
    f"{BASE}//coupons/send",
    f"/{BASE}/coupons/send",
    f"{BASE}/coupons/%73end",
    f"{BASE}/coupons/%73END",
    f"{BASE}/coupons/sen%64",
    f"{BASE}/coupons/%2573end",
    f"{BASE}/coupons%2Fsend",
    f"{BASE}/coupons%2fsend",
    f"{BASE}/coupons%5Csend",
    f"{BASE}/coupons\\send",
    f"{BASE}/coupons/Send",
    f"{BASE}/COUPONS/SEND",
    "/v3/Marketing/busifavor/coupons/send",
    "/V3/marketing/busifavor/coupons/send",
    f"{BASE}/coupons/use/../send",
    f"{BASE}/coupons/./send",
    f"{BASE}/coupons/%2E/send",
    f"{BASE}/coupons/use/%2e%2e/send",
    f"{BASE}/stocks/..%2Fcoupons%2Fsend",
    f"{BASE}/stocks/..%2Fcoupons%2Fsend%3F/couponcodes",
    f"{BASE}/stocks/%2E%2E%2Fcoupons%2Fsend%3F/couponcodes",
    "/v3/pay/../marketing/busifavor/coupons/send",
    "/v3/%6Darketing/busifavor/coupons/send",
    "/v3/x%2F..%2Fmarketing%2Fbusifavor%2Fcoupons%2Fsend",
    f"{BASE}/coupons/send%00",
    f"{BASE}/coupons/send%20",
    f"{BASE}/coupons/send%0A",
    f"{BASE}/coupons/send;x=1",
    f"{BASE}/coupons/ｓｅｎｄ",
    f"{BASE}/coupons/%EF%BD%93end",
    f"{BASE}/coupons/s\u200bend",
    f" {BASE}/coupons/send",
    f"https://api.mch.weixin.qq.com{BASE}/coupons/send",
    f"//api.mch.weixin.qq.com{BASE}/coupons/send",
    f"/v3/@api.mch.weixin.qq.com{BASE}/coupons/send",
    f"{BASE}/coupons/send\r\nHost: x",
    f"{BASE}/stocks/1\n/couponcodes",
    "/v3/marketing",
    "/v3/",
    "",
]


@pytest.mark.parametrize(("method", "path"), GIVING)
def test_what_gives_coupons_or_money_is_refused_by_the_promise(method: str, path: str) -> None:
    with pytest.raises(TargetRefused, match="by approved requests only"):
        check_call(method, path, has_body=False)


@pytest.mark.parametrize("path", TAKING)
def test_what_takes_a_coupon_away_is_refused_and_says_so(path: str) -> None:
    with pytest.raises(TargetRefused, match="takes a customer's coupon away"):
        check_call("POST", path, has_body=True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_other_spelling_gets_around_it(method: str) -> None:
    for target in SPELLINGS:
        with pytest.raises(TargetRefused):
            check_call(method, target, has_body=False)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/v3/%70ay", "escaped as it is signed"),
        ("/v3/a%2fb", "escaped as it is signed"),
        ("/v3/a%00b", "escaped as it is signed"),
        ("/v3/a\\b", "escaped as it is signed"),
        ("/v3/a%FFb", "escaped as it is signed"),
        ("/v3/a:b", "escaped as it is signed"),
        ("/v3/a/../b", "without segments of dots"),
        ("/v3/a/x%2F..%2Fb", "without segments of dots"),
        ("/v3/a%2541", "without escapes of escapes"),
        ("/v3/a//b", "without double slashes"),
        ("/v3/a/", "without a slash at its end"),
        ("/v3/a?", "the query must be"),
        ("/v3/a?b#c", "the query must be"),
        ("/v3/a?b=%2f", "the query must be"),
        ("/v3/a?b c", "the query must be"),
        ("/v3/" + "a" * 2048, "APIv3 call"),
        ("/v2/a", "APIv3 call"),
    ],
)
def test_a_target_that_is_not_canonical_is_refused_for_reading_too(target: str, words: str) -> None:
    with pytest.raises(TargetRefused, match=words):
        check_call("GET", target, has_body=False)


@pytest.mark.parametrize("target", [f"{BASE}/coupons/send", *TAKING, *SPELLINGS[:13]])
async def test_nothing_reaches_wechat_pay_and_one_sentence_says_why(tmp_path: Path, target: str) -> None:
    async with operator(tmp_path) as op:
        for method in ("POST", "post"):
            result = await op.types("wechat", "call", method, target, "--body", SEND)
            assert (result.exit_code, result.stdout) == (2, "")
            assert len(result.stderr.splitlines()) == 1
        assert op.requests == []
        assert op.wechatpay.ledger.coupons == []


PIECES = (
    *(
        "v3",
        "marketing",
        "busifavor",
        "coupons",
        "product-coupons",
        "stocks",
        "callbacks",
        "send",
        "deactivate",
        "use",
        "s",
        "end",
    ),
    *("/", "//", "/v3/marketing", "..", ".", "%2F", "%73", "%2e", "%", "25", "?", "#", ";", "S"),
)


@given(
    st.sampled_from([method for method in METHODS if method != "GET"]),
    st.lists(st.sampled_from(PIECES), max_size=12),
)
def test_whatever_passes_is_one_of_the_calls_that_give_nothing(method: str, parts: list[str]) -> None:
    target = f"{BASE}/" + "".join(parts)
    try:
        check_call(method, target, has_body=False)
    except TargetRefused:
        return
    last = target.partition("?")[0].removeprefix(f"{BASE}/").split("/")
    assert last[0] in {"stocks", "callbacks", "coupons"}
    assert last[0] == "stocks" or not re.search("send|deactivate|use|return", last[-1])


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v3/certificates"),
        ("GET", f"{BASE}/coupons/send"),
        ("GET", f"{BASE}/users/{OPENID}/coupons?appid=wx1&offset=0&limit=20"),
        ("GET", f"{BASE}/users/{OPENID}/coupons/A%2FB%20C%5C%7C%3D/appids/wx1"),
        ("GET", "/v3/refund/domestic/refunds/1217752501201407033233368018"),
        ("POST", f"{BASE}/stocks"),
        ("PATCH", f"{BASE}/stocks/{LATE}"),
        ("PATCH", f"{BASE}/stocks/{LATE}/budget"),
        ("POST", f"{BASE}/stocks/{LATE}/couponcodes"),
        ("DELETE", f"{BASE}/stocks/{LATE}/couponcodes/A%2FB?delete_request_no=d1"),
        ("POST", f"{BASE}/coupons/associate"),
        ("POST", f"{BASE}/coupons/disassociate"),
        ("POST", f"{BASE}/callbacks"),
        ("POST", "/v3/pay/transactions/out-trade-no/123/close"),
    ],
)
def test_what_gives_nothing_passes(method: str, target: str) -> None:
    check_call(method, target, has_body=method not in {"GET", "DELETE"})


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_call_without_a_body_takes_none(method: str) -> None:
    with pytest.raises(TargetRefused, match="no body"):
        check_call(method, f"{BASE}/stocks/1/couponcodes/2", has_body=True)
