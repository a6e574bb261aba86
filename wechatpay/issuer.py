"""`coupons.ports.Issuer` over merchant coupons: the only file here that knows the business.

A `SendResult` says what WeChat Pay let us know of one send, and what its caller does next; an `Outcome` is
what a request of the business is decided by.
"""

from __future__ import annotations

from coupons.errors import IssuerUnavailable
from coupons.model import CodeMode
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Place
from wechatpay.busifavor import Busifavor
from wechatpay.codes import Actor
from wechatpay.errors import WechatPayError
from wechatpay.send_request import CouponType, compose_send
from wechatpay.send_result import SendResult
from wechatpay.targets import PRODUCT_SEND_TARGET, SEND_TARGET


class WechatPayIssuer:
    """Gives the coupons of one merchant to users of one AppID.

    `send_path` is for new requests. Composed ones keep to theirs, whatever is configured by then.
    """

    def __init__(self, busifavor: Busifavor, *, appid: str, send_path: str = SEND_TARGET) -> None:
        self._busifavor = busifavor
        self._appid = appid
        self._coupon_type = CouponType.NORMAL if send_path == PRODUCT_SEND_TARGET else None

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        """In MERCHANT_API mode the number itself is the coupon's code: it is unique, and known for ever."""
        return compose_send(
            appid=self._appid,
            openid=openid,
            stock_id=stock_id,
            out_request_no=out_request_no,
            coupon_code=out_request_no if code_mode is CodeMode.MERCHANT_API else None,
            coupon_type=self._coupon_type,
        )

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        return _outcome(await self._busifavor.send(body, earlier_open=earlier_open, place=place))

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        try:
            return await self._busifavor.find_coupon(
                openid=openid, stock_id=stock_id, out_request_no=out_request_no
            )
        except WechatPayError as error:
            raise IssuerUnavailable(str(error)) from error


def _outcome(result: SendResult) -> Outcome:
    return Outcome(
        kind=Kind(result.state),
        verified=result.verified,
        attempt_open=result.attempt_open,
        remedy=Remedy(result.next_step),
        of_merchant=result.meaning is not None and result.meaning.actor is Actor.OPERATOR,
        said_no=result.said_no,
        coupon_code=result.coupon_code,
        status=result.status,
        code=result.code,
        message=result.message,
        request_id=result.request_id,
        serial_no=result.serial_no,
        retry_after=result.retry_after,
    )
