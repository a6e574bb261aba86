"""The three questions: a user's coupons, one coupon, one stock."""

from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import bad_parameter, not_found, wrong_appid
from sandbox.wechatpay.ledger import Coupon, CouponState
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stocks import Stock, stock_answer, use_rule

_ROLES = ("creator_merchant", "belong_merchant", "sender_merchant")
_QUERY = {"appid", "stock_id", "coupon_state", "offset", "limit", *_ROLES}
_LIMIT = 20
_MOST = 100


class LookingUp:
    def __init__(
        self, *, mchid: str, appid: str, stocks: dict[str, Stock], sending: Sending, opened_ms: int
    ) -> None:
        self._mchid = mchid
        self._appid = appid
        self._stocks = stocks
        self._sending = sending
        self._opened_ms = opened_ms
        self.states: dict[Coupon, CouponState] = {}

    def coupons(self, openid: str, *, query: dict[str, str], until_ms: int) -> dict[str, Any]:
        """One page of a user's coupons, oldest first; `offset` counts coupons. Raises RefusedError.

        What was given after `until_ms` has not reached the lists yet."""
        for name in sorted(query.keys() - _QUERY):
            raise bad_parameter(name, "unknown parameter", location="query")
        self._check_appid(query.get("appid"))
        roles = [query[role] for role in _ROLES if role in query]
        if not roles:
            # "Required when the calling merchant has that role", and a caller always has one.
            raise bad_parameter(_ROLES[0], "one of creator, belong or sender merchant", location="query")
        offset = _whole(query, "offset", 0, range(10**9))
        limit = _whole(query, "limit", _LIMIT, range(1, _MOST + 1))
        if any(role != self._mchid for role in roles):
            found = []
        else:
            found = [
                coupon
                for coupon in self._visible(openid, until_ms)
                if query.get("stock_id", coupon.stock_id) == coupon.stock_id
                and query.get("coupon_state", self._state(coupon)) == self._state(coupon)
            ]
        page = found[offset : offset + limit]
        return {
            "total_count": len(found),
            "offset": offset,
            "limit": limit,
            "data": [self._answer(coupon, in_list=True) for coupon in page],
        }

    def coupon(self, openid: str, coupon_code: str, appid: str, *, until_ms: int) -> dict[str, Any]:
        self._check_appid(appid)
        for coupon in self._visible(openid, until_ms):
            if coupon.coupon_code == coupon_code:
                return self._answer(coupon, in_list=False)
        raise not_found("优惠券不存在")

    def stock(self, stock_id: str) -> dict[str, Any]:
        stock = self._stocks.get(stock_id)
        if stock is None:
            raise not_found("批次不存在")
        return stock_answer(
            stock,
            mchid=self._mchid,
            opened_ms=self._opened_ms,
            given=self._sending.given[stock_id],
            codes_left=self._sending.codes_left(stock_id),
        )

    def _check_appid(self, appid: str | None) -> None:
        if not appid:
            raise bad_parameter("appid", "missing", location="query")
        if appid != self._appid:
            raise wrong_appid()

    def _visible(self, openid: str, until_ms: int) -> list[Coupon]:
        coupons = self._sending.by_openid.get(openid, [])
        return [coupon for coupon in coupons if coupon.given_at_ms <= until_ms]

    def _state(self, coupon: Coupon) -> CouponState:
        return self.states.get(coupon, CouponState.SENDED)

    def _answer(self, coupon: Coupon, *, in_list: bool) -> dict[str, Any]:
        stock = self._stocks[coupon.stock_id]
        rule = use_rule(stock, self._opened_ms)
        pattern = {"background_color": "Color010"}
        if not in_list:
            pattern["description"] = stock.name
        return {
            "belong_merchant": self._mchid,
            "stock_name": stock.name,
            "comment": "sandbox",
            "goods_name": stock.name,
            "stock_type": "NORMAL",
            "transferable": False,
            "shareable": False,
            "coupon_state": self._state(coupon),
            "display_pattern_info": pattern,
            "coupon_use_rule": rule,
            "coupon_code": coupon.coupon_code,
            "stock_id": coupon.stock_id,
            "available_start_time": rfc3339(coupon.given_at_ms),
            "expire_time": rule["coupon_available_time"]["available_end_time"],
            "receive_time": rfc3339(coupon.given_at_ms),
            "send_request_no": coupon.out_request_no,
        }


def _whole(query: dict[str, str], name: str, default: int, allowed: range) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) in allowed):
        raise bad_parameter(name, f"whole number {allowed[0]} to {allowed[-1]} expected", location="query")
    return int(text)
