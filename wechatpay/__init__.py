"""WeChat Pay APIv3 for merchant coupons (busifavor): a client that could be published alone.

What a caller needs is importable from here; README.md says how it is used. Bytes in, bytes out, no network:
`signing`, `verifying`, `aead`, `certificates`, `keyring`, `keys`, `send_request`, `codes`, `answers`,
`explain` (why a signature is refused), `skew` (a clock that is off), `trust` (why answers cannot be
verified), and `send_result`, with the one function that says what became of a coupon.
With network: `client` (one HTTP exchange), `keystore` (renews certificates), `busifavor` (the product).
What can go wrong, as a tree: `errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wechatpay.busifavor import Busifavor as Busifavor
    from wechatpay.client import Client as Client
    from wechatpay.errors import WechatPayError as WechatPayError
    from wechatpay.keys import load_merchant as load_merchant
    from wechatpay.keys import load_public_key as load_public_key
    from wechatpay.keys import read_apiv3_key as read_apiv3_key
    from wechatpay.notifications import read_notification as read_notification
    from wechatpay.send_request import compose_send as compose_send
    from wechatpay.send_result import NextStep as NextStep
    from wechatpay.send_result import SendResult as SendResult
    from wechatpay.send_result import SendState as SendState
    from wechatpay.stock_records import Stock as Stock
    from wechatpay.user_coupons import Coupon as Coupon

_MODULES = {
    "Busifavor": "busifavor",
    "Client": "client",
    "Coupon": "user_coupons",
    "NextStep": "send_result",
    "SendResult": "send_result",
    "SendState": "send_result",
    "Stock": "stock_records",
    "WechatPayError": "errors",
    "compose_send": "send_request",
    "load_merchant": "keys",
    "load_public_key": "keys",
    "read_apiv3_key": "keys",
    "read_notification": "notifications",
}


def __getattr__(name: str) -> object:
    """Loaded when asked for: who needs a constant of one module does not wait for the HTTP client."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
