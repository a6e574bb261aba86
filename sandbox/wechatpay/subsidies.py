"""Subsidy: money the merchant adds after a coupon was used, and takes back after a refund.

A receipt is ACCEPTED first and settled when it is asked for next: a success, unless `failures` says no.
"""

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.coupon_life import CouponLife
from sandbox.wechatpay.errors import bad_parameter, invalid_request, not_found, wrong_merchant
from sandbox.wechatpay.ledger import Coupon, CouponState
from sandbox.wechatpay.members import COUPON_CODE, MCHID, STOCK_ID, Shape, number, text, whole
from sandbox.wechatpay.request_numbers import RequestNumbers, Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.sending import Sending
from sandbox.wechatpay.stocks import Stocks

_MOST_FEN = 500_000
_COMMON = {
    "stock_id*": STOCK_ID,
    "coupon_code*": COUPON_CODE,
    "transaction_id*": text(28, 32),
    "payer_merchant*": MCHID,
    "payee_merchant*": MCHID,
    "amount*": whole(1, _MOST_FEN),
    "description*": text(1, 1024),
}
_PAY = Shape({**_COMMON, "out_subsidy_no*": number()})
_RETURN = Shape({**_COMMON, "refund_id*": text(28, 32), "out_subsidy_return_no*": number()})
_RETURNABLE = ("PAY_RECEIPT_SUCCESS", "PAY_RECEIPT_PARTIAL_RETURN")
_SAME = ("stock_id", "coupon_code", "transaction_id", "payer_merchant", "payee_merchant")


@dataclass(slots=True)
class _Receipt:
    """`returned_fen` counts what was taken back or is on its way; a return receipt names the one it is of."""

    receipt_id: str
    members: dict[str, Any] = field(repr=False)
    created_ms: int
    status: str
    fail_reason: str | None = None
    settled_ms: int | None = None
    returned_fen: int = 0
    of: "_Receipt | None" = None


class Subsidies:
    """`failures`: reasons met by the next receipts that settle, like PAY_RECEIPT_INSUFFICIENT_BALANCE."""

    def __init__(
        self, *, stocks: Stocks, sending: Sending, life: CouponLife, numbers: RequestNumbers
    ) -> None:
        self._stocks = stocks
        self._sending = sending
        self._life = life
        self._numbers = numbers
        self._paid: dict[str, _Receipt] = {}
        self._returned: dict[str, _Receipt] = {}
        self.failures: deque[str] = deque()

    def pay(self, asked: Asked) -> Result:
        members = _PAY.parse(asked.body)

        def act() -> Result:
            coupon = self._coupon(members)
            if self._life.state(coupon, asked.now_ms) is not CouponState.USED:
                raise invalid_request("券未核销, 不支持补差")
            self._check_terms(members)
            receipt = _Receipt(_new_id(), members, asked.now_ms, "PAY_RECEIPT_ACCEPTED")
            self._paid[receipt.receipt_id] = receipt
            return {"id": receipt.receipt_id}

        made = self._numbers.once("subsidy", members["out_subsidy_no"], members, act)
        return _pay_wire(self._paid[(made or {})["id"]])

    def find(self, asked: Asked) -> Result:
        query = asked.parameters("stock_id*", "coupon_code*", "out_subsidy_no")
        found = [
            receipt
            for receipt in self._paid.values()
            if all(receipt.members[name] == value for name, value in query.items())
        ]
        for receipt in found:
            self._settle(receipt, asked.now_ms)
        return {"pay_receipt_list": [_pay_wire(receipt) for receipt in found]}

    def paid(self, asked: Asked) -> Result:
        asked.parameters()
        receipt = self._known(self._paid, asked.names[0])
        self._settle(receipt, asked.now_ms)
        return _pay_wire(receipt)

    def give_back(self, asked: Asked) -> Result:
        members = _RETURN.parse(asked.body)

        def act() -> Result:
            paid = self._returnable(members, asked.now_ms)
            if paid.returned_fen + members["amount"] > paid.members["amount"]:
                raise invalid_request("回退总金额超过补差金额")
            paid.returned_fen += members["amount"]
            paid.status = "PAY_RECEIPT_RETURNING"
            receipt = _Receipt(_new_id(), members, asked.now_ms, "RETURN_RECEIPT_ACCEPTED", of=paid)
            self._returned[receipt.receipt_id] = receipt
            return {"id": receipt.receipt_id}

        made = self._numbers.once("subsidy return", members["out_subsidy_return_no"], members, act)
        return _return_wire(self._returned[(made or {})["id"]])

    def returned(self, asked: Asked) -> Result:
        asked.parameters()
        receipt = self._known(self._returned, asked.names[0])
        self._settle(receipt, asked.now_ms)
        return _return_wire(receipt)

    def _settle(self, receipt: _Receipt, now_ms: int) -> None:
        kind, _, rest = receipt.status.partition("_RECEIPT_")
        if rest != "ACCEPTED":
            return
        receipt.settled_ms = now_ms
        if self.failures and self.failures[0].startswith(kind):
            receipt.fail_reason = self.failures.popleft()
        receipt.status = f"{kind}_RECEIPT_{'SUCCESS' if receipt.fail_reason is None else 'FAIL'}"
        paid = receipt.of
        if paid is None:
            return
        if receipt.fail_reason is not None:
            paid.returned_fen -= receipt.members["amount"]
        if paid.returned_fen == 0:
            paid.status = "PAY_RECEIPT_SUCCESS"
        elif paid.returned_fen < paid.members["amount"]:
            paid.status = "PAY_RECEIPT_PARTIAL_RETURN"
        else:
            paid.status = "PAY_RECEIPT_FULL_RETURN"

    def _returnable(self, members: dict[str, Any], now_ms: int) -> _Receipt:
        for receipt in self._paid.values():
            if all(receipt.members[name] == members[name] for name in _SAME):
                self._settle(receipt, now_ms)
                if receipt.status in _RETURNABLE:
                    return receipt
                raise invalid_request("补差付款单状态不支持回退")
        raise not_found("补差付款单不存在")

    def _coupon(self, members: dict[str, Any]) -> Coupon:
        coupon = self._sending.by_code.get((members["stock_id"], members["coupon_code"]))
        if coupon is None:
            raise not_found("优惠券不存在")
        return coupon

    def _check_terms(self, members: dict[str, Any]) -> None:
        terms = self._stocks.terms(self._stocks.by_id[members["stock_id"]])
        if not terms["subsidy"] or terms["stock_type"] == "EXCHANGE":
            raise invalid_request("该批次不支持补差")
        # The payer is the stock's creator or owner, and here both are the one merchant.
        if members["payer_merchant"] != self._stocks.mchid:
            raise wrong_merchant()
        rule = terms["coupon_use_rule"].get("fixed_normal_coupon")
        if rule is not None and members["amount"] > rule["discount_amount"]:
            raise bad_parameter("/amount", "more than the coupon is worth")

    @staticmethod
    def _known(receipts: dict[str, _Receipt], receipt_id: str) -> _Receipt:
        if receipt_id not in receipts:
            raise not_found("补差单据不存在")
        return receipts[receipt_id]


def _new_id() -> str:
    return f"{secrets.randbelow(9 * 10**27) + 10**27}"


def _pay_wire(receipt: _Receipt) -> dict[str, Any]:
    wire = {
        "subsidy_receipt_id": receipt.receipt_id,
        **receipt.members,
        "status": receipt.status,
        "create_time": rfc3339(receipt.created_ms),
    }
    return wire | _settled(receipt, "success_time")


def _return_wire(receipt: _Receipt) -> dict[str, Any]:
    wire = {
        "subsidy_return_receipt_id": receipt.receipt_id,
        **receipt.members,
        "status": receipt.status,
        "return_create_time": rfc3339(receipt.created_ms),
    }
    if receipt.of is not None:
        wire["subsidy_receipt_id"] = receipt.of.receipt_id
    return wire | _settled(receipt, "return_done_time")


def _settled(receipt: _Receipt, done: str) -> dict[str, str]:
    if receipt.fail_reason is not None:
        return {"fail_reason": receipt.fail_reason}
    return {done: rfc3339(receipt.settled_ms)} if receipt.settled_ms is not None else {}
