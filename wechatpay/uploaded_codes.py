"""Codes that the merchant uploads beforehand: in MERCHANT_UPLOAD stocks WeChat Pay picks one per coupon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from wechatpay.client import Client
from wechatpay.endpoints import Endpoint
from wechatpay.errors import BadRequest, Malformed
from wechatpay.forms import Form
from wechatpay.limits import COUPON_CODE, REQUEST_NO, faults_of, listed, needed
from wechatpay.reading import members_of
from wechatpay.records import promised
from wechatpay.targets import target
from wechatpay.user_coupons import Coupon, read_coupon

_DELETE = {"delete_request_no": needed(REQUEST_NO)}


class CodeStatus(StrEnum):
    """Is the code still free?"""

    AVAILABLE = "AVAILABLE"
    DISPATCHED = "DISPATCHED"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedCode:
    """One code, and whose coupon it became."""

    code: str
    code_status: CodeStatus | str
    upload_time: str | None = None
    dispatched_time: str | None = None
    openid: str | None = field(default=None, repr=False)
    unionid: str | None = field(default=None, repr=False)
    coupon_code: str | None = None
    #: From `get` only, and only once dispatched.
    coupon: Coupon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedCodePage:
    """One page. The documentation does not say whether `offset` counts codes or pages."""

    total_count: int
    data: tuple[UploadedCode, ...]
    stock_id: str | None = None
    offset: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedCode:
    """A code that is not there any more."""

    stock_id: str
    delete_time: str


_UPLOAD = Endpoint(
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
    return _UPLOAD.compose(coupon_code_list=tuple(coupon_code_list), upload_request_no=upload_request_no)


class UploadedCodes:
    """Raises BadRequest before anything is sent; NotSent, NoAnswer, Doubtful, Refused (INVALID_REQUEST for a
    stock of another code mode), Trouble, Malformed."""

    def __init__(self, client: Client, *, appid: str) -> None:
        self._client = client
        self._appid = appid

    async def upload(self, stock_id: str, body: bytes) -> Upload:
        """One attempt with exactly the composed bytes. Keep them with `stock_id`, which is not in them."""
        return await _UPLOAD.call(self._client, body, stock_id=stock_id)

    async def page(
        self, stock_id: str, *, status: CodeStatus | None = None, offset: int = 0, limit: int = 20
    ) -> UploadedCodePage:
        """Codes of a stock."""
        query: dict[str, str | int | None] = {
            "limit": limit,
            "offset": offset,
            "appid": self._appid,
            "status": status,
        }
        place = target("/stocks/{stock_id}/couponcodes", {"stock_id": stock_id}, query)
        return promised(UploadedCodePage, await self._client.get(place), echo={"stock_id": stock_id})

    async def get(self, stock_id: str, code: str) -> UploadedCode:
        """One code, with its coupon once it was given to somebody."""
        place = target(*_one(stock_id, code), {"appid": self._appid})
        members = await self._client.get(place)
        information, coupon = members.get("code_information"), members.get("coupon_information")
        if not isinstance(information, dict):
            raise Malformed("the genuine answer lacks code_information", verified=True)
        known = {name: value for name, value in information.items() if name != "coupon"}
        found = promised(UploadedCode, known, echo={"code": code})
        return found if not isinstance(coupon, dict) else replace(found, coupon=read_coupon(coupon, stock_id))

    async def delete(self, stock_id: str, code: str, *, delete_request_no: str) -> DeletedCode:
        """Take back a code that was not given to anybody. The same number deletes the same code, for ever."""
        faults = list(faults_of({"delete_request_no": delete_request_no}, _DELETE))
        if faults:
            raise BadRequest(faults)
        place = target(*_one(stock_id, code), {"delete_request_no": delete_request_no})
        found = members_of(await self._client.call("DELETE", place), hide="")
        return promised(DeletedCode, found, echo={"stock_id": stock_id})


def _one(stock_id: str, code: str) -> tuple[str, dict[str, str]]:
    return "/stocks/{stock_id}/couponcodes/{coupon_code}", {"stock_id": stock_id, "coupon_code": code}
