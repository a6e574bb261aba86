"""The real client and the stand-in of WeChat Pay, with a real socket and real signatures between them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.ledger import Coupon, Endpoint, Received
from sandbox.wechatpay.stand_in import WeChatPay
from sandbox.wechatpay.stocks import CodeMode, Stock
from tests.world import OPENID, keys
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.keys import load_merchant, load_public_key, read_apiv3_key

USUAL, OWN_CODES, UPLOADED = "1212121212", "5656565656", "7878787878"
#: A code that must be escaped wherever it stands in a path.
ODD_CODE = "AB C/1=2|3\\4"


@dataclass(frozen=True, slots=True)
class Wire:
    """Both ends, and what is needed to speak of them."""

    url: str
    wechatpay: WeChatPay
    client: Client
    busifavor: Busifavor

    @property
    def appid(self) -> str:
        return self.wechatpay.merchant.appid

    @property
    def mchid(self) -> str:
        return self.wechatpay.merchant.mchid

    def coupon(self, number: str = "C1", stock_id: str = USUAL, code: str | None = None) -> Coupon:
        """One that was given before."""
        return self.wechatpay.give(OPENID, stock_id, number, code)

    def heard(self, endpoint: Endpoint) -> list[Received]:
        return [request for request in self.wechatpay.ledger.requests if request.endpoint is endpoint]


@asynccontextmanager
async def wire(mode: KeyMode = KeyMode.PUBLIC_KEY, **wechatpay: Any) -> AsyncGenerator[Wire]:
    """Everything is closed at the end, and each request that came was well signed."""
    material = keys()
    stocks = (
        Stock(USUAL, value_fen=1000),
        Stock(OWN_CODES, value_fen=1000, code_mode=CodeMode.MERCHANT_API),
        Stock(
            UPLOADED,
            value_fen=1000,
            code_mode=CodeMode.MERCHANT_UPLOAD,
            uploaded_codes=("UP-1",),
            max_coupons_by_day=50,
        ),
    )
    stand_in = WeChatPay(material, stocks=stocks, mode=mode, **wechatpay)
    ours = material.merchant
    merchant = load_merchant(mchid=ours.mchid, serial_no=ours.serial_no, private_key=ours.private_key_pem)
    public_keys = [load_public_key(key_id=ours.public_key_id, pem=ours.public_key_pem, merchant=merchant)]
    async with (
        stand_in.serve() as running,
        Client(
            merchant=merchant,
            apiv3_key=read_apiv3_key(ours.apiv3_key),
            clock=lambda: time.time_ns() // 1_000_000,
            public_keys=[] if mode is KeyMode.CERTIFICATE else public_keys,
            base_url=running.url,
        ) as client,
    ):
        yield Wire(running.url, stand_in, client, Busifavor(client, appid=ours.appid))
    assert {request.verdict for request in stand_in.ledger.requests} <= {"ok"}
