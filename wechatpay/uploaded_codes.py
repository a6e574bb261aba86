"""Codes that the merchant uploads beforehand: in MERCHANT_UPLOAD stocks WeChat Pay picks one per coupon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wechatpay.endpoints import Endpoint
from wechatpay.fields import COUPON_CODE, REQUEST_NO, Form, listed, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCode:
    """A code that was not taken, and why (`code`, like LENGTH_LIMIT)."""

    coupon_code: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Each code is judged by itself. Counts that were not given are None."""

    stock_id: str
    #: Different codes in the request.
    total_count: int
    success_count: int
    success_time: str | None = None
    success_codes: tuple[str, ...] = ()
    fail_count: int | None = None
    fail_codes: tuple[FailedCode, ...] = ()
    #: Uploaded before.
    exist_codes: tuple[str, ...] = ()
    #: Twice in the request.
    duplicate_codes: tuple[str, ...] = ()


UPLOAD = Endpoint(
    "POST",
    "/stocks/{stock_id}/couponcodes",
    Form(
        {
            "coupon_code_list": needed(listed(COUPON_CODE, 1, 200)),
            "upload_request_no": needed(REQUEST_NO),
        }
    ),
    Upload,
)


def compose_upload(*, coupon_code_list: Sequence[str], upload_request_no: str) -> bytes:
    """1 to 200 codes of 1 to 32 of digits, letters, space and - _ \\ / = |. Raises BadRequest."""
    return UPLOAD.compose(coupon_code_list=tuple(coupon_code_list), upload_request_no=upload_request_no)
