"""WeChat Pay for one merchant: put together here, and served on loopback."""

import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address

from aiohttp import web

from sandbox.wechatpay.admin import PREFIX, Admin
from sandbox.wechatpay.business import Business
from sandbox.wechatpay.clock import Clock, system_clock
from sandbox.wechatpay.errors import already_exists
from sandbox.wechatpay.faults import Faults
from sandbox.wechatpay.keyring import DAY_MS, KeyMode, KeyRing
from sandbox.wechatpay.keys import KeyMaterial, Merchant, with_new_certificate, with_new_public_key
from sandbox.wechatpay.ledger import Coupon, CouponState, Endpoint, Ledger, Notice
from sandbox.wechatpay.notices import NoticeFault, Notices, Repeats
from sandbox.wechatpay.pipeline import Pipeline
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.sending import Order, send_answer
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
    answered RESOURCE_ALREADY_EXISTS instead of the first result, a repeated deactivation by the coupon's
    state. `visible_after_ms`: how long a new coupon stays out of the lists. `notify_sends`: each new coupon
    is told to the address set with `POST /callbacks`, as often as `repeats` says. Those before the last, and
    `stocks`, may be changed at any time.
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
        notify_sends: bool = False,
        repeats: Repeats = Repeats(),  # noqa: B008  (frozen)
    ) -> None:
        self.merchant = keys.merchant
        self.ledger = Ledger()
        self.faults = Faults()
        self.wrapped_answer = wrapped_answer
        self.repeats_refused = repeats_refused
        self.visible_after_ms = visible_after_ms
        self.notify_sends = notify_sends
        self._clock = clock
        self._keys = KeyRing(keys, mode)
        self._verifier = Verifier(keys.merchant, clock)
        self._business = Business(
            mchid=keys.merchant.mchid,
            appid=keys.merchant.appid,
            opened_ms=clock(),
            ledger=self.ledger,
            visible_after_ms=lambda: self.visible_after_ms,
        )
        self._business.life.repeats_refused = repeats_refused
        self.stocks: dict[str, Stock] = self._business.stocks.by_id
        self._notices = Notices(
            apiv3_key=keys.merchant.apiv3_key,
            stocks=self._business.stocks,
            keys=self._keys,
            ledger=self.ledger,
            clock=clock,
            repeats=repeats,
        )
        endpoints = {
            **self._business.endpoints,
            Endpoint.SEND: self._send,
            Endpoint.PRODUCT_SEND: self._send_product,
            Endpoint.CERTIFICATES: self._keys.certificates,
        }
        self._pipeline = Pipeline(
            verifier=self._verifier,
            keys=self._keys,
            faults=self.faults,
            ledger=self.ledger,
            clock=clock,
            carry_out=lambda endpoint, asked: endpoints[endpoint](asked),
        )
        self._admin = Admin(ledger=self.ledger, faults=self.faults, rotate=self.rotate)
        for stock in stocks:
            self.open_stock(stock)

    def give(self, openid: str, stock_id: str, out_request_no: str, coupon_code: str | None = None) -> Coupon:
        """A coupon without a request: for what must be there before. Raises RefusedError as a send would."""
        order = Order(openid, self.merchant.appid, stock_id, out_request_no, coupon_code)
        return self._business.sending.give(order, self._clock())[0]

    def open_stock(self, stock: Stock) -> None:
        """A stock the platform did not know before."""
        self.stocks[stock.stock_id] = stock
        self.upload_codes(stock.stock_id, stock.uploaded_codes)

    def upload_codes(self, stock_id: str, codes: Iterable[str]) -> None:
        """More codes for a MERCHANT_UPLOAD stock."""
        self._business.codes.add(stock_id, codes, self._clock())

    def mark(self, coupon: Coupon, state: CouponState) -> None:
        """What became of a coupon: used, expired, deleted by the user, deactivated."""
        self._business.life.mark(coupon, state, self._clock())
        self.ledger.changed()

    def state_of(self, coupon: Coupon) -> CouponState:
        """What has become of a coupon by now."""
        return self._business.life.state(coupon, self._clock())

    async def notify(
        self,
        coupon: Coupon,
        url: str | None = None,
        *,
        repeat: bool = False,
        fault: NoticeFault | None = None,
        serial: str | None = None,
    ) -> Notice:
        """Posts a COUPON.SEND notification, and returns when it was delivered or given up.

        `url`: where to; None means the address set with `POST /callbacks`. `repeat`: comes back until the
        answer is 200 or 204, with a fresh time and signature; otherwise one delivery. `fault` bends the first
        delivery only. `serial`: signed with this key of the platform. Raises ValueError without an address
        or with one beyond this machine, RefusedError for a serial that is not the merchant's."""
        address = url if url is not None else self._business.callbacks.url
        if address is None:
            raise ValueError("no url given, and none was set with POST /callbacks")
        return await self._notices.tell(coupon, address, repeat=repeat, fault=fault, serial=serial)

    def rotate(self, keep_old_ms: int = DAY_MS) -> str:
        """A new platform certificate, which signs from now on; the old one stays in the download for
        `keep_old_ms`. Returns the new serial. Raises ValueError in public-key mode."""
        return self._keys.rotate(self._clock(), keep_old_ms=keep_old_ms)

    def issue_certificate(self) -> Merchant:
        """The merchant with another API certificate, key and serial; the one before stays valid."""
        issued = with_new_certificate(self.merchant, self._clock())
        self._verifier.add(issued)
        return issued

    def withdraw_certificate(self, serial_no: str) -> None:
        """A certificate of the merchant's is no longer accepted. Raises KeyError: there is none."""
        self._verifier.withdraw(serial_no)

    def issue_public_key(self) -> Merchant:
        """The merchant with another WeChat Pay public key and id; the one before stays valid."""
        issued, key = with_new_public_key(self.merchant, self._clock())
        self._keys.add_public_key(key)
        return issued

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
            await self._notices.stop()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.raw_path.startswith(PREFIX):
            return await self._admin.handle(request)
        return await self._pipeline.handle(request)

    def _send(self, asked: Asked) -> Result:
        coupon = self._give(Order.parse(asked.body), asked.now_ms)
        return send_answer(coupon, wrapped=self.wrapped_answer)

    def _send_product(self, asked: Asked) -> Result:
        return send_answer(self._give(Order.parse_product(asked.body), asked.now_ms), wrapped=False)

    def _give(self, order: Order, now_ms: int) -> Coupon:
        coupon, repeated = self._business.sending.give(order, now_ms)
        if repeated and self.repeats_refused:
            raise already_exists()
        url = self._business.callbacks.url
        if not repeated and self.notify_sends and url is not None:
            self._notices.soon(coupon, url)
        return coupon
