"""A user's coupons, and one coupon."""

from collections.abc import Callable
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.coupon_life import CouponLife
from sandbox.wechatpay.errors import bad_parameter, not_found, wrong_appid
from sandbox.wechatpay.ledger import Coupon
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.routes import Asked, whole_parameter
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stocks import Stocks

_ROLES = ("creator_merchant", "belong_merchant", "sender_merchant")
_LIMIT = 20
_MOST = 100


class Lookups:
    """`visible_after_ms`: how long a new coupon stays out of the answers, at this moment."""

    def __init__(
        self,
        *,
        appid: str,
        stocks: Stocks,
        sending: Sending,
        life: CouponLife,
        visible_after_ms: Callable[[], int],
    ) -> None:
        self._appid = appid
        self._stocks = stocks
        self._sending = sending
        self._life = life
        self._visible_after_ms = visible_after_ms

    def coupons(self, asked: Asked) -> Result:
        """One page of a user's coupons, oldest first; `offset` counts coupons. Raises RefusedError."""
        query = asked.parameters("appid*", "stock_id", "coupon_state", "offset", "limit", *_ROLES)
        [openid] = asked.names
        self._check_appid(query["appid"])
        roles = [query[role] for role in _ROLES if role in query]
        if not roles:
            # "Required when the calling merchant has that role", and a caller always has one.
            raise bad_parameter(_ROLES[0], "one of creator, belong or sender merchant", location="query")
        offset = whole_parameter(query, "offset", 0, range(10**9))
        limit = whole_parameter(query, "limit", _LIMIT, range(1, _MOST + 1))
        if any(role != self._stocks.mchid for role in roles):
            found = []
        else:
            states = {query["coupon_state"]} if "coupon_state" in query else None
            found = [
                coupon
                for coupon in self._visible(openid, asked.now_ms)
                if query.get("stock_id", coupon.stock_id) == coupon.stock_id
                and (states is None or self._life.state(coupon, asked.now_ms) in states)
            ]
        page = found[offset : offset + limit]
        return {
            "total_count": len(found),
            "offset": offset,
            "limit": limit,
            "data": [self.wire(coupon, asked.now_ms, in_list=True) for coupon in page],
        }

    def coupon(self, asked: Asked) -> Result:
        asked.parameters()
        openid, coupon_code, appid = asked.names
        self._check_appid(appid)
        for coupon in self._visible(openid, asked.now_ms):
            if coupon.coupon_code == coupon_code:
                return self.wire(coupon, asked.now_ms, in_list=False)
        raise not_found("优惠券不存在")

    def wire(self, coupon: Coupon, now_ms: int, *, in_list: bool) -> dict[str, Any]:
        """Descriptions are left out in lists."""
        stock = self._stocks.by_id[coupon.stock_id]
        terms = self._stocks.terms(stock)
        start_ms, expire_ms = self._stocks.lifetime(stock, coupon.given_at_ms)
        pattern = dict(terms.get("display_pattern_info", {}))
        if in_list:
            pattern.pop("description", None)
        answer = {
            "belong_merchant": self._stocks.mchid,
            "stock_name": terms["stock_name"],
            "goods_name": terms["goods_name"],
            "stock_type": terms["stock_type"],
            "transferable": False,
            "shareable": False,
            "coupon_state": self._life.state(coupon, now_ms),
            "display_pattern_info": pattern,
            "coupon_use_rule": terms["coupon_use_rule"],
            "coupon_code": coupon.coupon_code,
            "stock_id": coupon.stock_id,
            "available_start_time": rfc3339(start_ms),
            "expire_time": rfc3339(expire_ms),
            "receive_time": rfc3339(coupon.given_at_ms),
            "send_request_no": coupon.out_request_no,
            **self._life.history(coupon),
        }
        for name in ("comment", "custom_entrance"):
            if name in terms:
                answer[name] = terms[name]
        return answer

    def _check_appid(self, appid: str) -> None:
        if appid != self._appid:
            raise wrong_appid()

    def _visible(self, openid: str, now_ms: int) -> list[Coupon]:
        until_ms = now_ms - self._visible_after_ms()
        return [c for c in self._sending.by_openid.get(openid, []) if c.given_at_ms <= until_ms]
