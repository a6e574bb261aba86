"""Merchant coupons (busifavor): give one, find it again, take it back, and what is set up beforehand.

https://pay.weixin.qq.com, product "merchant coupons", paths under /v3/marketing/busifavor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing

from wechatpay.callback_address import SET_CALLBACK, CallbackAddress
from wechatpay.client import Client
from wechatpay.deactivation import DEACTIVATE, DeactivatedCoupon, judge_deactivation
from wechatpay.errors import Malformed
from wechatpay.records import promised, read
from wechatpay.send_request import read_send
from wechatpay.send_result import SendResult, judge_send
from wechatpay.stock_records import Stock
from wechatpay.targets import target
from wechatpay.uploaded_codes import UPLOAD, Upload
from wechatpay.user_coupons import Coupon, CouponPage, CouponState, read_coupon, read_page

#: No maximum is published; the documentation's examples use 20.
_PAGE = 20
#: A user may hold at most 100 coupons of a stock; a list that never ends is no list.
_MOST_PAGES = 50
#: What a merchant may be to a stock. A list is asked for in every role that the caller has.
_ROLES = ("creator_merchant", "belong_merchant", "sender_merchant")


class Busifavor:
    """The product, seen by one merchant with one AppID."""

    def __init__(self, client: Client, *, appid: str) -> None:
        self._client = client
        self._appid = appid

    async def send(
        self, body: bytes, *, earlier_open: bool, place: AbstractAsyncContextManager[None] | None = None
    ) -> SendResult:
        """One attempt to give a coupon, with exactly the stored bytes of `compose_send`, to the endpoint that
        they were composed for.

        Never raises for what the wire or WeChat Pay does: that is the result. `earlier_open` as in
        `judge_send`, `place` as in
        `Client.call`. Raises BadRequest, before anything is sent, when `body` is no such thing.
        """
        sent = read_send(body)
        came_back = await self._client.call("POST", sent.target, body, place=place)
        return judge_send(sent, came_back, earlier_open=earlier_open)

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        """The code of the coupon that was given under this number.

        None: a verified list does not hold it. That proves nothing at once (delay; users delete coupons):
        wait, ask again, then repeat the send with the same number.
        Raises NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed: nothing is known from this look.
        """
        async with aclosing(self.coupons(openid=openid, stock_id=stock_id)) as coupons:
            async for coupon in coupons:
                if coupon.send_request_no == out_request_no and coupon.stock_id == stock_id:
                    return coupon.coupon_code
        return None

    async def coupons(
        self,
        *,
        openid: str,
        stock_id: str | None = None,
        coupon_state: CouponState | None = None,
    ) -> AsyncGenerator[Coupon, None]:
        """A user's coupons, each once: of one stock or of all, in whatever state unless one is named.

        Raises like `find_coupon`.
        """
        seen: set[tuple[str, str]] = set()
        # The documentation can be read as `offset` counting coupons or pages. When the first reading ends
        # with coupons missing, the second is tried.
        for step, first in ((_PAGE, 0), (1, 1)):
            for number in range(first, _MOST_PAGES):
                page = await self.coupon_page(
                    openid=openid,
                    stock_id=stock_id,
                    coupon_state=coupon_state,
                    offset=number * step,
                )
                named = {(coupon.stock_id, coupon.coupon_code): coupon for coupon in page.data}
                fresh = {name: coupon for name, coupon in named.items() if name not in seen}
                seen.update(fresh)
                for coupon in fresh.values():
                    yield coupon
                if page.total_count is not None and len(seen) >= page.total_count:
                    return
                if not fresh:
                    break
            else:
                raise Malformed("the list of the user's coupons does not end", verified=True)
            if page.total_count is None or not seen:
                return

    async def coupon_page(
        self,
        *,
        openid: str,
        stock_id: str | None = None,
        coupon_state: CouponState | None = None,
        offset: int = 0,
        limit: int = _PAGE,
    ) -> CouponPage:
        """One page. `offset` can be read as counting coupons or pages; `coupons` walks both ways.

        Raises like `find_coupon`.
        """
        query = {
            "appid": self._appid,
            "stock_id": stock_id,
            "coupon_state": coupon_state,
            # Each is required when the caller has that role for the stock.
            **dict.fromkeys(_ROLES, self._client.merchant.mchid),
            "offset": offset,
            "limit": limit,
        }
        place = target("/users/{openid}/coupons", {"openid": openid}, query)
        return read_page(await self._client.get(place, hide=openid), stock_id or "")

    async def coupon(self, *, openid: str, coupon_code: str) -> Coupon:
        """One coupon. Raises like `find_coupon`; Refused with RESOURCE_NOT_EXISTS when there is none."""
        asked = {"openid": openid, "coupon_code": coupon_code, "appid": self._appid}
        place = target("/users/{openid}/coupons/{coupon_code}/appids/{appid}", asked)
        coupon = read_coupon(await self._client.get(place, hide=openid), "")
        if coupon.coupon_code != coupon_code:
            raise Malformed("the answer describes another coupon", verified=True)
        return coupon

    async def deactivate(self, body: bytes) -> DeactivatedCoupon:
        """One attempt with exactly the bytes of `compose_deactivate`: SENDED becomes DEACTIVATED, for good.

        Raises BadRequest before anything is sent, and like `find_coupon`. A refusal says nothing of an
        earlier attempt whose outcome is unknown: look at the coupon's state then.
        """
        return await DEACTIVATE.call(self._client, body)

    async def try_deactivation(
        self, body: bytes, *, earlier_open: bool, place: AbstractAsyncContextManager[None] | None = None
    ) -> SendResult:
        """The same as one attempt among several, judged as `send` judges: it never raises for what the wire
        or WeChat Pay does. Raises BadRequest."""
        came_back = await DEACTIVATE.exchange(self._client, body, place=place)
        return judge_deactivation(came_back, earlier_open=earlier_open)

    async def stock(self, stock_id: str) -> Stock:
        """What WeChat Pay says of a stock. Raises like `find_coupon`."""
        members = await self._client.get(target("/stocks/{stock_id}", {"stock_id": stock_id}))
        stock = read(Stock, members)
        if stock.stock_id != stock_id or not stock.stock_state:
            raise Malformed(f"the answer does not describe stock {stock_id}", verified=True)
        return stock

    async def upload_codes(self, stock_id: str, body: bytes) -> Upload:
        """One attempt with exactly the bytes of `compose_upload`. Keep them with `stock_id`, which is not in
        them.

        Raises like `deactivate`; Refused with INVALID_REQUEST for a stock of another code mode.
        """
        return await UPLOAD.call(self._client, body, stock_id=stock_id)

    async def set_callback(self, body: bytes) -> CallbackAddress:
        """Replace the address, with the bytes of `compose_callback`. There is no number: the last one that
        arrives counts. Raises like `deactivate`."""
        return await SET_CALLBACK.call(self._client, body)

    async def callback(self) -> CallbackAddress:
        """The address of our merchant number. Raises like `find_coupon`; Refused with RESOURCE_NOT_EXISTS
        when none was set."""
        asked = {"mchid": self._client.merchant.mchid}
        members = await self._client.get(target("/callbacks", query=asked))
        return promised(CallbackAddress, members, echo=asked)
