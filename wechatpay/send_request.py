"""The body of POST .../busifavor/coupons/send: composed once, stored, and sent as those bytes for ever.

The number and its body belong together: the same number with other data is an error, or a second coupon.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from wechatpay.errors import BadRequest

#: Where two lengths are published the shorter one is obeyed; characters are those seen in practice. Of the
#: characters allowed in `out_request_no`, `|` is printed full-width in the documentation: avoided.
_LONGEST = {"openid": 128, "appid": 32, "stock_id": 20, "out_request_no": 32, "coupon_code": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """What one number asks for."""

    openid: str = field(repr=False)
    appid: str
    stock_id: str
    out_request_no: str
    #: Only and always for stocks in `MERCHANT_API` mode.
    coupon_code: str | None = None


def compose_send(
    *, appid: str, openid: str, stock_id: str, out_request_no: str, coupon_code: str | None = None
) -> bytes:
    """The exact bytes to store and send; the same arguments give the same bytes for ever.

    `coupon_code` is left out altogether when it is None: for other modes than `MERCHANT_API` neither `null`
    nor "" is allowed. Raises BadRequest, naming every wrong field.
    """
    members = {"openid": openid, "appid": appid, "stock_id": stock_id, "out_request_no": out_request_no}
    if coupon_code is not None:
        members["coupon_code"] = coupon_code
    _check(members)
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def read_send(body: bytes) -> SendRequest:
    """Read bytes that `compose_send` made. Raises BadRequest when they are no such thing."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise BadRequest([("body", "is no JSON object; it must be what compose_send made")])
    strange = [
        (ascii(name[:40]), "does not belong into a send request") for name in members if name not in _LONGEST
    ]
    if strange:
        raise BadRequest(strange)
    _check(members)
    return SendRequest(**members)


def _check(members: dict[str, Any]) -> None:
    faults = []
    for name, longest in _LONGEST.items():
        if name not in members and name == "coupon_code":
            continue
        value = members.get(name)
        if not isinstance(value, str):
            faults.append((name, "is missing or no text"))
        # The value itself is not quoted: an openid must not get into a log.
        elif not re.fullmatch(rf"[0-9A-Za-z_-]{{1,{longest}}}", value):
            faults.append(
                (name, f"must be 1 to {longest} of [0-9A-Za-z_-]; {len(value)} characters were read")
            )
    if faults:
        raise BadRequest(faults)
