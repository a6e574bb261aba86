"""What really happened here: each coupon that was given and each request that came."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sandbox.wechatpay.signatures import Judgement


class Endpoint(StrEnum):
    """All but the last under /v3/marketing/busifavor; the paths stand in routes.py."""

    SEND = "send"
    PRODUCT_SEND = "product_send"
    COUPONS = "coupons"  # a user's
    COUPON = "coupon"
    USE = "use"
    RETURN = "return"
    DEACTIVATE = "deactivate"
    ASSOCIATE = "associate"
    DISASSOCIATE = "disassociate"
    MAKE_STOCK = "make_stock"
    STOCK = "stock"
    PATCH_STOCK = "patch_stock"
    BUDGET = "budget"
    UPLOAD_CODES = "upload_codes"
    CODE = "code"  # an uploaded one
    SET_CALLBACK = "set_callback"
    CALLBACK = "callback"
    CERTIFICATES = "certificates"  # GET /v3/certificates


SENDS = (Endpoint.SEND, Endpoint.PRODUCT_SEND)


class CouponState(StrEnum):
    SENDED = "SENDED"
    USED = "USED"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    DEACTIVATED = "DEACTIVATED"


@dataclass(frozen=True, slots=True)
class Coupon:
    """One coupon in a user's hands. `given_at_ms` is UTC."""

    openid: str = field(repr=False)
    appid: str
    stock_id: str
    out_request_no: str
    coupon_code: str
    given_at_ms: int


@dataclass(slots=True)
class Received:
    """One request, filled in while it is served. `status` stays None when the connection was cut, and `code`
    where the answer names no error; `done` says that nothing more will happen to it here, from `done_at_ms`
    on."""

    seq: int
    at_ms: int
    endpoint: Endpoint | None
    method: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str
    verdict: Judgement | None = None
    fault: str | None = None
    status: int | None = None
    code: str | None = None
    done: bool = False
    done_at_ms: int | None = None

    @property
    def body_sha256(self) -> str:
        return sha256(self.body).hexdigest()

    @property
    def out_request_no(self) -> str | None:
        """As the body says; None where it is no JSON object with that member as text."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        number = parsed.get("out_request_no") if isinstance(parsed, dict) else None
        return number if isinstance(number, str) else None

    def summary(self) -> dict[str, Any]:
        """For other processes: all but the body itself."""
        return {
            "seq": self.seq,
            "at_ms": self.at_ms,
            "endpoint": self.endpoint,
            "method": self.method,
            "url": self.url,
            "out_request_no": self.out_request_no,
            "body_sha256": self.body_sha256,
            "request_id": self.request_id,
            "verdict": self.verdict,
            "fault": self.fault,
            "status": self.status,
            "done": self.done,
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery of a notification. `status` is None where no answer came in time; `error` then says why.
    `fault` names the lie told; `answer` holds the first bytes of the answer's body."""

    at_ms: int
    fault: str | None
    status: int | None = None
    answer: bytes = b""
    error: str | None = None


@dataclass(slots=True)
class Notice:
    """A notification of one coupon with all its deliveries. `done`: nothing more will be tried."""

    coupon: Coupon
    url: str
    attempts: list[Attempt] = field(default_factory=list)
    done: bool = False

    @property
    def received(self) -> bool:
        """The last delivery was answered 200 or 204."""
        return bool(self.attempts) and self.attempts[-1].status in (200, 204)

    def summary(self) -> dict[str, Any]:
        return {
            "stock_id": self.coupon.stock_id,
            "coupon_code": self.coupon.coupon_code,
            "url": self.url,
            "received": self.received,
            "done": self.done,
            "attempts": [
                {
                    "at_ms": attempt.at_ms,
                    "fault": attempt.fault,
                    "status": attempt.status,
                    "answer": attempt.answer.decode("utf-8", "replace"),
                    "error": attempt.error,
                }
                for attempt in self.attempts
            ],
        }


class Ledger:
    def __init__(self) -> None:
        self.coupons: list[Coupon] = []
        self.notices: list[Notice] = []
        self.requests: list[Received] = []
        self._waiting: list[asyncio.Future[None]] = []

    def coupons_of(self, out_request_no: str) -> list[Coupon]:
        """The promise to assert is `len(...) <= 1`."""
        return [coupon for coupon in self.coupons if coupon.out_request_no == out_request_no]

    def sends_of(self, out_request_no: str) -> list[Received]:
        """Every send with this number, well signed or not. The promise: all have one and the same `body`."""
        return [
            request
            for request in self.requests
            if request.endpoint in SENDS and request.out_request_no == out_request_no
        ]

    async def until(self, holds: Callable[["Ledger"], bool]) -> None:
        """Returns when the condition holds, which is tried at each change. Bound it with asyncio.timeout."""
        while not holds(self):
            await self.next_change()

    async def next_change(self) -> None:
        """Returns at the next change of anything here."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def changed(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
