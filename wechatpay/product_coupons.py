"""POST .../busifavor/product-coupons/send: the documented successor of `coupons/send` (July 2025).

For stocks that are tied to product data, and for no others. Two more members than `coupons/send`, the same
flat answer; so the same client sends it and the same function judges it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final

from wechatpay.forms import Form
from wechatpay.limits import Fault, needed, one_of, optional, text
from wechatpay.send_request import COUPONS_SEND, SEND_MEMBERS, Sending, SendRequest
from wechatpay.targets import PRODUCT_SEND_TARGET


class CouponType(StrEnum):
    """Who may have the coupon."""

    NORMAL = "NORMAL"
    #: Holders of a member card.
    MEMBER = "MEMBER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSendRequest(SendRequest):
    """What one number asks for."""

    coupon_type: CouponType
    #: Only and always for MEMBER.
    member_card_id: str | None = field(default=None, repr=False)


def _card_fits(members: Mapping[str, Any]) -> Iterator[Fault]:
    if members.get("coupon_type") == CouponType.MEMBER and "member_card_id" not in members:
        yield "member_card_id", "is missing; coupon_type MEMBER needs it"
    if members.get("coupon_type") == CouponType.NORMAL and "member_card_id" in members:
        yield "member_card_id", "does not belong to coupon_type NORMAL"


_FORM = Form(
    {
        **SEND_MEMBERS,
        "coupon_type": needed(one_of(CouponType)),
        "member_card_id": optional(text(1, 32, "[0-9A-Za-z_-]")),
    },
    _card_fits,
)


def compose_product_send(
    *,
    appid: str,
    openid: str,
    stock_id: str,
    out_request_no: str,
    coupon_type: CouponType,
    coupon_code: str | None = None,
    member_card_id: str | None = None,
) -> bytes:
    """Like `compose_send`. Raises BadRequest, naming every wrong field."""
    return _FORM.compose(
        openid=openid,
        appid=appid,
        stock_id=stock_id,
        out_request_no=out_request_no,
        coupon_code=coupon_code,
        coupon_type=coupon_type,
        member_card_id=member_card_id,
    )


def read_product_send(body: bytes) -> ProductSendRequest:
    """Read bytes that `compose_product_send` made. Raises BadRequest when they are no such thing."""
    members = _FORM.read(body)
    return ProductSendRequest(**members | {"coupon_type": CouponType(members["coupon_type"])})


#: Composes for customers without a member card.
PRODUCT_COUPONS_SEND: Final = Sending(
    PRODUCT_SEND_TARGET,
    partial(compose_product_send, coupon_type=CouponType.NORMAL),
    read_product_send,
)

#: Both ways of sending, by path.
SENDINGS: Final[Mapping[str, Sending]] = {
    sending.target: sending for sending in (COUPONS_SEND, PRODUCT_COUPONS_SEND)
}


def sending_of(body: bytes) -> Sending:
    """The way that these bytes were composed for; whether they are whole only `Sending.read` says.

    The bytes alone decide: a number that went to one endpoint once must never go to the other, whatever is
    configured today. One form needs `coupon_type`, the other refuses it.
    """
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or thousands of brackets: either way's `read` says so
        members = None
    return PRODUCT_COUPONS_SEND if isinstance(members, dict) and "coupon_type" in members else COUPONS_SEND
