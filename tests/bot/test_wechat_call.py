"""`coupon-bot wechat call`: what an answer shows, and what stays impossible by hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

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
            assert "oUpF" not in masked.stdout
            assert "jWeS6o" in masked.stdout
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
            "path": f"{BASE}/callbacks?x=oU…jWeS6o",
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
