"""Path and query of a call, escaped as they are signed and sent."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from wechatpay.errors import BadRequest

BASE = "/v3/marketing/busifavor"
SEND_TARGET = f"{BASE}/coupons/send"
PRODUCT_SEND_TARGET = f"{BASE}/product-coupons/send"
#: Codes are read with up to 128 characters, and what was read may be asked for.
_LONGEST_SEGMENT = 128


def target(
    path: str, segments: Mapping[str, str] | None = None, query: Mapping[str, str | int | None] | None = None
) -> str:
    """`path` under the product's, with names in braces for `segments`; of `query` what is None is left out.

    Everything but letters, digits and -_.~ is escaped: a coupon's code may hold a slash. Raises BadRequest.
    """
    given = segments or {}
    faults = [(name, fault) for name, value in given.items() if (fault := _fault(value))]
    if faults:
        raise BadRequest(faults)
    filled = path.format(**{name: quote(value, safe="") for name, value in given.items()})
    pairs = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{BASE}{filled}" + (f"?{urlencode(pairs, quote_via=quote, safe='')}" if pairs else "")


def _fault(value: str) -> str:
    if not 1 <= len(value) <= _LONGEST_SEGMENT:
        return f"must be 1 to {_LONGEST_SEGMENT} characters; {len(value)} were read"
    if not value.isprintable():
        return "must hold printable characters only"
    # Proxies and libraries resolve these, escaped or not: another path than the signed one would arrive.
    if value in {".", ".."}:
        return "must not be . or .."
    return ""
