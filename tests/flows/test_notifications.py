"""WeChat Pay says that a coupon was received: at `/wechatpay/notify` of the whole bot, by its stand-in.

The pauses between attempts are long, so that nothing but the notification can have settled anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.clock import utc_ms
from coupons.settling import Pace
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode, signed_headers
from sandbox.wechatpay.ledger import Coupon, Endpoint
from sandbox.wechatpay.notices import NoticeFault, Repeats
from storage.driver import sqlite3
from tests.world import LATE, OPENID, World, keys, until, world

PATIENT = Pace(pauses_s=(600,), tries=8, quiet_ms=600_000, in_flight=16)
OTHER_OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS7p"


@dataclass(slots=True)
class Door:
    """The bot, and the address where it is notified."""

    shop: World
    url: str
    logs: list[Any]

    async def tell(
        self, coupon: Coupon, *, fault: NoticeFault | None = None, **options: Any
    ) -> list[int | None]:
        notice = await self.shop.wechatpay.notify(
            coupon, f"{self.url}/wechatpay/notify", fault=fault, **options
        )
        return [attempt.status for attempt in notice.attempts]

    async def post(self, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.post(f"{self.url}/wechatpay/notify", data=body, headers=headers) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def counted(self, result: str) -> int:
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.get(f"{self.url}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
        [line] = [
            line for line in lines if line.startswith(f'coupon_notifications_total{{result="{result}"}}')
        ]
        return int(float(line.rpartition(" ")[2]))

    async def counts(self, result: str, number: int) -> None:
        """Wait for it: who hung up is told nothing when it is counted."""
        async with asyncio.timeout(60):
            while await self.counted(result) < number:  # noqa: ASYNC110 - numbers tell nobody that they grew
                await asyncio.sleep(0.01)

    def heard(self) -> list[dict[str, Any]]:
        return [event for event in self.shop.events() if event["tag"] == "coupon:received"]

    async def in_doubt(self, fault: FaultKind) -> int:
        """A request whose only attempt ended without an answer."""
        self.shop.wechatpay.faults.queue(Fault(fault))
        number = await self.shop.ask()
        await self.shop.approve(number)
        await self.shop.state(number, "unknown")
        return number

    async def sent(self) -> tuple[int, Coupon]:
        number = await self.shop.ask()
        await self.shop.approve(number)
        await self.shop.state(number, "sent")
        return number, self.shop.wechatpay.ledger.coupons[-1]

    def with_openid(self) -> None:
        """From now on notifications name the customer."""
        stocks = self.shop.wechatpay.stocks
        stocks[LATE] = replace(stocks[LATE], notify_appid=self.shop.wechatpay.merchant.appid)

    def lookups(self, number: int) -> list[dict[str, Any]]:
        return [event["detail"] for event in self.shop.events(number) if event["tag"] == "coupon:looked_up"]


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncGenerator[Door]:
    with capture_logs() as logs:
        async with world(folder, pace=PATIENT, **options) as shop:
            [address] = next(line["addresses"] for line in logs if line["event"] == "listening")
            yield Door(shop, f"http://{address}", logs)
            shop.audit_holds()
    # Wherever they came from, people are named in no log line and in no event.
    assert OPENID not in repr(logs)
    assert OPENID not in repr(shop.events())
    assert OPENID not in repr(shop.rows("select * from notice"))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncGenerator[Door]:
    async with opened(tmp_path) as here:
        yield here


@pytest.mark.parametrize("openid", [True, False])
async def test_an_unknown_request_is_settled_by_looking_and_not_by_sending_again(
    door: Door, *, openid: bool
) -> None:
    if openid:
        door.with_openid()
    number = await door.in_doubt(FaultKind.LOST_ANSWER)
    [coupon] = door.shop.wechatpay.ledger.coupons
    assert await door.tell(coupon) == [204]
    await door.shop.state(number, "sent")
    row = door.shop.row(number)
    assert row is not None
    assert (row["coupon_code"], row["look_at"], row["due_at"]) == (coupon.coupon_code, None, None)
    assert len(door.shop.wechatpay.ledger.sends_of(coupon.out_request_no)) == 1
    [heard] = door.heard()
    assert heard["request_id"] is None
    assert heard["actor"] == "system"
    assert heard["detail"] == {
        "event": "COUPON.SEND",
        "stock_id": LATE,
        "coupon_code": coupon.coupon_code,
        "send_channel": "BUSICOUPON_SEND_CHANNEL_API",
        "send_time": heard["detail"]["send_time"],
        "matched": False,
        "woke": [number],
    }
    assert door.lookups(number) == [{"result": "found", "by": "notification"}]
    [sent] = [event for event in door.shop.events(number) if event["tag"] == "request:sent"]
    assert sent["detail"] == {"coupon_code": coupon.coupon_code, "by": "look"}
    assert await door.shop.reply(number, coupon.coupon_code)


async def test_a_notification_alone_proves_nothing_the_list_decides(door: Door) -> None:
    """The customer got another coupon of the stock; ours was never given, and stays unknown."""
    door.with_openid()
    _, coupon = await door.sent()
    number = await door.in_doubt(FaultKind.CUT_BEFORE)
    before = door.shop.row(number)
    assert before is not None
    assert await door.tell(replace(coupon, coupon_code="SOMEWHERE-ELSE")) == [204]
    await until(lambda: door.lookups(number) or None)
    after = door.shop.row(number)
    assert after is not None
    assert door.lookups(number) == [{"result": "absent", "by": "notification"}]
    assert (after["state"], after["look_at"], after["coupon_code"]) == ("unknown", None, None)
    # The ordinary repeats go on as if nothing had been looked at.
    for name in ("due_at", "attempts", "open_attempts", "absent_looks"):
        assert after[name] == before[name]


async def test_what_another_customer_or_another_stock_received_wakes_nothing(door: Door) -> None:
    door.with_openid()
    number = await door.in_doubt(FaultKind.LOST_ANSWER)
    [coupon] = door.shop.wechatpay.ledger.coupons
    assert await door.tell(replace(coupon, coupon_code="A", openid=OTHER_OPENID)) == [204]
    assert await door.tell(replace(coupon, coupon_code="B", stock_id="3434343434")) == [204]
    assert [heard["detail"]["woke"] for heard in door.heard()] == [[], []]
    row = door.shop.row(number)
    assert row is not None
    assert (row["state"], row["look_at"]) == ("unknown", None)


async def test_a_coupon_that_we_know_is_confirmed_once_however_often_it_is_told(door: Door) -> None:
    number, coupon = await door.sent()
    found = await asyncio.gather(*(door.tell(coupon) for _ in range(8)))
    assert found == [[204]] * 8
    [heard] = door.heard()
    assert heard["request_id"] == number
    assert heard["detail"]["matched"] is True
    assert heard["detail"]["woke"] == []
    assert (await door.counted("received"), await door.counted("duplicate")) == (1, 7)


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (NoticeFault.FORGED_SIGNATURE, 401, "bad_signature"),
        (NoticeFault.SIGNTEST, 401, "bad_signature"),
        (NoticeFault.TRUNCATED, 401, "bad_signature"),
        (NoticeFault.STALE, 401, "stale"),
        (NoticeFault.WRONG_SERIAL, 401, "unknown_serial"),
        (NoticeFault.UNSIGNED, 401, "unsigned"),
        (NoticeFault.WRONG_APIV3_KEY, 500, "undecryptable"),
        (NoticeFault.OVERSIZED, 413, "too_large"),
    ],
)
async def test_a_lie_is_refused_and_counted_and_the_genuine_one_that_follows_is_taken(
    tmp_path: Path, fault: NoticeFault, status: int, reason: str
) -> None:
    async with opened(tmp_path, repeats=Repeats(pause_s=0.01)) as door:
        number, coupon = await door.sent()
        assert await door.tell(coupon, fault=fault) == [status]
        assert door.heard() == []
        assert door.shop.rows("select * from notice") == []
        assert await door.counted(reason) == 1
        assert await door.tell(coupon, fault=fault, repeat=True) == [status, 204]
        assert [heard["request_id"] for heard in door.heard()] == [number]
        assert (await door.counted(reason), await door.counted("received")) == (2, 1)


async def test_each_refusal_says_fail_and_one_word_why(door: Door) -> None:
    assert await door.post(b"{}", {}) == (401, {"code": "FAIL", "message": "unsigned"})


async def test_a_body_without_a_length_is_not_held_past_its_limit(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"x" * 1024

    assert await door.post(endless(), {}) == (413, {"code": "FAIL", "message": "too_large"})
    small = b"x" * 64 * 1024
    assert (await door.post(small, {}))[1]["message"] == "unsigned"


async def test_what_cannot_be_read_is_refused_and_counted(door: Door) -> None:
    status, answer = await door.post(b"this is no gzip", {"Content-Encoding": "gzip"})
    assert (status, answer) == (400, {"code": "FAIL", "message": "unreadable"})
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /wechatpay/notify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.close()
    await reader.read()
    await door.counts("unreadable", 2)


async def test_what_is_about_something_else_is_accepted_and_only_counted(door: Door) -> None:
    body = b'{"id":"EV-1","event_type":"PRODUCT_COUPON.SEND","resource":{}}'
    headers = signed_headers(keys().public_key, 0, body)
    assert (await door.post(body, headers))[1]["message"] == "stale"
    assert await door.post(body, now_signed(body)) == (204, None)
    assert await door.counted("other") == 1
    assert door.heard() == []


async def test_a_genuine_one_that_is_not_as_documented_is_sent_again(door: Door) -> None:
    body = b'{"id":"EV-1","event_type":"COUPON.SEND","resource":{}}'
    assert await door.post(body, now_signed(body)) == (500, {"code": "FAIL", "message": "malformed"})
    [line] = [line for line in door.logs if line["event"] == "notification_refused"]
    assert line["log_level"] == "warning"


async def test_it_is_on_disk_when_it_is_answered_and_asked_for_again_when_it_is_not(door: Door) -> None:
    _, coupon = await door.sent()
    await door.shop.quiet()
    blocker = sqlite3.connect(door.shop.folder / "coupon.db", isolation_level=None)
    try:
        blocker.execute("begin immediate")
        assert await door.tell(coupon) == [503]
        assert door.heard() == []
        blocker.execute("rollback")
    finally:
        blocker.close()
    assert await door.counted("not_kept") == 1
    assert await door.tell(coupon) == [204]
    # Looked at without waiting: the answer came after the commit.
    assert len(door.heard()) == len(door.shop.rows("select * from notice")) == 1


async def test_a_certificate_not_seen_before_is_fetched_once_and_strangers_cannot_ask_for_more(
    tmp_path: Path,
) -> None:
    """A merchant moving to the public key is notified under either, and downloads nothing at start."""
    async with opened(tmp_path, mode=KeyMode.BOTH) as door:
        number, coupon = await door.sent()
        at_start = downloads(door)
        assert await door.tell(coupon, serial=keys().certificate.serial) == [204]
        assert [heard["request_id"] for heard in door.heard()] == [number]
        for _ in range(5):
            assert await door.tell(coupon, fault=NoticeFault.WRONG_SERIAL) == [401]
        assert downloads(door) == at_start + 1


def downloads(door: Door) -> int:
    return [request.endpoint for request in door.shop.wechatpay.ledger.requests].count(Endpoint.CERTIFICATES)


def now_signed(body: bytes) -> dict[str, str]:
    return signed_headers(keys().public_key, utc_ms() // 1000, body)
