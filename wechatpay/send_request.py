"""The body of a send: composed once, stored, and sent as those bytes for ever, to the endpoint they name.

The number and its body belong together: the same number with other data is an error, or a second coupon.
There are two endpoints, `coupons/send` and its documented successor of July 2025 for stocks that are tied to
product data, `product-coupons/send`: the second needs `coupon_type`, the first refuses it, and both answer
alike. So the bytes alone say where they go: a number that went to one endpoint once never goes to the other,
whatever is configured by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from wechatpay.fields import (
    APPID,
    NEW_COUPON_CODE,
    OPENID,
    SEND_REQUEST_NO,
    STOCK_ID,
    Form,
    needed,
    one_of,
    optional,
)
from wechatpay.targets import PRODUCT_SEND_TARGET, SEND_TARGET


class CouponType(StrEnum):
    """Who may have a coupon that is tied to product data. Holders of a member card are not served here."""

    NORMAL = "NORMAL"


FORM = Form(
    {
        "openid": needed(OPENID),
        "appid": needed(APPID),
        "stock_id": needed(STOCK_ID),
        "out_request_no": needed(SEND_REQUEST_NO),
        "coupon_code": optional(NEW_COUPON_CODE),
        "coupon_type": optional(one_of(CouponType)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """What one number asks for."""

    openid: str = field(repr=False)
    appid: str
    stock_id: str
    out_request_no: str
    #: Only and always for stocks in `MERCHANT_API` mode.
    coupon_code: str | None = None
    #: Only and always for stocks that are tied to product data.
    coupon_type: str | None = None

    @property
    def target(self) -> str:
        """The path that these bytes were composed for."""
        return SEND_TARGET if self.coupon_type is None else PRODUCT_SEND_TARGET


def compose_send(
    *,
    appid: str,
    openid: str,
    stock_id: str,
    out_request_no: str,
    coupon_code: str | None = None,
    coupon_type: CouponType | None = None,
) -> bytes:
    """The exact bytes to store and send; the same arguments give the same bytes for ever.

    `coupon_code` is left out altogether when it is None: for other modes than `MERCHANT_API` neither `null`
    nor "" is allowed. Raises BadRequest, naming every wrong field.
    """
    return FORM.compose(
        openid=openid,
        appid=appid,
        stock_id=stock_id,
        out_request_no=out_request_no,
        coupon_code=coupon_code,
        coupon_type=coupon_type,
    )


def read_send(body: bytes) -> SendRequest:
    """Read bytes that `compose_send` made. Raises BadRequest when they are no such thing."""
    return SendRequest(**FORM.read(body))
