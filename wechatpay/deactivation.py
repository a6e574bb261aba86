"""The only way to take back a coupon that was given: while it is SENDED, and for good.

Named by a request number of ours: keep its bytes, and repeat the same bytes until it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from wechatpay.answers import CameBack, Checked
from wechatpay.endpoints import Endpoint
from wechatpay.fields import COUPON_CODE, REQUEST_NO, STOCK_ID, Form, needed, optional, text
from wechatpay.records import read
from wechatpay.send_result import SendResult, done, judge_attempt, not_as_promised


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


def judge_deactivation(came_back: CameBack, *, earlier_open: bool) -> SendResult:
    """Judge one attempt as `judge_send` does: SENT says that the coupon is deactivated.

    A no to a repeat settles nothing: WeChat Pay may refuse what it has deactivated at the first attempt.
    """
    return judge_attempt(came_back, _deactivated, earlier_open=earlier_open, hide="")


def _deactivated(checked: Checked) -> SendResult:
    """The answer names neither number nor coupon: the signature and the time are all there is."""
    if read(DeactivatedCoupon, checked.answer.members() or {}).wechatpay_deactivate_time:
        return done(checked)
    return not_as_promised(checked, ["wechatpay_deactivate_time"], hide="")
