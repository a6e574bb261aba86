"""`coupons.ports.Issuer`, and `CouponIssuer`, over merchant coupons: the only file that knows the business.

A `SendResult` says what WeChat Pay let us know of one send, and what its caller does next; an `Outcome` is
what a request of the business is decided by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from coupons import days
from coupons.coupon_states import CouponAnswer
from coupons.errors import IssuerUnavailable
from coupons.model import CodeMode
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Place
from wechatpay.busifavor import Busifavor
from wechatpay.codes import Actor
from wechatpay.deactivation import compose_deactivate
from wechatpay.errors import Malformed, WechatPayError
from wechatpay.send_request import CouponType, compose_send
from wechatpay.send_result import SendResult
from wechatpay.targets import PRODUCT_SEND_TARGET, SEND_TARGET
from wechatpay.user_coupons import CouponState


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

    def compose_undo(self, *, out_request_no: str, stock_id: str, coupon_code: str) -> bytes:
        """Without a reason, which would stand on the merchant platform: people's words stay here."""
        return compose_deactivate(
            coupon_code=coupon_code, stock_id=stock_id, deactivate_request_no=out_request_no
        )

    async def undo(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        result = await self._busifavor.try_deactivation(body, earlier_open=earlier_open, place=place)
        outcome = _outcome(result)
        return replace(outcome, kind=Kind.UNDONE) if outcome.kind is Kind.SENT else outcome

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        try:
            return await self._busifavor.find_coupon(
                openid=openid, stock_id=stock_id, out_request_no=out_request_no
            )
        except WechatPayError as error:
            raise IssuerUnavailable(str(error), code=error.code) from error

    async def coupon(
        self, *, openid: str, stock_id: str, coupon_code: str, out_request_no: str
    ) -> CouponAnswer:
        try:
            found = await self._busifavor.coupon(openid=openid, coupon_code=coupon_code)
            if not found.coupon_state:
                raise Malformed("the answer does not say what became of the coupon", verified=True)
            # Codes of the merchant's own are unique in one stock only.
            if found.stock_id not in {"", stock_id} or found.send_request_no not in {"", out_request_no}:
                raise Malformed("the answer describes a coupon of another request", verified=True)
        except WechatPayError as error:
            raise IssuerUnavailable(str(error), code=error.code) from error
        # A coupon that was used and returned keeps its time of use.
        times: Mapping[str, str | None] = {
            CouponState.USED: found.use_time,
            CouponState.DEACTIVATED: found.deactivate_time,
        }
        return CouponAnswer(
            state=found.coupon_state,
            happened_at=_moment(times.get(found.coupon_state)),
            valid_until=_moment(found.expire_time),
        )


def _moment(text: str | None) -> int | None:
    return days.moment(text) if text else None


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
