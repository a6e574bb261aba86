"""The side door over HTTP, and serving as such."""

from hashlib import sha256
from typing import Any

import aiohttp
import pytest

from sandbox.wechatpay import KeyMode, WeChatPay
from tests.sandbox.wechatpay_caller import OPENID, a_pay, calling, send_body
from tests.world import keys


async def ask(method: str, url: str, members: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=members) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_ledger_can_be_read_from_outside() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        heard = await caller.send()
        status, ledger = await ask("GET", f"{caller.url}/_sandbox/ledger")
    assert status == 200
    [coupon] = ledger["coupons"]
    assert coupon["coupon_code"] == heard.json()["coupon_code"]
    assert (coupon["openid"], coupon["out_request_no"]) == (OPENID, "REQ_1")
    [request] = ledger["requests"]
    assert request == {
        "seq": 1,
        "at_ms": pay.ledger.requests[0].at_ms,
        "endpoint": "send",
        "method": "POST",
        "url": "/v3/marketing/busifavor/coupons/send",
        "out_request_no": "REQ_1",
        "body_sha256": sha256(send_body()).hexdigest(),
        "request_id": heard.headers["Request-ID"],
        "verdict": "ok",
        "fault": None,
        "status": 200,
        "done": True,
    }


async def test_faults_are_queued_shared_out_and_cleared_from_outside() -> None:
    async with calling(a_pay()) as caller:
        url = f"{caller.url}/_sandbox/faults"
        await ask("POST", url, {"kind": "system_error_400", "given": True, "times": 2})
        status, found = await ask(
            "POST", url, {"kind": "stale", "share": 0.5, "seed": 1, "endpoint": "stock"}
        )
        heard = await caller.send()
        cleared = await ask("DELETE", url)
        after = await caller.send()
    assert (status, found) == (
        200,
        {"queued": {"send": ["system_error_400:given"] * 2}, "rates": {"stock": {"stale": 0.5}}},
    )
    assert (heard.status, after.status) == (400, 200)
    assert cleared == (200, {"queued": {}, "rates": {}})


async def test_a_rotation_is_asked_for_from_outside() -> None:
    async with calling(a_pay(mode=KeyMode.CERTIFICATE)) as caller:
        status, found = await ask("POST", f"{caller.url}/_sandbox/rotate", {"keep_old_ms": 0})
        heard = await caller.get("/v3/certificates")
    assert status == 200
    assert heard.headers["Wechatpay-Serial"] == found["serial_no"]
    assert [entry["serial_no"] for entry in heard.json()["data"]] == [found["serial_no"]]


@pytest.mark.parametrize(
    ("path", "members", "sentence"),
    [
        ("faults", {"kind": "lost_anser"}, "kind is 'lost_anser'; one of lost_answer, cut_before,"),
        ("faults", {}, "kind is None"),
        ("faults", {"kind": "slow", "sekonds": 1}, "unknown member sekonds"),
        ("faults", {"kind": "slow", "seconds": "1"}, "seconds is '1'; a number expected"),
        ("faults", {"kind": "slow", "seconds": -1}, "0 or more"),
        ("faults", {"kind": "slow", "given": "yes"}, "true or false expected"),
        ("faults", {"kind": "slow", "given": True}, "given goes with"),
        ("faults", {"kind": "slow", "times": 0}, "times is 0"),
        ("faults", {"kind": "slow", "times": 1.5}, "a whole number expected"),
        ("faults", {"kind": "slow", "share": 1.5}, "at most 1 in all"),
        ("faults", {"kind": "slow", "endpoint": "sned"}, "endpoint is 'sned'; one of send,"),
        ("faults", [], "no JSON object"),
        ("rotate", {}, "no platform certificates"),
    ],
)
async def test_a_wrong_wish_is_answered_with_one_sentence(path: str, members: Any, sentence: str) -> None:
    async with calling(a_pay()) as caller:
        status, found = await ask("POST", f"{caller.url}/_sandbox/{path}", members)
    assert status == 400
    assert sentence in found["error"]


async def test_the_side_door_is_not_in_the_ledger_and_knows_its_doors() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        status, found = await ask("GET", f"{caller.url}/_sandbox/ledgers")
    assert (status, pay.ledger.requests) == (404, [])
    assert "GET ledger" in found["error"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
async def test_it_serves_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback addresses only"):
        async with a_pay().serve(host=host):
            pass


async def test_it_comes_back_on_the_same_port_and_still_knows_its_numbers() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        first = await caller.send()
        port = int(caller.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with WeChatPay(keys()).serve(port=port):
                pass
    async with pay.serve(port=port), aiohttp.ClientSession() as session:
        again = await type(caller)(session, caller.url, pay.merchant, caller.clock).send()
    assert first.body == again.body
    assert len(pay.ledger.coupons) == 1
