"""A stock: a batch of coupons with one set of rules."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.keyring import DAY_MS


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
    counts and codes are kept elsewhere and stay. `uploaded_codes` is read once, when the stock is opened."""

    stock_id: str
    name: str = "¥10 off"
    value_fen: int = 1000
    code_mode: CodeMode = CodeMode.WECHATPAY_MODE
    state: StockState = StockState.RUNNING
    max_coupons: int = 1_000_000
    max_coupons_per_user: int = 100
    uploaded_codes: tuple[str, ...] = ()


def use_rule(stock: Stock, opened_ms: int) -> dict[str, Any]:
    """The stand-in's stocks all run from a month before it was opened for three hundred days after."""
    return {
        "coupon_available_time": {
            "available_begin_time": rfc3339(opened_ms - 30 * DAY_MS),
            "available_end_time": rfc3339(opened_ms + 300 * DAY_MS),
        },
        "fixed_normal_coupon": {
            "discount_amount": stock.value_fen,
            "transaction_minimum": stock.value_fen + 1,
        },
        "use_method": "OFF_LINE",
    }


def stock_answer(stock: Stock, *, mchid: str, opened_ms: int, given: int, codes_left: int) -> dict[str, Any]:
    """Body of `GET /stocks/{stock_id}`."""
    answer: dict[str, Any] = {
        "stock_id": stock.stock_id,
        "stock_name": stock.name,
        "belong_merchant": mchid,
        "comment": "sandbox",
        "goods_name": stock.name,
        "stock_type": "NORMAL",
        "stock_state": stock.state,
        "coupon_code_mode": stock.code_mode,
        "coupon_use_rule": use_rule(stock, opened_ms),
        "stock_send_rule": {
            "max_coupons": stock.max_coupons,
            "max_coupons_per_user": stock.max_coupons_per_user,
            "natural_person_limit": False,
            "prevent_api_abuse": False,
            "transferable": False,
            "shareable": False,
        },
        "display_pattern_info": {"description": stock.name, "background_color": "Color010"},
        "send_count_information": {
            "total_send_num": given,
            "total_send_amount": given * stock.value_fen,
        },
        "subsidy": False,
    }
    if stock.code_mode is CodeMode.MERCHANT_UPLOAD:
        answer["coupon_code_count"] = {"total_count": codes_left + given, "available_count": codes_left}
    return answer
