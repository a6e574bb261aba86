"""`POST /coupons/send`: what the body must look like, and the one place where a coupon is given."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.wechatpay.errors import (
    EXTRA_MEMBER,
    RefusedError,
    bad_parameter,
    budget_used_up,
    invalid_request,
    limit_reached,
    not_found,
    wrong_appid,
)
from sandbox.wechatpay.ledger import Coupon, Ledger
from sandbox.wechatpay.stocks import CodeMode, Stock, StockState

# Longest text of each member. Where the platform's pages give two lengths, the shorter: a client that
# keeps to it is right under both.
LENGTHS = {"openid": 128, "appid": 32, "stock_id": 20, "out_request_no": 128, "coupon_code": 32}
_OPTIONAL = {"coupon_code"}
_NUMBER = re.compile(r"[0-9A-Za-z|_*-]+")
_OTHER_DATA = 268578927
_NOT_RUNNING = 268577984
# The platform takes characters of one to three UTF-8 bytes: no emoji, no half of one.
_UNSUPPORTED = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Order:
    """The five members of a send."""

    openid: str
    appid: str
    stock_id: str
    out_request_no: str
    coupon_code: str | None = None

    @classmethod
    def parse(cls, body: bytes) -> "Order":
        """Raises RefusedError: PARAM_ERROR, with the member in `detail.field`."""
        try:
            members: Any = json.loads(body.decode())
        except ValueError:
            raise bad_parameter("", "body is no JSON in UTF-8") from None
        if not isinstance(members, dict):
            raise bad_parameter("", "body is no JSON object")
        for name, value in members.items():
            _check_member(name, value)
        for name in LENGTHS.keys() - _OPTIONAL - members.keys():
            raise bad_parameter(f"/{name}", "missing")
        if not _NUMBER.fullmatch(members["out_request_no"]):
            raise bad_parameter("/out_request_no", "only digits, letters and | _ * - expected")
        return cls(**members)


def _check_member(name: str, value: object) -> None:
    if name not in LENGTHS:
        raise bad_parameter(f"/{name}", "unknown member", number=EXTRA_MEMBER)
    if not isinstance(value, str):
        raise bad_parameter(f"/{name}", "not a string")
    if not 1 <= len(value) <= LENGTHS[name]:
        raise bad_parameter(f"/{name}", f"1 to {LENGTHS[name]} characters expected")
    if _UNSUPPORTED.search(value):
        raise bad_parameter(f"/{name}", "character without a UTF-8 form of one to three bytes")


class Sending:
    """Gives coupons. Every way to a coupon goes through `give`, and each is written in the ledger."""

    def __init__(self, *, appid: str, stocks: dict[str, Stock], ledger: Ledger) -> None:
        self._appid = appid
        self._stocks = stocks
        self._ledger = ledger
        self._rng = Random()  # never seeded: two runs of the stand-in must not give the same codes
        self._by_number: dict[str, tuple[Order, Coupon]] = {}
        self._per_user: Counter[tuple[str, str]] = Counter()
        self._used_codes: set[tuple[str, str]] = set()
        self._uploaded: dict[str, list[str]] = {}
        self.given: Counter[str] = Counter()
        self.by_openid: dict[str, list[Coupon]] = {}

    def upload_codes(self, stock_id: str, codes: Iterable[str]) -> None:
        self._uploaded.setdefault(stock_id, []).extend(codes)

    def codes_left(self, stock_id: str) -> int:
        return len(self._uploaded.get(stock_id, ()))

    def give(self, order: Order, now_ms: int) -> tuple[Coupon, bool]:
        """The coupon of this number, and whether it was there before. Raises RefusedError.

        A number belongs to one coupon for ever: the first result comes back even when the stock is paused
        or used up meanwhile. A number whose attempts were all refused is still free."""
        if order.appid != self._appid:
            raise wrong_appid()
        before = self._by_number.get(order.out_request_no)
        if before is not None:
            if before[0] != order:
                raise invalid_request("商户单号已存在, 但请求参数不一致", number=_OTHER_DATA)
            return before[1], True
        stock = self._stocks.get(order.stock_id)
        if stock is None:
            raise not_found("批次不存在")
        self._check_code(order, stock)
        self._check_limits(order, stock)
        return self._new(order, self._code(order, stock), now_ms), False

    def _check_code(self, order: Order, stock: Stock) -> None:
        if stock.code_mode is not CodeMode.MERCHANT_API:
            if order.coupon_code is not None:
                raise invalid_request("该批次的code模式不支持传入coupon_code")
            return
        if order.coupon_code is None:
            raise bad_parameter("/coupon_code", "missing, this stock is MERCHANT_API")
        if (order.stock_id, order.coupon_code) in self._used_codes:
            raise invalid_request("coupon_code已被使用")

    def _check_limits(self, order: Order, stock: Stock) -> None:
        if stock.state is not StockState.RUNNING:
            raise invalid_request("批次未在发放状态", number=_NOT_RUNNING)
        if self._per_user[stock.stock_id, order.openid] >= stock.max_coupons_per_user:
            raise limit_reached()
        if self.given[stock.stock_id] >= stock.max_coupons or (
            stock.code_mode is CodeMode.MERCHANT_UPLOAD and not self.codes_left(stock.stock_id)
        ):
            raise budget_used_up()

    def _code(self, order: Order, stock: Stock) -> str:
        if order.coupon_code is not None:
            return order.coupon_code
        if stock.code_mode is CodeMode.MERCHANT_UPLOAD:
            codes = self._uploaded[stock.stock_id]
            picked = self._rng.randrange(len(codes))
            codes[picked], codes[-1] = codes[-1], codes[picked]
            return codes.pop()
        while True:
            code = str(self._rng.randrange(10**21, 10**22))
            if (stock.stock_id, code) not in self._used_codes:
                return code

    def _new(self, order: Order, coupon_code: str, now_ms: int) -> Coupon:
        coupon = Coupon(order.openid, order.appid, order.stock_id, order.out_request_no, coupon_code, now_ms)
        self._by_number[order.out_request_no] = (order, coupon)
        self._used_codes.add((order.stock_id, coupon_code))
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


def already_exists() -> RefusedError:
    return RefusedError(400, "RESOURCE_ALREADY_EXISTS", "商户单号已存在")
