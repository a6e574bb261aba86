"""`coupons.ports.Issuer` over merchant coupons: the only file here that knows the business."""

from __future__ import annotations

from coupons.errors import IssuerUnavailable
from coupons.model import CodeMode
from coupons.ports import Kind, Outcome, Remedy
from wechatpay.busifavor import Busifavor
from wechatpay.codes import Verdict, judge
from wechatpay.errors import WechatPayError
from wechatpay.outcome import Outcome as Judged
from wechatpay.send_request import COUPONS_SEND, Sending


class WechatPayIssuer:
    """Gives the coupons of one merchant to users of one AppID.

    `sending` composes new requests. Composed ones keep to their way, whatever is configured by then.
    """

    def __init__(self, busifavor: Busifavor, *, appid: str, sending: Sending = COUPONS_SEND) -> None:
        self._busifavor = busifavor
        self._appid = appid
        self._sending = sending

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        """In MERCHANT_API mode the number itself is the coupon's code: it is unique, and known for ever."""
        return self._sending.compose(
            appid=self._appid,
            openid=openid,
            stock_id=stock_id,
            out_request_no=out_request_no,
            coupon_code=out_request_no if code_mode is CodeMode.MERCHANT_API else None,
        )

    async def send(self, body: bytes, *, earlier_open: bool) -> Outcome:
        return _ours(await self._busifavor.send(body, earlier_open=earlier_open))

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        try:
            return await self._busifavor.find_coupon(
                openid=openid, stock_id=stock_id, out_request_no=out_request_no
            )
        except WechatPayError as error:
            raise IssuerUnavailable(str(error)) from error


def _ours(judged: Judged) -> Outcome:
    return Outcome(
        kind=Kind(judged.kind),
        verified=judged.verified,
        attempt_open=judged.attempt_open,
        remedy=Remedy(judged.remedy),
        said_no=judged.status is not None and judge(judged.status, judged.code).verdict is Verdict.FINAL,
        coupon_code=judged.coupon_code,
        status=judged.status,
        code=judged.code,
        message=judged.message,
        request_id=judged.request_id,
        serial_no=judged.serial_no,
        retry_after=judged.retry_after,
    )
