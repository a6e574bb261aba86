"""A WeChat Pay that runs on loopback: it checks signatures, signs its answers, gives coupons, counts them in
a ledger, and misbehaves when told to.

    async with WeChatPay(make_keys(), stocks=[Stock("1212121212")]).serve() as running:
        running.url
"""

from sandbox.wechatpay.clock import Clock, rfc3339, system_clock
from sandbox.wechatpay.faults import Fault, FaultKind, Faults
from sandbox.wechatpay.keyring import DAY_MS, KeyMode, signed_headers
from sandbox.wechatpay.keys import KeyMaterial, Merchant, PlatformKey, make_keys
from sandbox.wechatpay.ledger import Attempt, Coupon, CouponState, Endpoint, Ledger, Notice, Received
from sandbox.wechatpay.notices import NoticeFault, Repeats
from sandbox.wechatpay.signatures import Judgement
from sandbox.wechatpay.stand_in import Running, WeChatPay
from sandbox.wechatpay.stocks import CodeMode, Stock, StockState

__all__ = [
    "DAY_MS",
    "Attempt",
    "Clock",
    "CodeMode",
    "Coupon",
    "CouponState",
    "Endpoint",
    "Fault",
    "FaultKind",
    "Faults",
    "Judgement",
    "KeyMaterial",
    "KeyMode",
    "Ledger",
    "Merchant",
    "Notice",
    "NoticeFault",
    "PlatformKey",
    "Received",
    "Repeats",
    "Running",
    "Stock",
    "StockState",
    "WeChatPay",
    "make_keys",
    "rfc3339",
    "signed_headers",
    "system_clock",
]
