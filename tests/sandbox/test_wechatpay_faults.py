"""Each piece of trouble: what the caller sees, and what really happened."""

import asyncio
from base64 import b64decode
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from cryptography.exceptions import InvalidSignature

from sandbox.wechatpay import Endpoint, Fault, FaultKind, Judgement, KeyMode, WeChatPay, system_clock
from tests.sandbox.wechatpay_caller import (
    STOCK,
    Caller,
    a_pay,
    calling,
    private_key,
    public_key,
    send_body,
    vector_keys,
)

K = FaultKind


def given_and_faults(pay: WeChatPay) -> tuple[int, list[str | None]]:
    return len(pay.ledger.coupons), [request.fault for request in pay.ledger.requests]


@pytest.mark.parametrize(("kind", "given"), [(K.LOST_ANSWER, 1), (K.CUT_BEFORE, 0)])
async def test_the_connection_is_cut_after_or_before_the_coupon_is_given(kind: K, given: int) -> None:
    pay = a_pay()
    pay.faults.queue(Fault(kind))
    async with calling(pay) as caller:
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await caller.send()
        assert len(pay.ledger.coupons) == given
        repeat = await caller.send()
    assert repeat.status == 200
    assert len(pay.ledger.coupons_of("REQ_1")) == 1
    assert [request.status for request in pay.ledger.requests] == [None, 200]
    assert [request.body for request in pay.ledger.sends_of("REQ_1")] == [send_body(), send_body()]


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (K.SYSTEM_ERROR_400, 400, "SYSTEM_ERROR"),
        (K.SYSTEM_ERROR_500, 500, "SYSTEM_ERROR"),
        (K.ACCEPTED_202, 202, None),
        (K.HTML_502, 502, None),
    ],
)
async def test_an_open_outcome_hides_whether_the_coupon_was_given(
    kind: K, status: int, code: str | None, given: bool
) -> None:
    pay = a_pay()
    pay.faults.queue(Fault(kind, given=given))
    async with calling(pay) as caller:
        heard = await caller.send()
    assert heard.status == status
    assert given_and_faults(pay) == (int(given), [f"{kind}:given" if given else kind])
    if kind is K.HTML_502:
        assert not heard.is_signed
        assert heard.headers["Content-Type"] == "text/html"
        assert b"<html>" in heard.body
        return
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert heard.json().get("code") == code


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (K.RATE_LIMITED, 429, "FREQUENCY_LIMIT_EXCEED"),
        (K.NO_AUTH, 403, "NO_AUTH"),
        (K.NOT_ENOUGH, 403, "NOT_ENOUGH"),
        (K.USER_REJECTED, 403, "USER_ACCOUNT_ABNORMAL"),
    ],
)
async def test_a_plain_no_is_signed_and_gives_nothing(kind: K, status: int, code: str) -> None:
    pay = a_pay()
    pay.faults.queue(Fault(kind, seconds=7))
    async with calling(pay) as caller:
        heard = await caller.send()
    assert (heard.status, heard.json()["code"]) == (status, code)
    heard.verify(public_key(pay.merchant.public_key_pem))
    assert heard.headers.get("Retry-After") == ("7" if kind is K.RATE_LIMITED else None)
    assert given_and_faults(pay) == (0, [kind])


async def test_a_sign_error_on_demand_is_unsigned_though_the_request_was_good() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SIGN_ERROR))
    async with calling(pay) as caller:
        heard = await caller.send()
    assert (heard.status, heard.json()["code"], heard.is_signed) == (401, "SIGN_ERROR", False)
    assert pay.ledger.requests[0].verdict is Judgement.OK
    assert given_and_faults(pay) == (0, [K.SIGN_ERROR])


async def test_an_unsigned_answer_tells_the_truth_without_proof() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.UNSIGNED))
    async with calling(pay) as caller:
        heard = await caller.send()
    assert (heard.status, heard.is_signed) == (200, False)
    assert heard.json()["coupon_code"] == pay.ledger.coupons[0].coupon_code


@pytest.mark.parametrize("kind", [K.BAD_SIGNATURE, K.SIGNTEST])
async def test_a_signature_that_does_not_hold_comes_over_a_coupon_that_was_given(kind: K) -> None:
    pay = a_pay()
    pay.faults.queue(Fault(kind))
    async with calling(pay) as caller:
        heard = await caller.send()
    assert len(pay.ledger.coupons) == 1
    signature = heard.headers["Wechatpay-Signature"]
    assert signature.startswith("WECHATPAY/SIGNTEST/") == (kind is K.SIGNTEST)
    if kind is K.BAD_SIGNATURE:
        assert len(b64decode(signature, validate=True)) == 256
        with pytest.raises(InvalidSignature):
            heard.verify(public_key(pay.merchant.public_key_pem))


@pytest.mark.parametrize("mode", [KeyMode.PUBLIC_KEY, KeyMode.CERTIFICATE])
async def test_a_wrong_serial_names_nobodys_key_of_the_right_kind(mode: KeyMode) -> None:
    pay = a_pay(mode=mode)
    pay.faults.queue(Fault(K.WRONG_SERIAL))
    async with calling(pay) as caller:
        wrong, right = await caller.send(), await caller.send()
    found, known = wrong.headers["Wechatpay-Serial"], right.headers["Wechatpay-Serial"]
    assert found != known
    assert found.startswith("PUB_KEY_ID_") == known.startswith("PUB_KEY_ID_")


async def test_a_stale_answer_is_well_signed_but_ten_minutes_old() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.STALE))
    async with calling(pay) as caller:
        heard = await caller.send()
    heard.verify(public_key(pay.merchant.public_key_pem))
    date = parsedate_to_datetime(heard.headers["Date"]).timestamp()
    assert date - int(heard.headers["Wechatpay-Timestamp"]) == 600


async def test_a_slow_answer_leaves_when_released_and_its_coupon_is_given_at_once() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SLOW, seconds=3600))
    async with calling(pay) as caller, asyncio.timeout(60):
        slow = asyncio.create_task(caller.send())
        await pay.ledger.until(lambda ledger: len(ledger.coupons) == 1)
        overtaking = await caller.send()
        assert not slow.done()
        pay.release()
        heard = await slow
    assert heard.body == overtaking.body
    heard.verify(public_key(pay.merchant.public_key_pem))


async def test_a_slow_answer_comes_by_itself_when_its_time_is_over() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SLOW, seconds=0.01))
    async with calling(pay) as caller:
        assert (await caller.send()).status == 200


async def test_closing_sends_slow_answers_off_at_once() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SLOW, seconds=3600))
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        async with pay.serve() as running:
            slow = asyncio.create_task(Caller(session, running.url, pay.merchant, system_clock).send())
            await pay.ledger.until(lambda ledger: len(ledger.coupons) == 1)
        heard = await slow
    assert heard.status == 200


async def test_a_caller_that_gives_up_on_a_slow_answer_leaves_its_coupon_behind() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SLOW, seconds=3600))
    async with calling(pay) as caller, asyncio.timeout(60):
        slow = asyncio.create_task(caller.send())
        await pay.ledger.until(lambda ledger: len(ledger.coupons) == 1)
        slow.cancel()
        await asyncio.wait({slow})
        repeat = await caller.send()
        pay.release()
        await pay.ledger.until(lambda ledger: all(request.done for request in ledger.requests))
    assert repeat.status == 200
    assert len(pay.ledger.coupons) == 1


async def test_queued_faults_come_in_order_and_then_it_is_over() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.NO_AUTH), Fault(K.NOT_ENOUGH), times=2)
    async with calling(pay) as caller:
        heard = [(await caller.send()).status for _ in range(5)]
    assert heard == [403, 403, 403, 403, 200]
    assert given_and_faults(pay) == (1, ["no_auth", "not_enough", "no_auth", "not_enough", None])


async def test_a_request_that_is_not_believed_uses_up_no_fault() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.NO_AUTH))
    async with calling(pay) as caller:
        stranger = private_key(vector_keys().merchant.private_key_pem)
        path = "/v3/marketing/busifavor/coupons/send"
        forged = caller.authorization("POST", path, send_body(), key=stranger)
        await caller.call("POST", path, send_body(), authorization=forged)
        assert (await caller.send()).status == 403


async def test_a_fault_meets_the_endpoint_it_was_meant_for() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.SYSTEM_ERROR_500), endpoint=Endpoint.STOCK)
    async with calling(pay) as caller:
        sent = await caller.send()
        stock = [
            (await caller.get(f"/v3/marketing/busifavor/stocks/{STOCK.stock_id}")).status for _ in range(2)
        ]
    assert sent.status == 200
    assert stock == [500, 200]


async def test_a_share_of_sends_meets_trouble_and_no_number_ever_gets_two_coupons() -> None:
    async def run(seed: int) -> list[str | None]:
        pay = a_pay()
        pay.faults.rate(Fault(K.LOST_ANSWER), 0.3, seed=seed)
        pay.faults.rate(Fault(K.SYSTEM_ERROR_500, given=True), 0.2)
        pay.faults.rate(Fault(K.SYSTEM_ERROR_500), 0.2)
        async with calling(pay) as caller:
            for number in range(20):
                for _ in range(30):
                    try:
                        heard = await caller.send(out_request_no=f"R{number}")
                    except aiohttp.ClientError:
                        continue
                    if heard.status == 200:
                        break
        for number in range(20):
            assert len(pay.ledger.coupons_of(f"R{number}")) == 1
            assert len({request.body for request in pay.ledger.sends_of(f"R{number}")}) == 1
        return [request.fault for request in pay.ledger.requests]

    first, same, other = await run(1), await run(1), await run(2)
    assert {"lost_answer", "system_error_500", "system_error_500:given", None} == set(first)
    assert first == same, "a seed makes a run repeatable"
    assert first != other


async def test_cleared_faults_are_gone() -> None:
    pay = a_pay()
    pay.faults.queue(Fault(K.NO_AUTH))
    pay.faults.rate(Fault(K.CUT_BEFORE), 1)
    pay.faults.clear()
    async with calling(pay) as caller:
        assert (await caller.send()).status == 200


def test_shares_may_not_pass_one() -> None:
    faults = a_pay().faults
    faults.rate(Fault(K.STALE), 0.6)
    faults.rate(Fault(K.STALE), 0.9)  # replaces its own share
    with pytest.raises(ValueError, match="at most 1 in all"):
        faults.rate(Fault(K.UNSIGNED), 0.2)


@pytest.mark.parametrize("kind", [K.LOST_ANSWER, K.NO_AUTH, K.SLOW])
def test_given_is_refused_where_it_would_mean_nothing(kind: K) -> None:
    with pytest.raises(ValueError, match="given goes with"):
        Fault(kind, given=True)
