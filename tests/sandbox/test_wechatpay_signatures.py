"""What the stand-in believes of a request, and what it answers when it does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.wechatpay import Judgement, Stock, WeChatPay, signatures
from tests.sandbox.wechatpay_caller import (
    REQUEST_VECTORS,
    SEND,
    STOCK,
    Caller,
    StillClock,
    a_pay,
    calling,
    private_key,
    public_key,
    send_body,
    vector_keys,
)
from tests.world import keys

BODY = send_body()
SEND_VECTOR = next(vector for vector in REQUEST_VECTORS if vector["id"] == "S02")


@pytest.mark.parametrize("vector", REQUEST_VECTORS, ids=lambda vector: vector["id"])
async def test_a_request_signed_by_another_sdk_is_believed(vector: dict[str, Any]) -> None:
    given, wanted = vector["input"], vector["expect"]
    clock = StillClock(given["timestamp"] * 1000)
    pay = WeChatPay(vector_keys(), clock=clock)
    async with calling(pay, clock) as caller:
        heard = await caller.call(
            given["method"],
            wanted["signed_url"],
            given["body"].encode(),
            authorization=wanted["authorization_example"],
        )
    assert pay.ledger.requests[0].verdict is Judgement.OK
    assert pay.ledger.requests[0].url == wanted["signed_url"]
    heard.verify(public_key(pay.merchant.public_key_pem))


async def test_a_send_signed_by_another_sdk_gives_its_coupon() -> None:
    given, wanted = SEND_VECTOR["input"], SEND_VECTOR["expect"]
    clock = StillClock(given["timestamp"] * 1000)
    pay = WeChatPay(vector_keys(), stocks=[Stock("1290000000000017")], clock=clock)
    async with calling(pay, clock) as caller:
        heard = await caller.call(
            "POST", SEND, given["body"].encode(), authorization=wanted["authorization_example"]
        )
    assert heard.status == 200
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert heard.json()["coupon_code"] == pay.ledger.coupons[0].coupon_code
    assert pay.ledger.coupons[0].out_request_no == "SLK_20260101_0001"


def _strangers_key() -> RSAPrivateKey:
    return private_key(vector_keys().merchant.private_key_pem)


LIES: list[tuple[Judgement, Callable[[Caller, int], str]]] = [
    (Judgement.NO_AUTHORIZATION, lambda caller, now: ""),
    (
        Judgement.MALFORMED,
        lambda caller, now: caller.authorization("POST", SEND, BODY).replace("RSA2048", "RSA4096"),
    ),
    (
        Judgement.MALFORMED,
        lambda caller, now: caller.authorization("POST", SEND, BODY).replace("nonce_str", "nonce"),
    ),
    (Judgement.MALFORMED, lambda caller, now: caller.authorization("POST", SEND, BODY, extra="1")),
    (Judgement.MALFORMED, lambda caller, now: caller.authorization("POST", SEND, BODY).replace(",", ", ")),
    (
        Judgement.UNKNOWN_MCHID,
        lambda caller, now: caller.authorization("POST", SEND, BODY, mchid="1900000110"),
    ),
    (
        Judgement.UNKNOWN_SERIAL,
        lambda caller, now: caller.authorization("POST", SEND, BODY, serial_no=keys().certificate.serial),
    ),
    (Judgement.CLOCK, lambda caller, now: caller.authorization("POST", SEND, BODY, timestamp=now - 301)),
    (Judgement.CLOCK, lambda caller, now: caller.authorization("POST", SEND, BODY, timestamp=now + 301)),
    (Judgement.CLOCK, lambda caller, now: caller.authorization("POST", SEND, BODY, timestamp=now * 1000)),
    (Judgement.CLOCK, lambda caller, now: caller.authorization("POST", SEND, BODY, timestamp="soon")),
    (
        Judgement.BAD_SIGNATURE,
        lambda caller, now: caller.authorization("POST", SEND, BODY, key=_strangers_key()),
    ),
    (Judgement.BAD_SIGNATURE, lambda caller, now: caller.authorization("POST", SEND, BODY + b" ")),
    (Judgement.BAD_SIGNATURE, lambda caller, now: caller.authorization("POST", SEND + "?", BODY)),
    (Judgement.BAD_SIGNATURE, lambda caller, now: caller.authorization("PUT", SEND, BODY)),
    (
        Judgement.BAD_SIGNATURE,
        lambda caller, now: caller.authorization("POST", SEND, BODY).replace('signature="', 'signature="!'),
    ),
]


@pytest.mark.parametrize(("verdict", "lie"), LIES)
async def test_a_request_that_does_not_prove_itself_gets_an_unsigned_401_and_no_coupon(
    verdict: Judgement, lie: Callable[[Caller, int], str]
) -> None:
    clock = StillClock()
    pay = a_pay(clock=clock)
    async with calling(pay, clock) as caller:
        heard = await caller.call("POST", SEND, BODY, authorization=lie(caller, clock.now_ms // 1000))
    assert heard.status == 401
    assert heard.json()["code"] == "SIGN_ERROR"
    assert heard.json()["detail"]["location"] == "authorization"
    assert not heard.is_signed
    assert "Request-ID" in heard.headers
    assert pay.ledger.coupons == []
    assert [request.verdict for request in pay.ledger.requests] == [verdict]


async def test_a_signature_that_does_not_fit_is_answered_with_the_message_the_server_built() -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock), clock) as caller:
        right = caller.authorization("POST", SEND, BODY, nonce_str="n1")
        heard = await caller.call(
            "POST", SEND, BODY, authorization=right.replace('nonce_str="n1"', 'nonce_str="n2"')
        )
    message = f"POST\n{SEND}\n{clock.now_ms // 1000}\nn2\n"
    assert heard.json()["detail"]["sign_information"] == {
        "method": "POST",
        "url": SEND,
        "truncated_sign_message": message + BODY[:10].decode(),
        "sign_message_length": len(message) + len(BODY) + 1,
    }


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_a_clock_300_seconds_off_is_still_accepted(seconds: int) -> None:
    clock = StillClock()
    async with calling(a_pay(clock=clock), clock) as caller:
        authorization = caller.authorization("POST", SEND, BODY, timestamp=clock.now_ms // 1000 + seconds)
        heard = await caller.call("POST", SEND, BODY, authorization=authorization)
    assert heard.status == 200


async def test_a_nonce_serves_once() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        authorization = caller.authorization("POST", SEND, BODY)
        first = await caller.call("POST", SEND, BODY, authorization=authorization)
        second = await caller.call("POST", SEND, BODY, authorization=authorization)
    assert (first.status, second.status) == (200, 401)
    assert pay.ledger.requests[1].verdict is Judgement.NONCE_REUSED


async def test_a_badly_signed_request_does_not_use_up_a_nonce() -> None:
    async with calling(a_pay()) as caller:
        forged = caller.authorization("POST", SEND, BODY, nonce_str="same", key=_strangers_key())
        await caller.call("POST", SEND, BODY, authorization=forged)
        genuine = caller.authorization("POST", SEND, BODY, nonce_str="same")
        assert (await caller.call("POST", SEND, BODY, authorization=genuine)).status == 200


async def test_nonces_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "NONCES_KEPT", 2)
    pay = a_pay()
    async with calling(pay) as caller:
        for nonce in ("a", "b", "c", "c", "a"):
            authorization = caller.authorization("POST", SEND, BODY, nonce_str=nonce)
            await caller.call("POST", SEND, BODY, authorization=authorization)
    assert [request.status for request in pay.ledger.requests] == [200, 200, 200, 401, 200]


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Accept", "", 400),
        ("User-Agent", "", 400),
        ("Accept", "text/html", 406),
        ("Content-Type", "text/plain", 415),
        ("Content-Type", "", 415),
    ],
)
async def test_headers_the_rules_ask_for_are_asked_for(header: str, value: str, status: int) -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        heard = await caller.call(
            "POST", SEND, BODY, headers={header: value}, without=() if value else (header,)
        )
    assert (heard.status, heard.json()["code"]) == (status, "INVALID_REQUEST")
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert pay.ledger.coupons == []


async def test_a_path_nobody_serves_is_a_signed_404_and_another_method_a_405() -> None:
    pay = a_pay()
    async with calling(pay) as caller:
        unknown = await caller.get("/v3/marketing/busifavor/stocks/")
        wrong_method = await caller.get(SEND)
    assert (unknown.status, wrong_method.status) == (404, 405)
    unknown.verify(public_key(pay.merchant.public_key_pem))


def test_a_serial_that_is_not_the_certificates_is_refused_when_the_stand_in_is_built() -> None:
    fresh = keys()
    swapped = replace(fresh, merchant=replace(fresh.merchant, serial_no=fresh.certificate.serial))
    with pytest.raises(ValueError, match="they must be equal"):
        WeChatPay(swapped, stocks=[STOCK])


async def test_the_date_header_is_the_platforms_clock() -> None:
    clock = StillClock(1767225600_000)
    async with calling(a_pay(clock=clock), clock) as caller:
        heard = await caller.send()
    assert heard.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


async def test_a_body_that_ends_in_a_line_feed_is_signed_with_two() -> None:
    async with calling(a_pay()) as caller:
        assert (await caller.send(BODY + b"\n")).status == 200
