"""`coupon-bot wechat call`: what an answer shows, and what stays impossible by hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.wechat_call import METHODS, TargetRefused, check_call
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import Endpoint
from storage.driver import sqlite3
from storage.proof.verify import verify
from tests.bot.operating import operator
from tests.world import LATE, OPENID, keys, until

BASE = "/v3/marketing/busifavor"
SEND = json.dumps(
    {
        "openid": OPENID,
        "appid": keys().merchant.appid,
        "stock_id": LATE,
        "out_request_no": "BYHAND",
    }
)


def document(text: str) -> dict[str, Any]:
    """The one JSON document on stdout."""
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def events(path: Path) -> list[dict[str, Any]]:
    """What stands in the log, in order."""
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return [json.loads(body) for (body,) in database.execute("select body from event order by seq")]
    finally:
        database.close()


async def test_call_prints_status_request_id_signature_and_body(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        result = await op.types("wechat", "call", "get", f"{BASE}/stocks/{LATE}")
        assert result.exit_code == 0
        head, body = result.stdout.split("\n\n", 1)
        [request] = op.wechatpay.ledger.requests
        assert [line.split(maxsplit=1) for line in head.splitlines()] == [
            ["status", "200"],
            ["Request-ID", request.request_id],
            ["signature", f"good, by {keys().merchant.public_key_id}"],
        ]
        assert json.loads(body)["stock_id"] == LATE


async def test_call_of_a_path_that_wechat_pay_does_not_know_ends_with_1_and_shows_the_answer(
    tmp_path: Path,
) -> None:
    async with operator(tmp_path) as op:
        result = await op.types("wechat", "call", "GET", "/v3/anything/else?a=b%20c", "--json")
        assert result.exit_code == 1
        seen = document(result.stdout)
        assert (seen["status"], seen["signature"]["good"], seen["body"]["code"]) == (404, True, "NOT_FOUND")
        assert op.requests == ["GET /v3/anything/else?a=b%20c"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (FaultKind.UNSIGNED, "UNSIGNED"),
        (FaultKind.BAD_SIGNATURE, "BAD_SIGNATURE"),
        (FaultKind.STALE, "STALE"),
        (FaultKind.HTML_502, "UNSIGNED"),
    ],
)
async def test_call_says_when_an_answer_is_not_to_be_believed(
    tmp_path: Path, fault: FaultKind, words: str
) -> None:
    async with operator(tmp_path) as op:
        op.wechatpay.faults.queue(Fault(fault), Fault(fault), endpoint=Endpoint.STOCK)
        result = await op.types("wechat", "call", "GET", f"{BASE}/stocks/{LATE}")
        assert result.exit_code == 1
        assert f"signature   NOT GOOD: {words}" in result.stdout
        as_json = await op.types("wechat", "call", "GET", f"{BASE}/stocks/{LATE}", "--json")
        assert document(as_json.stdout)["signature"]["problem"].startswith(words)


@pytest.mark.parametrize("way", ["typed", "file", "stdin"])
async def test_a_body_goes_out_byte_for_byte(tmp_path: Path, way: str) -> None:
    body = '{ "coupon_code" : "C",\n "stock_id":"1212121212", "x":"\\u00e9é" }\n'
    (tmp_path / "body.json").write_bytes(body.encode())
    given = {"typed": body, "file": f"@{tmp_path / 'body.json'}", "stdin": "-"}[way]
    async with operator(tmp_path) as op:
        await op.types("migrate")
        path = f"{BASE}/coupons/associate"
        await op.types("wechat", "call", "POST", path, "--body", given, stdin=body.encode())
        [request] = op.wechatpay.ledger.requests
        assert (request.body, request.verdict) == (body.encode(), "ok")


@pytest.mark.parametrize(
    "given", ['{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"', "@/nowhere/at/all", "@", "\x00"]
)
async def test_a_body_that_is_none_is_one_sentence_that_quotes_nothing(tmp_path: Path, given: str) -> None:
    async with operator(tmp_path) as op:
        result = await op.types("wechat", "call", "POST", f"{BASE}/coupons/associate", "--body", given)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert op.requests == []


async def test_openids_in_an_answer_are_masked_unless_asked_for(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        code = op.wechatpay.give(OPENID, "7878787878", "N1").coupon_code
        words = (
            "wechat",
            "call",
            "GET",
            f"{BASE}/stocks/7878787878/couponcodes/{code}?appid={keys().merchant.appid}",
        )
        for form in ((), ("--json",)):
            masked = await op.types(*words, *form)
            assert masked.exit_code == 0, masked.output
            assert "oUpF" in masked.stdout
            assert "eS6o" in masked.stdout
            shown = await op.types(*words, *form, "--show-openids", shows=True)
            assert OPENID in shown.stdout


async def test_an_openid_of_an_unusual_form_is_masked_where_the_answer_quotes_the_question(
    tmp_path: Path,
) -> None:
    async with operator(tmp_path) as op:
        openid = "customer-number-0123456789"
        op.environ["WECHATPAY_SERIAL_NO"] = keys().merchant.serial_no
        # Signed with another key: the server shows what it was asked, openid and all.
        other = op.wechatpay.issue_certificate()
        (tmp_path / "apiclient_key.pem").write_text(other.private_key_pem)
        result = await op.types("wechat", "call", "GET", f"{BASE}/users/{openid}/coupons?appid=wx1")
        assert result.exit_code == 1
        assert "truncated_sign_message" in result.stdout
        assert openid not in result.output


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


# --- what writing leaves in the log


async def test_a_writing_call_stands_in_the_log_before_it_leaves_and_its_answer_after(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        await op.types("migrate")
        path = tmp_path / "coupon.db"
        op.wechatpay.faults.queue(Fault(FaultKind.SLOW, seconds=30), endpoint=Endpoint.SET_CALLBACK)
        body = json.dumps({"mchid": keys().merchant.mchid, "notify_url": "https://a.example/n"})
        typing = asyncio.create_task(
            op.types("wechat", "call", "post", f"{BASE}/callbacks?x={OPENID}", "--body", body)
        )
        await until(lambda: op.requests or None)
        [before] = events(path)
        op.wechatpay.release()
        await typing
        called, answered = events(path)
        assert (before, called["tag"]) == (called, "wechat:called")
        assert called["actor"] == "system"
        user, where = called["detail"].pop("user"), called["detail"].pop("where")
        assert (bool(user), where) == (True, "command line")
        assert called["detail"] == {
            "method": "POST",
            "path": f"{BASE}/callbacks?x=oUpF…eS6o",
            "body_sha256": hashlib.sha256(body.encode()).hexdigest(),
        }
        assert answered["tag"] == "wechat:answered"
        assert answered["detail"]["call"] == called["seq"]
        verify(path)


async def test_what_came_back_is_kept_as_it_is(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        await op.types("migrate")
        path = tmp_path / "coupon.db"
        words = ("wechat", "call", "POST", f"{BASE}/stocks", "--body", "{}")
        await op.types(*words)
        op.wechatpay.faults.queue(Fault(FaultKind.UNSIGNED), endpoint=Endpoint.MAKE_STOCK)
        await op.types(*words)
        op.environ["WECHATPAY_API_URL"] = "http://127.0.0.1:9"
        await op.types(*words)
        details = [event["detail"] for event in events(path) if event["tag"] == "wechat:answered"]
        [genuine, unsigned, lost] = details
        [first, second] = op.wechatpay.ledger.requests
        assert (genuine["status"], genuine["verified"], "problem" in genuine) == (400, True, False)
        assert genuine["wechatpay_request_id"] == first.request_id
        assert (unsigned["verified"], unsigned["problem"]) == (False, "UNSIGNED")
        assert unsigned["wechatpay_request_id"] == second.request_id
        assert (lost["verified"], lost["problem"], "status" in lost) == (False, "CONNECT", False)


@pytest.mark.parametrize("there", ["nothing", "another file"])
async def test_where_nothing_can_be_kept_nothing_is_sent(tmp_path: Path, there: str) -> None:
    async with operator(tmp_path) as op:
        if there != "nothing":
            (tmp_path / "coupon.db").write_text("no database at all, " * 100)
        words = ("wechat", "call", "POST", f"{BASE}/callbacks", "--body", "{}")
        result = await op.types(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        [sentence] = result.stderr.splitlines()
        assert "coupon.db" in sentence
        assert op.requests == []
        assert there != "nothing" or op.files == ["apiclient_key.pem", "coupon.toml"]


async def test_reading_needs_no_database_and_leaves_nothing(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        await op.types("migrate")
        await op.types("wechat", "call", "GET", f"{BASE}/stocks/{LATE}")
        assert events(tmp_path / "coupon.db") == []
