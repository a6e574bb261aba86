"""`POST /coupons/send` and its successor: what the body must look like, and the one place of giving."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import (
    NOT_RUNNING,
    bad_parameter,
    budget_used_up,
    day_used_up,
    invalid_request,
    limit_reached,
    not_found,
    number_with_other_data,
    wrong_appid,
)
from sandbox.wechatpay.ledger import Coupon, Ledger
from sandbox.wechatpay.members import APPID, COUPON_CODE, OPENID, STOCK_ID, Shape, number, one_of, text
from sandbox.wechatpay.stocks import CodeMode, Stock, Stocks, StockState
from sandbox.wechatpay.uploaded_codes import UploadedCodes

_SEND = {
    "openid*": OPENID,
    "appid*": APPID,
    "stock_id*": STOCK_ID,
    "out_request_no*": number(),
    "coupon_code": COUPON_CODE,
}
_SHAPE = Shape(_SEND)
_PRODUCT_SHAPE = Shape({**_SEND, "coupon_type*": one_of(("NORMAL", "MEMBER")), "member_card_id": text(1, 32)})


@dataclass(frozen=True, slots=True)
class Order:
    """The members of a send. The last two only in `product-coupons/send`."""

    openid: str
    appid: str
    stock_id: str
    out_request_no: str
    coupon_code: str | None = None
    coupon_type: str | None = None
    member_card_id: str | None = None

    @classmethod
    def parse(cls, body: bytes) -> "Order":
        """Raises RefusedError: PARAM_ERROR, with the member in `detail.field`."""
        return cls(**_SHAPE.parse(body))

    @classmethod
    def parse_product(cls, body: bytes) -> "Order":
        """Raises RefusedError, as `parse`."""
        order = cls(**_PRODUCT_SHAPE.parse(body))
        if (order.coupon_type == "MEMBER") != (order.member_card_id is not None):
            raise bad_parameter("/member_card_id", "with coupon_type MEMBER, and only with it")
        return order


class Sending:
    """Gives coupons. Every way to a coupon goes through `give`, and each is written in the ledger."""

    def __init__(self, *, appid: str, stocks: Stocks, ledger: Ledger, codes: UploadedCodes) -> None:
        self._appid = appid
        self._stocks = stocks
        self._ledger = ledger
        self.codes = codes
        self._rng = Random()  # never seeded: two runs of the stand-in must not give the same codes
        self._by_number: dict[str, tuple[Order, Coupon]] = {}
        self._per_user: Counter[tuple[str, str]] = Counter()
        self._per_day: Counter[tuple[str, str]] = Counter()
        self.given: Counter[str] = Counter()
        self.by_openid: dict[str, list[Coupon]] = {}
        self.by_code: dict[tuple[str, str], Coupon] = {}

    def given_on(self, stock: Stock, now_ms: int) -> int:
        """How many of this stock on the day (of Beijing) that holds `now_ms`."""
        return self._per_day[stock.stock_id, _day(now_ms)]

    def give(self, order: Order, now_ms: int) -> tuple[Coupon, bool]:
        """The coupon of this number, and whether it was there before. Raises RefusedError.

        A number belongs to one coupon for ever: the first result comes back even when the stock is paused
        or used up meanwhile. A number whose attempts were all refused is still free."""
        if order.appid != self._appid:
            raise wrong_appid()
        before = self._by_number.get(order.out_request_no)
        if before is not None:
            if before[0] != order:
                raise number_with_other_data()
            return before[1], True
        stock = self._stocks.by_id.get(order.stock_id)
        if stock is None:
            raise not_found("批次不存在")
        self._check_code(order, stock)
        self._check_limits(order, stock, now_ms)
        return self._new(order, self._code(order, stock), now_ms), False

    def _check_code(self, order: Order, stock: Stock) -> None:
        if stock.code_mode is not CodeMode.MERCHANT_API:
            if order.coupon_code is not None:
                raise invalid_request("该批次的code模式不支持传入coupon_code")
            return
        if order.coupon_code is None:
            raise bad_parameter("/coupon_code", "missing, this stock is MERCHANT_API")
        if (order.stock_id, order.coupon_code) in self.by_code:
            raise invalid_request("coupon_code已被使用")

    def _check_limits(self, order: Order, stock: Stock, now_ms: int) -> None:
        if stock.state is not StockState.RUNNING:
            raise invalid_request("批次未在发放状态", number=NOT_RUNNING)
        begin_ms, end_ms = self._stocks.period(stock)
        if not begin_ms <= now_ms <= end_ms:
            raise invalid_request("活动未开始或已结束", number=NOT_RUNNING)
        if self._per_user[stock.stock_id, order.openid] >= stock.max_coupons_per_user:
            raise limit_reached()
        if self.given[stock.stock_id] >= stock.max_coupons or (
            stock.code_mode is CodeMode.MERCHANT_UPLOAD and not self.codes.available(stock.stock_id)
        ):
            raise budget_used_up()
        if stock.max_coupons_by_day is not None and self.given_on(stock, now_ms) >= stock.max_coupons_by_day:
            raise day_used_up()

    def _code(self, order: Order, stock: Stock) -> str:
        if order.coupon_code is not None:
            return order.coupon_code
        if stock.code_mode is CodeMode.MERCHANT_UPLOAD:
            return self.codes.take(stock.stock_id)
        while True:
            code = str(self._rng.randrange(10**21, 10**22))
            if (stock.stock_id, code) not in self.by_code:
                return code

    def _new(self, order: Order, coupon_code: str, now_ms: int) -> Coupon:
        coupon = Coupon(order.openid, order.appid, order.stock_id, order.out_request_no, coupon_code, now_ms)
        self._by_number[order.out_request_no] = (order, coupon)
        self.by_code[order.stock_id, coupon_code] = coupon
        self._per_day[order.stock_id, _day(now_ms)] += 1
        self.codes.dispatched(coupon)
        self._per_user[order.stock_id, order.openid] += 1
        self.given[order.stock_id] += 1
        self.by_openid.setdefault(order.openid, []).append(coupon)
        self._ledger.coupons.append(coupon)
        self._ledger.changed()
        return coupon


def send_answer(coupon: Coupon, *, wrapped: bool) -> dict[str, Any]:
    """Flat on the documentation pages, inside `send_coupon_result` in the official SDKs: both are real."""
    result = {
        "stock_id": coupon.stock_id,
        "coupon_code": coupon.coupon_code,
        "out_request_no": coupon.out_request_no,
    }
    return {"send_coupon_result": result} if wrapped else result


def _day(now_ms: int) -> str:
    return rfc3339(now_ms)[:10]
