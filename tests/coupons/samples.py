"""Records to start from."""

from __future__ import annotations

from typing import Any

from coupons.model import CodeMode, Request, State

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


def a_request(**changes: Any) -> Request:
    """A pending request of U0LI for one coupon of ten yuan."""
    values: dict[str, Any] = {
        "id": 12,
        "rev": 1,
        "state": State.PENDING,
        "out_request_no": "cb" + "0" * 30,
        "requester": "U0LI",
        "customer": 3,
        "openid": OPENID,
        "stock_id": "1212121212",
        "stock_name": "¥10 off, late delivery",
        "value_fen": 1000,
        "code_mode": CodeMode.WECHATPAY_MODE,
        "reason": "the parcel came four days late",
        "approvals_needed": 1,
        "created_at": 1_795_400_000_000,
        "expires_at": 1_795_486_400_000,
        "body": b'{"out_request_no":"cb"}',
    }
    return Request(**{**values, **changes})
