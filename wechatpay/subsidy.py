"""Subsidy: a supplement paid to the merchant where a coupon was used, and taken back after a refund.

For NORMAL and DISCOUNT stocks that allow it. Money moves between merchants, never to a customer: this is no
compensation. A receipt is ACCEPTED first; ask again until it is more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wechatpay.client import Client
from wechatpay.endpoints import Endpoint
from wechatpay.errors import Malformed
from wechatpay.forms import Form
from wechatpay.limits import COUPON_CODE, MCHID, REQUEST_NO, STOCK_ID, TRANSACTION_ID, needed, text, whole
from wechatpay.records import promised
from wechatpay.targets import target


class PayReceiptStatus(StrEnum):
    """The last three: taken back, or on the way."""

    UNKNOWN = "PAY_RECEIPT_UNKNOWN"
    ACCEPTED = "PAY_RECEIPT_ACCEPTED"
    SUCCESS = "PAY_RECEIPT_SUCCESS"
    FAIL = "PAY_RECEIPT_FAIL"
    RETURNING = "PAY_RECEIPT_RETURNING"
    PARTIAL_RETURN = "PAY_RECEIPT_PARTIAL_RETURN"
    FULL_RETURN = "PAY_RECEIPT_FULL_RETURN"


class ReturnReceiptStatus(StrEnum):
    """Of taking back."""

    UNKNOWN = "RETURN_RECEIPT_UNKNOWN"
    ACCEPTED = "RETURN_RECEIPT_ACCEPTED"
    SUCCESS = "RETURN_RECEIPT_SUCCESS"
    FAIL = "RETURN_RECEIPT_FAIL"


class FailReason(StrEnum):
    """Why a receipt is FAIL."""

    PAY_INSUFFICIENT_BALANCE = "PAY_RECEIPT_INSUFFICIENT_BALANCE"
    PAY_NOT_INCOMESPLIT_ORDER = "PAY_RECEIPT_NOT_INCOMESPLIT_ORDER"
    PAY_EXCEED_SUBSIDY_AMOUNT_QUOTA = "PAY_RECEIPT_EXCEED_SUBSIDY_AMOUNT_QUOTA"
    PAY_EXCEED_SUBSIDY_COUNT_QUOTA = "PAY_RECEIPT_EXCEED_SUBSIDY_COUNT_QUOTA"
    PAY_OTHER = "PAY_RECEIPT_OTHER"
    RETURN_INSUFFICIENT_BALANCE = "RETURN_RECEIPT_INSUFFICIENT_BALANCE"
    RETURN_OTHER = "RETURN_RECEIPT_OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayReceipt:
    """`amount` in fen."""

    subsidy_receipt_id: str
    stock_id: str
    coupon_code: str
    transaction_id: str
    payer_merchant: str
    payee_merchant: str
    amount: int
    out_subsidy_no: str
    status: PayReceiptStatus | str
    description: str | None = field(default=None, repr=False)
    fail_reason: FailReason | str | None = None
    create_time: str | None = None
    success_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceipt:
    """`amount` in fen."""

    subsidy_return_receipt_id: str | None = None
    stock_id: str
    coupon_code: str
    transaction_id: str
    refund_id: str
    payer_merchant: str
    payee_merchant: str
    amount: int
    out_subsidy_return_no: str
    status: ReturnReceiptStatus | str
    subsidy_receipt_id: str | None = None
    description: str | None = field(default=None, repr=False)
    fail_reason: FailReason | str | None = None
    return_create_time: str | None = None
    return_done_time: str | None = None


_COMMON = {
    "stock_id": needed(STOCK_ID),
    "coupon_code": needed(COUPON_CODE),
    "transaction_id": needed(TRANSACTION_ID),
    "payer_merchant": needed(MCHID),
    "payee_merchant": needed(MCHID),
    # Up to 5000 yuan.
    "amount": needed(whole(1, 500_000)),
    "description": needed(text(1, 1024)),
}
_PAY = Endpoint(
    "POST", "/subsidy/pay-receipts", Form({**_COMMON, "out_subsidy_no": needed(REQUEST_NO)}), PayReceipt
)
_RETURN = Endpoint(
    "POST",
    "/subsidy/return-receipts",
    Form({**_COMMON, "refund_id": needed(TRANSACTION_ID), "out_subsidy_return_no": needed(REQUEST_NO)}),
    ReturnReceipt,
)


def compose_pay(
    *,
    stock_id: str,
    coupon_code: str,
    transaction_id: str,
    payer_merchant: str,
    payee_merchant: str,
    amount: int,
    description: str,
    out_subsidy_no: str,
) -> bytes:
    """`amount` in fen; `transaction_id` of the payment that the coupon was used in. Raises BadRequest."""
    return _PAY.compose(
        stock_id=stock_id,
        coupon_code=coupon_code,
        transaction_id=transaction_id,
        payer_merchant=payer_merchant,
        payee_merchant=payee_merchant,
        amount=amount,
        description=description,
        out_subsidy_no=out_subsidy_no,
    )


def compose_return(
    *,
    stock_id: str,
    coupon_code: str,
    transaction_id: str,
    refund_id: str,
    payer_merchant: str,
    payee_merchant: str,
    amount: int,
    description: str,
    out_subsidy_return_no: str,
) -> bytes:
    """The merchants are those of the payment, not swapped. Raises BadRequest."""
    return _RETURN.compose(
        stock_id=stock_id,
        coupon_code=coupon_code,
        transaction_id=transaction_id,
        refund_id=refund_id,
        payer_merchant=payer_merchant,
        payee_merchant=payee_merchant,
        amount=amount,
        description=description,
        out_subsidy_return_no=out_subsidy_return_no,
    )


class Subsidies:
    """Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused, Trouble, Malformed."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def pay(self, body: bytes) -> PayReceipt:
        """One attempt with exactly the composed bytes: the same number pays once."""
        return await _PAY.call(self._client, body)

    async def find(
        self, *, stock_id: str, coupon_code: str, out_subsidy_no: str | None = None
    ) -> tuple[PayReceipt, ...]:
        """What was paid for a coupon."""
        query = {"stock_id": stock_id, "coupon_code": coupon_code, "out_subsidy_no": out_subsidy_no}
        members = await self._client.get(target("/subsidy/pay-receipts", query=query))
        asked = {name: value for name, value in query.items() if value is not None}
        return tuple(promised(PayReceipt, entry, echo=asked) for entry in _listed(members))

    async def get(self, subsidy_receipt_id: str) -> PayReceipt:
        """One receipt of a payment."""
        asked = {"subsidy_receipt_id": subsidy_receipt_id}
        members = await self._client.get(target("/subsidy/pay-receipts/{subsidy_receipt_id}", asked))
        return promised(PayReceipt, members, echo=asked)

    async def give_back(self, body: bytes) -> ReturnReceipt:
        """One attempt with exactly the composed bytes: the same number takes back once."""
        return await _RETURN.call(self._client, body)

    async def get_return(self, subsidy_return_receipt_id: str) -> ReturnReceipt:
        """One receipt of taking back."""
        asked = {"subsidy_return_receipt_id": subsidy_return_receipt_id}
        members = await self._client.get(
            target("/subsidy/return-receipts/{subsidy_return_receipt_id}", asked)
        )
        return promised(ReturnReceipt, members, echo=asked)


def _listed(members: dict[str, Any]) -> list[dict[str, Any]]:
    found = members.get("pay_receipt_list")
    if found is None:  # missing and null are alike, and both an empty list
        return []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Malformed("the subsidy receipts are no list of objects", verified=True)
    return found
