"""Making a stock, changing it, reading it."""

from dataclasses import replace
from random import Random
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import bad_parameter, invalid_request, not_found, wrong_appid, wrong_merchant
from sandbox.wechatpay.request_numbers import RequestNumbers, Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stock_shapes import read_budget, read_new_stock, read_patch
from sandbox.wechatpay.stocks import CodeMode, Stock, Stocks


class StockMaking:
    def __init__(self, *, appid: str, stocks: Stocks, sending: Sending, numbers: RequestNumbers) -> None:
        self._appid = appid
        self._stocks = stocks
        self._sending = sending
        self._numbers = numbers
        self._rng = Random()  # never seeded: two runs of the stand-in must not give the same ids

    def make(self, asked: Asked) -> Result:
        """A stock made over HTTP is RUNNING at once."""
        members = read_new_stock(asked.body)
        number = members.pop("out_request_no")
        if members["belong_merchant"] != self._stocks.mchid:
            raise wrong_merchant()
        if members.get("notify_config", {}).get("notify_appid", self._appid) != self._appid:
            raise wrong_appid()
        return self._numbers.once("make stock", number, members, lambda: self._make(members, asked.now_ms))

    def _make(self, members: dict[str, Any], now_ms: int) -> Result:
        stock_id = str(self._rng.randrange(10**15, 10**16))
        limits = members["stock_send_rule"]
        self._stocks.by_id[stock_id] = Stock(
            stock_id,
            name=members["stock_name"],
            value_fen=members["coupon_use_rule"].get("fixed_normal_coupon", {}).get("discount_amount", 0),
            code_mode=CodeMode(members["coupon_code_mode"]),
            max_coupons=limits["max_coupons"],
            max_coupons_per_user=limits["max_coupons_per_user"],
            max_coupons_by_day=limits.get("max_coupons_by_day"),
            terms={"subsidy": False, **members},
        )
        return {"stock_id": stock_id, "create_time": rfc3339(now_ms)}

    def read(self, asked: Asked) -> Result:
        asked.parameters()
        stock = self._stock(asked.names[0])
        answer = {**self._stocks.terms(stock), "stock_id": stock.stock_id, "stock_state": stock.state}
        given, today = self._sending.given[stock.stock_id], self._sending.given_on(stock, asked.now_ms)
        counts = {"total_send_num": given}
        if stock.max_coupons_by_day is not None:
            counts["today_send_num"] = today
        if answer["stock_type"] == "NORMAL":
            for name in tuple(counts):
                counts[name.replace("_num", "_amount")] = counts[name] * stock.value_fen
        answer["send_count_information"] = counts
        if stock.code_mode is CodeMode.MERCHANT_UPLOAD:
            answer["coupon_code_count"] = self._sending.codes.counts(stock.stock_id)
        return answer

    def patch(self, asked: Asked) -> Result:
        """204: nothing comes back."""
        members = read_patch(asked.body)
        stock = self._stock(asked.names[0])
        number = members.pop("out_request_no")

        def act() -> Result:
            if asked.now_ms > self._stocks.period(stock)[1]:
                raise invalid_request("批次已结束, 不支持修改")
            terms = self._stocks.terms(stock)
            if members.get("subsidy") is False and terms["subsidy"]:
                raise bad_parameter("/subsidy", "only from false to true")
            if members.get("notify_config", {}).get("notify_appid", self._appid) != self._appid:
                raise wrong_appid()
            self._stocks.by_id[stock.stock_id] = replace(stock, terms=_merged(terms, members))
            return None

        return self._numbers.once("patch stock", number, (stock.stock_id, members), act)

    def budget(self, asked: Asked) -> Result:
        number, limit, target, current = read_budget(asked.body)
        stock = self._stock(asked.names[0])

        def act() -> Result:
            now = stock.max_coupons if limit == "max_coupons" else stock.max_coupons_by_day
            if now != current:
                raise invalid_request(f"current_{limit}与批次当前值不一致")
            if limit == "max_coupons":
                if target < self._sending.given[stock.stock_id]:
                    raise invalid_request("target_max_coupons小于已发放个数")
                changed = replace(stock, max_coupons=target)
            else:
                changed = replace(stock, max_coupons_by_day=target)
            self._stocks.by_id[stock.stock_id] = changed
            answer = {"max_coupons": changed.max_coupons}
            if changed.max_coupons_by_day is not None:
                answer["max_coupons_by_day"] = changed.max_coupons_by_day
            return answer

        return self._numbers.once("budget", number, (stock.stock_id, limit, target, current), act)

    def _stock(self, stock_id: str) -> Stock:
        stock = self._stocks.by_id.get(stock_id)
        if stock is None:
            raise not_found("批次不存在")
        return stock


def _merged(terms: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What changes is said member by member, also inside objects; the rest stays."""
    merged = dict(terms)
    for name, value in changes.items():
        before = merged.get(name)
        merged[name] = (
            _merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
        )
    return merged
