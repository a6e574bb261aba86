"""Codes the merchant uploads beforehand, for MERCHANT_UPLOAD stocks only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import invalid_request, not_found, wrong_appid
from sandbox.wechatpay.ledger import Coupon
from sandbox.wechatpay.members import Shape, listed, number, text
from sandbox.wechatpay.request_numbers import RequestNumbers, Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.stocks import CodeMode, Stocks

_LONGEST = 32
_CODE = re.compile(r"[0-9A-Za-z \-_\\/=|]+")
# A code that is too long is refused by itself; what is no text at all spoils the whole request.
_UPLOAD = Shape({"coupon_code_list*": listed(text(0, 1024), 1, 200), "upload_request_no*": number()})
_STATUS = ("AVAILABLE", "DISPATCHED")


@dataclass(slots=True)
class Code:
    """One uploaded code; `coupon` is set when it was given to somebody."""

    code: str
    uploaded_ms: int
    coupon: Coupon | None = field(default=None, repr=False)

    @property
    def status(self) -> str:
        return _STATUS[self.coupon is not None]

    def wire(self, *, with_openid: bool) -> dict[str, Any]:
        wire = {"code": self.code, "code_status": self.status, "upload_time": rfc3339(self.uploaded_ms)}
        if self.coupon is not None:
            wire["dispatched_time"] = rfc3339(self.coupon.given_at_ms)
            wire["coupon_code"] = self.coupon.coupon_code
            if with_openid:
                wire["openid"] = self.coupon.openid
        return wire


class UploadedCodes:
    """Keeps a list of the free ones beside the book of all, so that picking one stays cheap."""

    def __init__(self) -> None:
        self._books: dict[str, dict[str, Code]] = {}
        self._free: dict[str, list[str]] = {}
        self._rng = Random()

    def book(self, stock_id: str) -> dict[str, Code]:
        return self._books.setdefault(stock_id, {})

    def add(self, stock_id: str, codes: Iterable[str], now_ms: int) -> None:
        """Codes that are there already stay as they are."""
        book, free = self.book(stock_id), self._free.setdefault(stock_id, [])
        for code in codes:
            if code not in book:
                book[code] = Code(code, now_ms)
                free.append(code)

    def available(self, stock_id: str) -> int:
        return len(self._free.get(stock_id, ()))

    def counts(self, stock_id: str) -> dict[str, int]:
        return {"total_count": len(self.book(stock_id)), "available_count": self.available(stock_id)}

    def take(self, stock_id: str) -> str:
        """One of the free codes, at random. There must be one."""
        free = self._free[stock_id]
        picked = self._rng.randrange(len(free))
        free[picked], free[-1] = free[-1], free[picked]
        return free.pop()

    def dispatched(self, coupon: Coupon) -> None:
        code = self.book(coupon.stock_id).get(coupon.coupon_code)
        if code is not None:
            code.coupon = coupon


class CodeUploading:
    def __init__(self, *, appid: str, stocks: Stocks, codes: UploadedCodes, numbers: RequestNumbers) -> None:
        self._appid = appid
        self._stocks = stocks
        self._codes = codes
        self._numbers = numbers

    def upload(self, asked: Asked) -> Result:
        """Each code is judged by itself: one that is refused does not stop the others."""
        members = _UPLOAD.parse(asked.body)
        stock_id = self._stock_id(asked)
        wanted: list[str] = members["coupon_code_list"]

        def act() -> Result:
            once = list(dict.fromkeys(wanted))
            duplicates = list(dict.fromkeys(code for code in wanted if wanted.count(code) > 1))
            exist = [code for code in once if code in self._codes.book(stock_id)]
            refused = [entry for entry in map(_refusal, once) if entry is not None]
            names = {*exist, *(entry["coupon_code"] for entry in refused)}
            added = [code for code in once if code not in names]
            self._codes.add(stock_id, added, asked.now_ms)
            answer = {
                "stock_id": stock_id,
                "total_count": len(once),
                "success_count": len(added),
                "success_codes": added,
                "success_time": rfc3339(asked.now_ms),
                "fail_count": len(refused),
                "fail_codes": refused,
                "exist_codes": exist,
                "duplicate_codes": duplicates,
            }
            return {name: value for name, value in answer.items() if value != []}

        return self._numbers.once("upload", members["upload_request_no"], (stock_id, wanted), act)

    def code(self, asked: Asked) -> tuple[Code, dict[str, Any]]:
        """The code, and `code_information`. The openid only where an AppID is asked for."""
        query = asked.parameters("appid")
        found = self._codes.book(self._stock_id(asked)).get(asked.names[1])
        if found is None:
            raise not_found("code不存在")
        if query.get("appid", self._appid) != self._appid:
            raise wrong_appid()
        return found, {"code_information": found.wire(with_openid="appid" in query)}

    def _stock_id(self, asked: Asked) -> str:
        stock = self._stocks.by_id.get(asked.names[0])
        if stock is None:
            raise not_found("批次不存在")
        if stock.code_mode is not CodeMode.MERCHANT_UPLOAD:
            raise invalid_request("该批次的code模式不支持上传code")
        return stock.stock_id


def _refusal(code: str) -> dict[str, str] | None:
    if not 1 <= len(code) <= _LONGEST:
        return {"coupon_code": code, "code": "LENGTH_LIMIT", "message": "code长度须为1-32个字符"}
    if not _CODE.fullmatch(code):
        return {"coupon_code": code, "code": "PARAM_ERROR", "message": "code包含不支持的字符"}
    return None
