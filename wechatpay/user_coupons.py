"""One user's coupons: the record, and reading it from lists and single answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from wechatpay.errors import Malformed
from wechatpay.records import read
from wechatpay.stock_records import CouponUseRule, CustomEntrance, DisplayPatternInfo, StockType


class CouponState(StrEnum):
    """What became of it."""

    #: Usable.
    SENDED = "SENDED"
    USED = "USED"
    EXPIRED = "EXPIRED"
    #: By the user.
    DELETED = "DELETED"
    #: By the merchant.
    DEACTIVATED = "DEACTIVATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """One user's copy. Words that are not known here stay text; times are RFC 3339."""

    coupon_code: str
    stock_id: str
    coupon_state: CouponState | str
    #: Our `out_request_no`: the proof that this coupon came from that number.
    send_request_no: str
    stock_name: str
    receive_time: str
    expire_time: str
    available_start_time: str | None = None
    belong_merchant: str | None = None
    comment: str | None = None
    goods_name: str | None = None
    stock_type: StockType | str | None = None
    transferable: bool | None = None
    shareable: bool | None = None
    display_pattern_info: DisplayPatternInfo | None = None
    coupon_use_rule: CouponUseRule | None = None
    custom_entrance: CustomEntrance | None = None
    use_request_no: str | None = None
    use_time: str | None = None
    associate_out_trade_no: str | None = None
    return_request_no: str | None = None
    return_time: str | None = None
    deactivate_request_no: str | None = None
    deactivate_time: str | None = None
    deactivate_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponPage:
    """One page of a user's coupons, as it came."""

    data: tuple[Coupon, ...]
    total_count: int | None
    offset: int | None
    limit: int | None


def read_coupon(members: Mapping[str, Any], stock_id: str) -> Coupon:
    """`stock_id`: of the stock that was asked for; the answer may leave it out. Raises Malformed."""
    coupon = read(Coupon, members)
    if not coupon.coupon_code or not coupon.coupon_code.isprintable():
        raise Malformed("a coupon has no code", verified=True)
    return coupon if coupon.stock_id else replace(coupon, stock_id=stock_id)


def read_page(members: Mapping[str, Any], stock_id: str) -> CouponPage:
    """Raises Malformed."""
    listed = members.get("data")
    if listed is None:  # missing and null are alike, and both an empty list
        listed = []
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Malformed("the user's coupons are no list of objects", verified=True)
    return CouponPage(
        data=tuple(read_coupon(entry, stock_id) for entry in listed),
        **{name: _number(members, name) for name in ("total_count", "offset", "limit")},
    )


def _number(members: Mapping[str, Any], name: str) -> int | None:
    value = members.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
