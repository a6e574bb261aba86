"""What lies are made of: the truth, its signature, and what may be changed in both."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from tests.wechatpay.signing_platform import NOW, compact, sign

PUBLIC, OLD, NEW = "wechatpay_public_key", "platform", "platform_next"
NONCE = "d824f2e086d3c1df967785d13fcd22ef"

COUPON = {
    "stock_id": "1290000000000017",
    "out_request_no": "SLK_20260101_0001",
    "coupon_code": "1290000000000017000042",
    "stock_name": "售后关怀券",
}
BODY = compact(COUPON)
OTHER_BODY = compact(COUPON | {"coupon_code": "1290000000000017000043"})
NO = compact({"code": "RULE_LIMIT", "message": "用户已达上限"})


@dataclass(frozen=True)
class Lie:
    """`body` as on the wire; `expected` names the error; `now` in Unix seconds."""

    kind: str
    what: str
    expected: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int = 200
    now: int = NOW

    def written(self) -> str:
        members = {
            "what": self.what,
            "kind": self.kind,
            "expected": self.expected,
            "now": self.now,
            "status": self.status,
            "headers": self.headers,
            "body": base64.b64encode(self.body).decode(),
        }
        return json.dumps(members, ensure_ascii=False, indent=1) + "\n"


def signed_headers(
    body: bytes = BODY,
    *,
    signed: bytes | None = None,
    signer: str = PUBLIC,
    without: str = "",
    twice: str = "",
    now: int = NOW,
    **changed: str,
) -> tuple[tuple[str, str], ...]:
    """The headers of an answer; `signed` is what the signature is over, if not `body`. `changed`, `without`
    and `twice` name the last word of a Wechatpay header."""
    headers = sign(signer, body if signed is None else signed, now=now, nonce=NONCE)
    for name, value in changed.items():
        headers[f"Wechatpay-{name.title()}"] = value
    headers.pop(f"Wechatpay-{without.title()}", None)
    pairs = [("Content-Type", "application/json; charset=utf-8"), ("Request-ID", "08F1A2-268578927")]
    pairs += headers.items()
    if twice:
        pairs += [(name, value) for name, value in headers.items() if name == f"Wechatpay-{twice.title()}"]
    return tuple(pairs)


def gzipped(body: bytes) -> bytes:
    """Without compression, so that it is the same whatever the library."""
    raw = zlib.compressobj(0, zlib.DEFLATED, -15)
    deflated = raw.compress(body) + raw.flush()
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + deflated + struct.pack("<II", zlib.crc32(body), len(body))


GZIP = (("Content-Encoding", "gzip"),)


class Liar:
    """Collects lies of one kind; without other headers a lie is well signed."""

    def __init__(self, kind: str, *, prefix: str = "", signer: str = PUBLIC) -> None:
        self.lies: dict[str, Lie] = {}
        self._kind = kind
        self._prefix = prefix
        self._signer = signer

    def __call__(self, name: str, what: str, expected: str, body: bytes = BODY, **rest: Any) -> None:
        rest.setdefault("headers", signed_headers(body, signer=self._signer))
        self.lies[self._prefix + name] = Lie(self._kind, what, expected, body=body, **rest)
