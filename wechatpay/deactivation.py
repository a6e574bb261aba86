"""The only way to take back a coupon that was given: while it is SENDED, and for good.

Named by a request number of ours: keep its bytes, and repeat the same bytes until it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from wechatpay.endpoints import Endpoint
from wechatpay.fields import COUPON_CODE, REQUEST_NO, STOCK_ID, Form, needed, optional, text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivatedCoupon:
    """It can never be used."""

    wechatpay_deactivate_time: str


DEACTIVATE = Endpoint(
    "POST",
    "/coupons/deactivate",
    Form(
        {
            "coupon_code": needed(COUPON_CODE),
            "stock_id": needed(STOCK_ID),
            "deactivate_request_no": needed(REQUEST_NO),
            "deactivate_reason": optional(text(1, 64)),
        }
    ),
    DeactivatedCoupon,
)


def compose_deactivate(
    *, coupon_code: str, stock_id: str, deactivate_request_no: str, deactivate_reason: str | None = None
) -> bytes:
    """`deactivate_reason` is the merchant's own note, up to 64 characters. Raises BadRequest."""
    return DEACTIVATE.compose(
        coupon_code=coupon_code,
        stock_id=stock_id,
        deactivate_request_no=deactivate_request_no,
        deactivate_reason=deactivate_reason,
    )
