"""Notifications: where they go, what they hold, how they are repeated, and the lies told on demand."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.wechatpay import (
    Coupon,
    Fault,
    FaultKind,
    KeyMode,
    NoticeFault,
    Repeats,
    Stock,
    WeChatPay,
    rfc3339,
)
from tests.sandbox.wechatpay_caller import (
    APPID,
    OPENID,
    TRUST_HEADERS,
    Caller,
    Heard,
    StillClock,
    a_pay,
    calling,
    public_key,
)

CALLBACKS = "/v3/marketing/busifavor/callbacks"
TELLING = Stock("77", notify_appid=APPID)
AT_ONCE = Repeats(pause_s=0)


@dataclass(slots=True)
class Receiver:
    """A merchant's notify address. `answers`: statuses in their order, the last for ever; 0 never answers."""

    answers: list[int] = field(default_factory=lambda: [204])
    url: str = ""
    came: list[Heard] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.came.append(Heard(0, dict(request.headers), await request.content.read()))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status == 0:
            await self.over.wait()
        return web.Response(status=status or 500, text="" if status == 204 else '{"code":"FAIL"}')


@asynccontextmanager
async def receiving(*answers: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers) or [204])
    runner = web.ServerRunner(web.Server(receiver.take))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/wechatpay/notify"
        yield receiver
    finally:
        receiver.over.set()
        await runner.cleanup()


def telling(**settings: Any) -> tuple[WeChatPay, Coupon]:
    """A stand-in, and a coupon to tell of."""
    pay = a_pay(**{"stocks": [TELLING], "repeats": AT_ONCE, **settings})
    return pay, pay.give(OPENID, "77", "REQ_1")


def opened(pay: WeChatPay, notice: Heard) -> Any:
    resource = notice.json()["resource"]
    return json.loads(
        AESGCM(pay.merchant.apiv3_key.encode()).decrypt(
            resource["nonce"].encode(),
            b64decode(resource["ciphertext"]),
            resource["associated_data"].encode(),
        )
    )


async def set_callback(caller: Caller, url: str, **members: str) -> Heard:
    return await caller.call("POST", CALLBACKS, json.dumps({"notify_url": url, **members}).encode())


async def test_the_address_is_set_and_read() -> None:
    clock = StillClock()
    pay = a_pay(clock=clock)
    url = "https://coupons.example/wechatpay/notify"
    async with calling(pay, clock) as caller:
        unset = await caller.get(f"{CALLBACKS}?mchid={pay.merchant.mchid}")
        answer = await set_callback(caller, url, mchid=pay.merchant.mchid)
        read = await caller.get(f"{CALLBACKS}?mchid={pay.merchant.mchid}")
    assert (unset.status, unset.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    assert answer.json() == {
        "update_time": rfc3339(clock.now_ms),
        "notify_url": url,
        "mchid": pay.merchant.mchid,
    }
    assert read.json() == {"notify_url": url, "mchid": pay.merchant.mchid}


@pytest.mark.parametrize(
    "url",
    [
        "http://coupons.example/notify",
        "https://coupons.example/notify?x=1",
        "https://c.co"[:9],
        "https://x.example/" + "n" * 240,
        "ftp://127.0.0.1/notify",
        "https:///notify",
    ],
)
async def test_an_address_the_platform_would_not_take_is_refused(url: str) -> None:
    async with calling(a_pay()) as caller:
        heard = await set_callback(caller, url)
    assert (heard.status, heard.json()["detail"]["field"]) == (400, "/notify_url")


async def test_the_address_of_another_merchant_is_nobodys() -> None:
    async with calling(a_pay()) as caller:
        setting = await set_callback(caller, "https://coupons.example/notify", mchid="1900000110")
        reading = await caller.get(f"{CALLBACKS}?mchid=1900000110")
    assert {setting.json()["code"], reading.json()["code"]} == {"MCH_NOT_EXISTS"}


async def test_a_notification_is_signed_encrypted_and_says_what_was_given() -> None:
    pay, coupon = telling()
    async with receiving() as receiver:
        notice = await pay.notify(coupon, receiver.url)
    [came] = receiver.came
    came.verify(public_key(pay.merchant.public_key_pem))
    assert came.headers["Wechatpay-Serial"] == pay.merchant.public_key_id
    envelope = came.json()
    assert (envelope["event_type"], envelope["resource_type"]) == ("COUPON.SEND", "encrypt-resource")
    assert envelope["resource"]["original_type"] == "coupon"
    assert envelope["resource"]["algorithm"] == "AEAD_AES_256_GCM"
    assert opened(pay, came) == {
        "event_type": "EVENT_TYPE_BUSICOUPON_SEND",
        "coupon_code": coupon.coupon_code,
        "stock_id": "77",
        "send_time": rfc3339(coupon.given_at_ms),
        "openid": OPENID,
        "send_channel": "BUSICOUPON_SEND_CHANNEL_API",
        "send_merchant": pay.merchant.mchid,
    }
    assert pay.ledger.notices == [notice]
    assert (notice.received, notice.attempts[0].status) == (True, 204)


async def test_without_notify_appid_there_is_no_openid() -> None:
    pay = a_pay(repeats=AT_ONCE)
    coupon = pay.give(OPENID, "1212121212", "REQ_1")
    async with receiving() as receiver:
        await pay.notify(coupon, receiver.url)
    assert "openid" not in opened(pay, receiver.came[0])
    assert OPENID.encode() not in receiver.came[0].body


async def test_it_comes_back_with_a_fresh_signature_until_it_is_taken() -> None:
    pay, coupon = telling()
    async with receiving(500, 404, 302, 201, 200) as receiver:
        notice = await pay.notify(coupon, receiver.url, repeat=True)
    assert [attempt.status for attempt in notice.attempts] == [500, 404, 302, 201, 200]
    assert notice.attempts[0].answer == b'{"code":"FAIL"}'
    assert {came.body for came in receiver.came} == {receiver.came[0].body}
    for name in ("Wechatpay-Nonce", "Wechatpay-Signature"):
        assert len({came.headers[name] for came in receiver.came}) == 5
    for came in receiver.came:
        came.verify(public_key(pay.merchant.public_key_pem))


async def test_after_eleven_deliveries_it_is_given_up() -> None:
    pay, coupon = telling()
    async with receiving(500) as receiver:
        notice = await pay.notify(coupon, receiver.url, repeat=True)
    assert (len(receiver.came), notice.received, notice.done) == (11, False, True)


async def test_an_answer_that_comes_too_late_is_none() -> None:
    pay, coupon = telling(repeats=Repeats(pause_s=0, answer_within_s=0.05))
    async with receiving(0, 204) as receiver:
        notice = await pay.notify(coupon, receiver.url, repeat=True)
    first, *_, last = notice.attempts
    # On a busy machine the next one may come too late as well.
    assert (first.status, last.status, notice.received) == (None, 204, True)
    assert first.error is not None


async def test_an_address_where_nobody_listens_is_tried_and_written_down() -> None:
    pay, coupon = telling()
    async with receiving() as receiver:
        url = receiver.url
    notice = await pay.notify(coupon, url)
    assert (notice.received, notice.attempts[0].status) == (False, None)
    assert notice.attempts[0].error == "ClientConnectorError"


async def test_the_same_coupon_told_twice_keeps_its_id() -> None:
    pay, coupon = telling()
    async with receiving() as receiver:
        await pay.notify(coupon, receiver.url)
        await pay.notify(coupon, receiver.url)
        await pay.notify(pay.give(OPENID, "77", "REQ_2"), receiver.url)
    first, again, other = (came.json()["id"] for came in receiver.came)
    assert first == again != other


@pytest.mark.parametrize("fault", [NoticeFault.FORGED_SIGNATURE, NoticeFault.SIGNTEST, NoticeFault.TRUNCATED])
async def test_a_lie_about_the_signature_does_not_verify_and_the_genuine_one_follows(
    fault: NoticeFault,
) -> None:
    pay, coupon = telling()
    async with receiving(401, 204) as receiver:
        notice = await pay.notify(coupon, receiver.url, repeat=True, fault=fault)
    lie, truth = receiver.came
    with pytest.raises((InvalidSignature, ValueError)):
        lie.verify(public_key(pay.merchant.public_key_pem))
    truth.verify(public_key(pay.merchant.public_key_pem))
    assert [attempt.fault for attempt in notice.attempts] == [fault, None]
    assert lie.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/") == (
        fault is NoticeFault.SIGNTEST
    )


async def test_lies_that_are_signed_well_are_wrong_in_their_own_way() -> None:
    clock = StillClock()
    pay, coupon = telling(clock=clock)
    key = public_key(pay.merchant.public_key_pem)
    came = {}
    async with receiving(401) as receiver:
        for fault in NoticeFault:
            await pay.notify(coupon, receiver.url, fault=fault)
            came[fault] = receiver.came[-1]
    for fault in (NoticeFault.STALE, NoticeFault.WRONG_APIV3_KEY, NoticeFault.WRONG_SERIAL):
        came[fault].verify(key)
    assert clock.now_ms // 1000 - int(came[NoticeFault.STALE].headers["Wechatpay-Timestamp"]) > 300
    assert came[NoticeFault.WRONG_SERIAL].headers["Wechatpay-Serial"] != pay.merchant.public_key_id
    assert not any(name in came[NoticeFault.UNSIGNED].headers for name in TRUST_HEADERS)
    with pytest.raises(InvalidTag):
        opened(pay, came[NoticeFault.WRONG_APIV3_KEY])
    with pytest.raises(json.JSONDecodeError):
        came[NoticeFault.TRUNCATED].json()


async def test_an_oversized_one_is_signed_and_whole_and_only_too_long() -> None:
    pay, coupon = telling()
    async with receiving() as receiver:
        await pay.notify(coupon, receiver.url, fault=NoticeFault.OVERSIZED)
    [came] = receiver.came
    assert len(came.body) > 2 * 1024 * 1024
    came.verify(public_key(pay.merchant.public_key_pem))
    assert opened(pay, came)["coupon_code"] == coupon.coupon_code


async def test_a_merchant_on_the_move_is_told_with_the_key_asked_for() -> None:
    pay, coupon = telling(mode=KeyMode.BOTH)
    async with receiving() as receiver:
        await pay.notify(coupon, receiver.url)
        await pay.notify(coupon, receiver.url, serial=pay.merchant.public_key_id)
    usual, asked_for = (came.headers["Wechatpay-Serial"] for came in receiver.came)
    assert (asked_for, usual != asked_for) == (pay.merchant.public_key_id, True)


async def test_each_new_coupon_is_told_by_itself_once_even_when_the_answer_was_lost() -> None:
    pay = a_pay(stocks=[TELLING], repeats=AT_ONCE, notify_sends=True)
    pay.faults.queue(Fault(FaultKind.SYSTEM_ERROR_500, given=True))
    async with receiving(500, 204) as receiver, calling(pay) as caller:
        await set_callback(caller, receiver.url)
        lost = await caller.send(stock_id="77")
        again = await caller.send(stock_id="77")
        async with asyncio.timeout(60):
            await pay.ledger.until(lambda ledger: bool(ledger.notices) and ledger.notices[0].done)
    assert (lost.status, again.status) == (500, 200)
    [notice] = pay.ledger.notices
    assert [attempt.status for attempt in notice.attempts] == [500, 204]
    assert opened(pay, receiver.came[0])["coupon_code"] == again.json()["coupon_code"]


async def test_nothing_is_told_beyond_this_machine() -> None:
    pay = a_pay(stocks=[TELLING], notify_sends=True)
    async with calling(pay) as caller:
        await set_callback(caller, "https://coupons.example/notify")
        await caller.send(stock_id="77")
    [notice] = pay.ledger.notices
    assert notice.attempts[0].error == "not an address of this machine, nothing was sent"
    with pytest.raises(ValueError, match="loopback addresses only"):
        await pay.notify(pay.ledger.coupons[0])


async def test_without_an_address_a_notification_has_nowhere_to_go() -> None:
    pay, coupon = telling()
    with pytest.raises(ValueError, match="none was set"):
        await pay.notify(coupon)


async def test_repeats_still_due_end_with_the_stand_in() -> None:
    pay = a_pay(stocks=[TELLING], notify_sends=True, repeats=Repeats(pause_s=3600))
    async with receiving(500) as receiver:
        async with calling(pay) as caller:
            await set_callback(caller, receiver.url)
            await caller.send(stock_id="77")
            async with asyncio.timeout(60):
                await pay.ledger.until(
                    lambda ledger: bool(ledger.notices) and bool(ledger.notices[0].attempts)
                )
        [notice] = pay.ledger.notices
    assert (len(notice.attempts), notice.done) == (1, True)
