"""Merchant coupons (busifavor): give one, find one again, ask about a stock.

https://pay.weixin.qq.com, product "merchant coupons", paths under /v3/marketing/busifavor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from wechatpay.client import Client
from wechatpay.errors import Malformed
from wechatpay.outcome import Outcome, settle
from wechatpay.send_request import read_send

_BASE = "/v3/marketing/busifavor"
SEND_TARGET = f"{_BASE}/coupons/send"

#: No maximum is published; the documentation's examples use 20.
_PAGE = 20
#: A user may hold at most 100 coupons of a stock; a list that never ends is no list.
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """One user's copy. Texts and states as they came: unknown values must not break reading."""

    coupon_code: str
    stock_id: str
    #: SENDED, USED, EXPIRED, DELETED (by the user), DEACTIVATED (by the merchant).
    coupon_state: str
    #: Our `out_request_no`: the proof that this coupon came from that number.
    send_request_no: str
    stock_name: str
    #: RFC 3339.
    receive_time: str
    expire_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A batch of coupons with one set of rules. Numbers that were not given are None."""

    stock_id: str
    stock_name: str
    #: UNAUDIT, RUNNING, STOPED, PAUSED.
    stock_state: str
    #: WECHATPAY_MODE, MERCHANT_API, MERCHANT_UPLOAD.
    coupon_code_mode: str
    #: NORMAL, DISCOUNT, EXCHANGE.
    stock_type: str
    belong_merchant: str
    #: RFC 3339.
    available_begin_time: str
    available_end_time: str
    max_coupons: int | None
    max_coupons_by_day: int | None
    max_coupons_per_user: int | None
    total_send_num: int | None
    today_send_num: int | None
    #: Codes left, in MERCHANT_UPLOAD mode only.
    available_count: int | None

    @property
    def remaining(self) -> int | None:
        """Coupons left of the whole stock; None when WeChat Pay does not say."""
        if self.max_coupons is None or self.total_send_num is None:
            return None
        return self.max_coupons - self.total_send_num


class Busifavor:
    """The product, seen by one merchant with one AppID."""

    def __init__(self, client: Client, *, appid: str) -> None:
        self._client = client
        self._appid = appid

    async def send(self, body: bytes, *, earlier_open: bool) -> Outcome:
        """One attempt to give a coupon, with exactly the stored bytes of `compose_send`.

        Never raises for what the wire or WeChat Pay does: that is the outcome. `earlier_open` as in `settle`.
        Raises BadRequest, before anything is sent, when `body` is not what compose_send makes.
        """
        sent = read_send(body)
        return settle(sent, await self._client.call("POST", SEND_TARGET, body), earlier_open=earlier_open)

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

    async def coupons(self, *, openid: str, stock_id: str) -> AsyncGenerator[Coupon, None]:
        """A user's coupons of one stock, in whatever state, each once. Raises like `find_coupon`."""
        seen: set[str] = set()
        # The documentation can be read as `offset` counting coupons or pages. When the first reading ends
        # with coupons missing, the second is tried.
        for step, first in ((_PAGE, 0), (1, 1)):
            for page in range(first, _MOST_PAGES):
                target = self._list_target(openid, stock_id, offset=page * step)
                members = await self._client.get(target, hide=openid)
                found = _coupons_in(members, stock_id)
                fresh = {coupon.coupon_code: coupon for coupon in found if coupon.coupon_code not in seen}
                seen.update(fresh)
                for coupon in fresh.values():
                    yield coupon
                total = _number(members, "total_count")
                if total is not None and len(seen) >= total:
                    return
                if not fresh:
                    break
            else:
                raise Malformed("the list of the user's coupons does not end", verified=True)
            if total is None or not seen:
                return

    async def coupon(self, *, openid: str, coupon_code: str) -> Coupon:
        """One coupon. Raises like `find_coupon`; Refused with RESOURCE_NOT_EXISTS when there is none."""
        parts = (quote(part, safe="") for part in (openid, coupon_code, self._appid))
        target = "{}/users/{}/coupons/{}/appids/{}".format(_BASE, *parts)
        return _coupon(await self._client.get(target, hide=openid), "")

    async def stock(self, stock_id: str) -> Stock:
        """What WeChat Pay says of a stock. Raises like `find_coupon`."""
        return _stock(await self._client.get(f"{_BASE}/stocks/{quote(stock_id, safe='')}"), stock_id)

    def _list_target(self, openid: str, stock_id: str, *, offset: int) -> str:
        mchid = self._client.merchant.mchid
        query = {
            "appid": self._appid,
            "stock_id": stock_id,
            # Each is required when the caller has that role for the stock.
            "creator_merchant": mchid,
            "belong_merchant": mchid,
            "sender_merchant": mchid,
            "offset": offset,
            "limit": _PAGE,
        }
        return f"{_BASE}/users/{quote(openid, safe='')}/coupons?{urlencode(query, quote_via=quote)}"


def _coupons_in(members: Mapping[str, Any], stock_id: str) -> list[Coupon]:
    listed = members.get("data")
    if listed is None:  # missing and null are alike, and both an empty list
        return []
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Malformed("the user's coupons are no list of objects", verified=True)
    return [_coupon(entry, stock_id) for entry in listed]


def _coupon(members: Mapping[str, Any], stock_id: str) -> Coupon:
    coupon_code = _text(members, "coupon_code")
    if not coupon_code or not coupon_code.isprintable():
        raise Malformed("a coupon has no code", verified=True)
    return Coupon(
        coupon_code=coupon_code,
        # A list that was asked for one stock may leave the stock out.
        stock_id=_text(members, "stock_id") or stock_id,
        coupon_state=_text(members, "coupon_state"),
        send_request_no=_text(members, "send_request_no"),
        stock_name=_text(members, "stock_name"),
        receive_time=_text(members, "receive_time"),
        expire_time=_text(members, "expire_time"),
    )


def _stock(members: Mapping[str, Any], stock_id: str) -> Stock:
    if _text(members, "stock_id") != stock_id or not _text(members, "stock_state"):
        raise Malformed(f"the answer does not describe stock {stock_id}", verified=True)
    rule, sent = _inner(members, "stock_send_rule"), _inner(members, "send_count_information")
    period = _inner(_inner(members, "coupon_use_rule"), "coupon_available_time")
    return Stock(
        stock_id=stock_id,
        stock_name=_text(members, "stock_name"),
        stock_state=_text(members, "stock_state"),
        coupon_code_mode=_text(members, "coupon_code_mode"),
        stock_type=_text(members, "stock_type"),
        belong_merchant=_text(members, "belong_merchant"),
        available_begin_time=_text(period, "available_begin_time"),
        available_end_time=_text(period, "available_end_time"),
        max_coupons=_number(rule, "max_coupons"),
        max_coupons_by_day=_number(rule, "max_coupons_by_day"),
        max_coupons_per_user=_number(rule, "max_coupons_per_user"),
        total_send_num=_number(sent, "total_send_num"),
        today_send_num=_number(sent, "today_send_num"),
        available_count=_number(_inner(members, "coupon_code_count"), "available_count"),
    )


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _number(members: Mapping[str, Any], name: str) -> int | None:
    value = members.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _inner(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}
