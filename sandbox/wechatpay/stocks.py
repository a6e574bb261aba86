"""A stock: a batch of coupons with one set of rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.keyring import DAY_MS
from sandbox.wechatpay.members import time_ms


class CodeMode(StrEnum):
    """Who makes the coupon code: the platform, the merchant in each send, or the merchant beforehand."""

    WECHATPAY_MODE = "WECHATPAY_MODE"
    MERCHANT_API = "MERCHANT_API"
    MERCHANT_UPLOAD = "MERCHANT_UPLOAD"


class StockState(StrEnum):
    UNAUDIT = "UNAUDIT"
    RUNNING = "RUNNING"
    STOPED = "STOPED"  # spelt so by the platform
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Stock:
    """Change a living one with `wechatpay.stocks[id] = dataclasses.replace(stock, state=StockState.PAUSED)`;
    counts and codes are kept elsewhere and stay. `uploaded_codes` is read once, when the stock is opened.

    `notify_appid`: without it notifications carry no openid. `terms`: the members a stock was made of over
    HTTP, in the wire's names; where given, they speak for `name`, `notify_appid` and `subsidy`."""

    stock_id: str
    name: str = "¥10 off"
    value_fen: int = 1000
    code_mode: CodeMode = CodeMode.WECHATPAY_MODE
    state: StockState = StockState.RUNNING
    max_coupons: int = 1_000_000
    max_coupons_per_user: int = 100
    uploaded_codes: tuple[str, ...] = ()
    max_coupons_by_day: int | None = None
    notify_appid: str | None = None
    subsidy: bool = False
    terms: Mapping[str, Any] | None = field(default=None, hash=False)


class Stocks:
    """The stocks of one merchant, and what each says of itself on the wire. `opened_ms`: when the stand-in
    was put together; the stocks given to it run from a month before for three hundred days after."""

    def __init__(self, *, mchid: str, opened_ms: int) -> None:
        self.mchid = mchid
        self.by_id: dict[str, Stock] = {}
        self._opened_ms = opened_ms

    def terms(self, stock: Stock) -> dict[str, Any]:
        """The members common to making a stock and reading it."""
        terms = dict(stock.terms) if stock.terms is not None else self._usual_terms(stock)
        limits: dict[str, Any] = {
            **terms["stock_send_rule"],
            "max_coupons": stock.max_coupons,
            "max_coupons_per_user": stock.max_coupons_per_user,
        }
        if stock.max_coupons_by_day is not None:
            limits["max_coupons_by_day"] = stock.max_coupons_by_day
        return {**terms, "stock_send_rule": limits}

    def period(self, stock: Stock) -> tuple[int, int]:
        """First and last millisecond in which the stock's coupons can be given and used."""
        available = self.terms(stock)["coupon_use_rule"]["coupon_available_time"]
        return time_ms(available["available_begin_time"]), time_ms(available["available_end_time"])

    def lifetime(self, stock: Stock, given_ms: int) -> tuple[int, int]:
        """The same for one coupon. Days after receiving are counted as 24 hours each."""
        begin_ms, end_ms = self.period(stock)
        available = self.terms(stock)["coupon_use_rule"]["coupon_available_time"]
        start_ms = max(begin_ms, given_ms) + available.get("wait_days_after_receive", 0) * DAY_MS
        if "available_day_after_receive" in available:
            end_ms = min(end_ms, start_ms + available["available_day_after_receive"] * DAY_MS)
        if "available_second_after_receive" in available:
            end_ms = min(end_ms, start_ms + available["available_second_after_receive"] * 1000)
        return start_ms, end_ms

    def _usual_terms(self, stock: Stock) -> dict[str, Any]:
        terms: dict[str, Any] = {
            "stock_name": stock.name,
            "belong_merchant": self.mchid,
            "comment": "sandbox",
            "goods_name": stock.name,
            "stock_type": "NORMAL",
            "coupon_use_rule": {
                "coupon_available_time": {
                    "available_begin_time": rfc3339(self._opened_ms - 30 * DAY_MS),
                    "available_end_time": rfc3339(self._opened_ms + 300 * DAY_MS),
                },
                "fixed_normal_coupon": {
                    "discount_amount": stock.value_fen,
                    "transaction_minimum": stock.value_fen + 1,
                },
                "use_method": "OFF_LINE",
            },
            "stock_send_rule": {
                "natural_person_limit": False,
                "prevent_api_abuse": False,
                "transferable": False,
                "shareable": False,
            },
            "display_pattern_info": {"description": stock.name, "background_color": "Color010"},
            "coupon_code_mode": stock.code_mode,
            "subsidy": stock.subsidy,
        }
        if stock.notify_appid is not None:
            terms["notify_config"] = {"notify_appid": stock.notify_appid}
        return terms
