"""The body of POST .../busifavor/coupons/send: composed once, stored, and sent as those bytes for ever.

The number and its body belong together: the same number with other data is an error, or a second coupon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from wechatpay.forms import Form
from wechatpay.limits import (
    APPID,
    NEW_COUPON_CODE,
    OPENID,
    SEND_REQUEST_NO,
    STOCK_ID,
    Members,
    needed,
    optional,
)
from wechatpay.targets import SEND_TARGET

#: Both ways of sending have these.
SEND_MEMBERS: Members = {
    "openid": needed(OPENID),
    "appid": needed(APPID),
    "stock_id": needed(STOCK_ID),
    "out_request_no": needed(SEND_REQUEST_NO),
    "coupon_code": optional(NEW_COUPON_CODE),
}
_FORM = Form(SEND_MEMBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """What one number asks for."""

    openid: str = field(repr=False)
    appid: str
    stock_id: str
    out_request_no: str
    #: Only and always for stocks in `MERCHANT_API` mode.
    coupon_code: str | None = None


class Compose(Protocol):
    """Like `compose_send`."""

    def __call__(
        self, *, appid: str, openid: str, stock_id: str, out_request_no: str, coupon_code: str | None = None
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Sending:
    """One way of giving a coupon: where to, and how its bytes are made and read. `settle` judges all alike.

    No bytes belong to two ways: what was composed for one is never sent to another.
    """

    target: str
    compose: Compose
    #: Raises BadRequest for bytes that do not belong to this way.
    read: Callable[[bytes], SendRequest]


def compose_send(
    *, appid: str, openid: str, stock_id: str, out_request_no: str, coupon_code: str | None = None
) -> bytes:
    """The exact bytes to store and send; the same arguments give the same bytes for ever.

    `coupon_code` is left out altogether when it is None: for other modes than `MERCHANT_API` neither `null`
    nor "" is allowed. Raises BadRequest, naming every wrong field.
    """
    return _FORM.compose(
        openid=openid, appid=appid, stock_id=stock_id, out_request_no=out_request_no, coupon_code=coupon_code
    )


def read_send(body: bytes) -> SendRequest:
    """Read bytes that `compose_send` made. Raises BadRequest when they are no such thing."""
    return SendRequest(**_FORM.read(body))


#: The usual way.
COUPONS_SEND = Sending(SEND_TARGET, compose_send, read_send)
