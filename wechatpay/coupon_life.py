"""What becomes of a coupon after it was given: used, returned, deactivated, tied to an order and untied.

Each call is named by a request number of ours: keep its bytes, and repeat the same bytes until it is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wechatpay.client import Client
from wechatpay.endpoints import Endpoint
from wechatpay.forms import Form
from wechatpay.limits import (
    APPID,
    COUPON_CODE,
    MCHID,
    OPENID,
    OUT_TRADE_NO,
    REQUEST_NO,
    STOCK_ID,
    TRANSACTION_ID,
    moment,
    needed,
    optional,
    text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedCoupon:
    """It is USED now."""

    wechatpay_use_time: str
    stock_id: str | None = None
    openid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedCoupon:
    """It can be used again."""

    wechatpay_return_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeactivatedCoupon:
    """It can never be used."""

    wechatpay_deactivate_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociatedCoupon:
    """It belongs to an order that is not paid yet."""

    wechatpay_associate_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisassociatedCoupon:
    """It belongs to no order."""

    wechatpay_disassociate_time: str


_USE = Endpoint(
    "POST",
    "/coupons/use",
    Form(
        {
            "coupon_code": needed(COUPON_CODE),
            "stock_id": optional(STOCK_ID),
            "appid": needed(APPID),
            "use_time": needed(moment),
            # 32 on the old pages, 128 on the newer ones.
            "use_request_no": needed(text(1, 32, "[0-9A-Za-z_-]")),
            "openid": optional(OPENID),
            "out_trade_no": optional(OUT_TRADE_NO),
            "mch_id": optional(MCHID),
            "transaction_id": optional(TRANSACTION_ID),
        }
    ),
    UsedCoupon,
)
_RETURN = Endpoint(
    "POST",
    "/coupons/return",
    Form(
        {
            "coupon_code": needed(COUPON_CODE),
            "stock_id": needed(STOCK_ID),
            "return_request_no": needed(REQUEST_NO),
        }
    ),
    ReturnedCoupon,
)
_DEACTIVATE = Endpoint(
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
_ORDER = Form(
    {
        "stock_id": needed(STOCK_ID),
        "coupon_code": needed(COUPON_CODE),
        "out_trade_no": needed(OUT_TRADE_NO),
        "out_request_no": needed(REQUEST_NO),
    }
)
_ASSOCIATE = Endpoint("POST", "/coupons/associate", _ORDER, AssociatedCoupon)
_DISASSOCIATE = Endpoint("POST", "/coupons/disassociate", _ORDER, DisassociatedCoupon)


def compose_use(
    *,
    coupon_code: str,
    appid: str,
    use_time: str,
    use_request_no: str,
    stock_id: str | None = None,
    openid: str | None = None,
    out_trade_no: str | None = None,
    mch_id: str | None = None,
    transaction_id: str | None = None,
) -> bytes:
    """`stock_id` is needed where the merchant made the code; `use_time` in RFC 3339. Raises BadRequest."""
    return _USE.compose(
        coupon_code=coupon_code,
        stock_id=stock_id,
        appid=appid,
        use_time=use_time,
        use_request_no=use_request_no,
        openid=openid,
        out_trade_no=out_trade_no,
        mch_id=mch_id,
        transaction_id=transaction_id,
    )


def compose_return(*, coupon_code: str, stock_id: str, return_request_no: str) -> bytes:
    """Raises BadRequest."""
    return _RETURN.compose(coupon_code=coupon_code, stock_id=stock_id, return_request_no=return_request_no)


def compose_deactivate(
    *, coupon_code: str, stock_id: str, deactivate_request_no: str, deactivate_reason: str | None = None
) -> bytes:
    """`deactivate_reason` is the merchant's own note, up to 64 characters. Raises BadRequest."""
    return _DEACTIVATE.compose(
        coupon_code=coupon_code,
        stock_id=stock_id,
        deactivate_request_no=deactivate_request_no,
        deactivate_reason=deactivate_reason,
    )


def compose_order(*, stock_id: str, coupon_code: str, out_trade_no: str, out_request_no: str) -> bytes:
    """The body of `associate` and of `disassociate`; each takes a number of its own. Raises BadRequest."""
    return _ORDER.compose(
        stock_id=stock_id, coupon_code=coupon_code, out_trade_no=out_trade_no, out_request_no=out_request_no
    )


class CouponLife:
    """One attempt each, with exactly the composed bytes.

    Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed.
    A refusal says nothing of an earlier attempt whose outcome is unknown: look at the coupon's state then.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def use(self, body: bytes) -> UsedCoupon:
        """SENDED becomes USED."""
        return await _USE.call(self._client, body)

    async def give_back(self, body: bytes) -> ReturnedCoupon:
        """`coupons/return`: USED becomes SENDED."""
        return await _RETURN.call(self._client, body)

    async def deactivate(self, body: bytes) -> DeactivatedCoupon:
        """SENDED becomes DEACTIVATED, for good: the only way to take back a coupon given by mistake."""
        return await _DEACTIVATE.call(self._client, body)

    async def associate(self, body: bytes) -> AssociatedCoupon:
        """Tie a coupon that is not used yet to an order."""
        return await _ASSOCIATE.call(self._client, body)

    async def disassociate(self, body: bytes) -> DisassociatedCoupon:
        """Untie it."""
        return await _DISASSOCIATE.call(self._client, body)
