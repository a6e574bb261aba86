"""WeChat Pay for one merchant: put together here, and served on loopback."""

import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from aiohttp import web

from sandbox.wechatpay.admin import PREFIX, Admin
from sandbox.wechatpay.clock import Clock, system_clock
from sandbox.wechatpay.faults import Faults
from sandbox.wechatpay.keyring import DAY_MS, KeyMode, KeyRing
from sandbox.wechatpay.keys import KeyMaterial
from sandbox.wechatpay.ledger import Coupon, CouponState, Endpoint, Ledger
from sandbox.wechatpay.looking_up import LookingUp
from sandbox.wechatpay.pipeline import Pipeline
from sandbox.wechatpay.routes import Target, query_of
from sandbox.wechatpay.sending import Order, Sending, already_exists, send_answer
from sandbox.wechatpay.signatures import Verifier
from sandbox.wechatpay.stocks import Stock

_SHUTDOWN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A stand-in that listens. `url` has no slash at its end."""

    url: str
    wechatpay: "WeChatPay"


class WeChatPay:
    """One merchant's WeChat Pay. Its coupons, numbers and ledger live as long as the object: serving it
    again, on the same port too, is the platform back after an outage.

    `wrapped_answer`: the send answers inside `send_coupon_result`. `repeats_refused`: a repeated number is
    answered RESOURCE_ALREADY_EXISTS instead of the first result. `visible_after_ms`: how long a new coupon
    stays out of the lists. These three and `stocks` may be changed at any time.
    """

    def __init__(
        self,
        keys: KeyMaterial,
        *,
        stocks: Iterable[Stock] = (),
        mode: KeyMode = KeyMode.PUBLIC_KEY,
        clock: Clock = system_clock,
        wrapped_answer: bool = False,
        repeats_refused: bool = False,
        visible_after_ms: int = 0,
    ) -> None:
        mchid, appid = keys.merchant.mchid, keys.merchant.appid
        self.merchant = keys.merchant
        self.stocks: dict[str, Stock] = {}
        self.ledger = Ledger()
        self.faults = Faults()
        self.wrapped_answer = wrapped_answer
        self.repeats_refused = repeats_refused
        self.visible_after_ms = visible_after_ms
        self._clock = clock
        self._keys = KeyRing(keys, mode)
        self._sending = Sending(appid=appid, stocks=self.stocks, ledger=self.ledger)
        self._looking_up = LookingUp(
            mchid=mchid, appid=appid, stocks=self.stocks, sending=self._sending, opened_ms=clock()
        )
        self._pipeline = Pipeline(
            verifier=Verifier(keys.merchant, clock),
            keys=self._keys,
            faults=self.faults,
            ledger=self.ledger,
            clock=clock,
            carry_out=self._carry_out,
        )
        self._admin = Admin(ledger=self.ledger, faults=self.faults, rotate=self.rotate)
        for stock in stocks:
            self.open_stock(stock)

    def open_stock(self, stock: Stock) -> None:
        """A stock the platform did not know before."""
        self.stocks[stock.stock_id] = stock
        self.upload_codes(stock.stock_id, stock.uploaded_codes)

    def upload_codes(self, stock_id: str, codes: Iterable[str]) -> None:
        """More codes for a MERCHANT_UPLOAD stock."""
        self._sending.upload_codes(stock_id, codes)

    def mark(self, coupon: Coupon, state: CouponState) -> None:
        """What became of a coupon: used, expired, deleted by the user, deactivated."""
        self._looking_up.states[coupon] = state

    def rotate(self, keep_old_ms: int = DAY_MS) -> str:
        """A new platform certificate, which signs from now on; the old one stays in the download for
        `keep_old_ms`. Returns the new serial. Raises ValueError in public-key mode."""
        return self._keys.rotate(self._clock(), keep_old_ms=keep_old_ms)

    def release(self) -> None:
        """Answers held back by a `slow` fault leave now."""
        self._pipeline.release()

    @asynccontextmanager
    async def serve(
        self, *, host: str = "127.0.0.1", port: int = 0, ssl_context: ssl.SSLContext | None = None
    ) -> AsyncGenerator[Running]:
        """Listens while the context lasts; port 0 takes a free one. Raises ValueError for an address beyond
        this machine: the side door needs no password."""
        if not ip_address(host).is_loopback:
            raise ValueError(f"host is {host}; the stand-in serves loopback addresses only, like 127.0.0.1")
        runner = web.ServerRunner(
            web.Server(self._handle, access_log=None, auto_decompress=False),
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, ssl_context=ssl_context)
            await site.start()
            shown = f"[{host}]" if ":" in host else host
            scheme = "http" if ssl_context is None else "https"
            yield Running(f"{scheme}://{shown}:{runner.addresses[0][1]}", self)
        finally:
            self.release()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.raw_path.startswith(PREFIX):
            return await self._admin.handle(request)
        return await self._pipeline.handle(request)

    def _carry_out(self, target: Target, query: str, body: bytes) -> dict[str, Any]:
        now_ms = self._clock()
        until_ms = now_ms - self.visible_after_ms
        match target.endpoint:
            case Endpoint.SEND:
                return self._send(body, now_ms)
            case Endpoint.COUPONS:
                return self._looking_up.coupons(*target.names, query=query_of(query), until_ms=until_ms)
            case Endpoint.COUPON:
                return self._looking_up.coupon(*target.names, until_ms=until_ms)
            case Endpoint.STOCK:
                return self._looking_up.stock(*target.names)
            case Endpoint.CERTIFICATES:
                return self._keys.certificates(query_of(query), now_ms)

    def _send(self, body: bytes, now_ms: int) -> dict[str, Any]:
        coupon, repeated = self._sending.give(Order.parse(body), now_ms)
        if repeated and self.repeats_refused:
            raise already_exists()
        return send_answer(coupon, wrapped=self.wrapped_answer)
