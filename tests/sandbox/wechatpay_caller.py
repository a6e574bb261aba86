"""A WeChat Pay client by hand, for the stand-in's tests."""

import json
import secrets
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from yarl import URL

from sandbox.wechatpay import (
    Clock,
    KeyMaterial,
    Merchant,
    PlatformKey,
    Stock,
    WeChatPay,
    system_clock,
)
from tests.world import keys

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "wechatpay.json").read_text(encoding="utf-8")
)
REQUEST_VECTORS = [vector for vector in VECTORS["vectors"] if vector["kind"] == "request_sign"]
APPID = "wx8888888888888888"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
STOCK = Stock("1212121212")
SEND = "/v3/marketing/busifavor/coupons/send"
TRUST_HEADERS = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature")


@cache
def vector_keys() -> KeyMaterial:
    keys = VECTORS["keys"]
    ours, certificate, public = keys["merchant"], keys["platform"], keys["wechatpay_public_key"]
    return KeyMaterial(
        Merchant(
            mchid=ours["mchid"],
            appid="wxd678efh567hg6787",
            serial_no=ours["serial_no"],
            certificate_pem=ours["certificate_pem"],
            private_key_pem=ours["private_key_pkcs8_pem"],
            apiv3_key=keys["apiv3_key"],
            public_key_id=public["id"],
            public_key_pem=public["public_key_pem"],
        ),
        PlatformKey.from_pem(public["id"], public["private_key_pkcs8_pem"]),
        PlatformKey.from_pem(
            certificate["serial_no"], certificate["private_key_pkcs8_pem"], certificate["certificate_pem"]
        ),
    )


@cache
def private_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey)
    return key


def send_body(**changes: str | None) -> bytes:
    """A good body; a member given as None is left out."""
    members: dict[str, str | None] = {
        "openid": OPENID,
        "appid": APPID,
        "stock_id": STOCK.stock_id,
        "out_request_no": "REQ_1",
        **changes,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@dataclass(frozen=True, slots=True)
class Heard:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_signed(self) -> bool:
        return any(name in self.headers for name in TRUST_HEADERS)

    def verify(self, key: RSAPublicKey) -> None:
        """Raises InvalidSignature."""
        message = b"%s\n%s\n%s\n" % (
            self.headers["Wechatpay-Timestamp"].encode(),
            self.headers["Wechatpay-Nonce"].encode(),
            self.body,
        )
        key.verify(
            b64decode(self.headers["Wechatpay-Signature"], validate=True), message, PKCS1v15(), SHA256()
        )


class Caller:
    def __init__(self, session: aiohttp.ClientSession, url: str, merchant: Merchant, clock: Clock) -> None:
        self._session = session
        self.url = url
        self.merchant = merchant
        self.clock = clock
        self._key = private_key(merchant.private_key_pem)

    def authorization(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        key: RSAPrivateKey | None = None,
        **changes: str | int,
    ) -> str:
        pairs: dict[str, str | int] = {
            "mchid": self.merchant.mchid,
            "nonce_str": secrets.token_hex(16),
            "timestamp": self.clock() // 1000,
            "serial_no": self.merchant.serial_no,
            **changes,
        }
        message = f"{method}\n{target}\n{pairs['timestamp']}\n{pairs['nonce_str']}\n".encode() + body + b"\n"
        pairs["signature"] = b64encode((key or self._key).sign(message, PKCS1v15(), SHA256())).decode()
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in pairs.items())

    async def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        authorization: str | None = None,
        headers: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
    ) -> Heard:
        """Signed well unless told otherwise; `authorization=""` and headers `without` are left out."""
        if authorization is None:
            authorization = self.authorization(method, target, body)
        sent = {"Accept": "application/json", "User-Agent": "by-hand/1", "Authorization": authorization}
        if body:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        sent = {name: value for name, value in sent.items() if name not in without and value}
        async with self._session.request(
            method,
            URL(self.url + target, encoded=True),
            data=body or None,
            headers=sent,
            skip_auto_headers=("Accept", "User-Agent", "Content-Type"),
        ) as answer:
            return Heard(answer.status, answer.headers, await answer.read())

    async def get(self, target: str, **headers: str) -> Heard:
        return await self.call("GET", target, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def send(self, body: bytes | None = None, **changes: str | None) -> Heard:
        return await self.call("POST", SEND, send_body(**changes) if body is None else body)


@asynccontextmanager
async def calling(pay: WeChatPay, clock: Clock = system_clock) -> AsyncIterator[Caller]:
    """The stand-in served, and a caller with the right keys. Nothing may take longer than ten seconds."""
    async with (
        pay.serve() as running,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
    ):
        yield Caller(session, running.url, pay.merchant, clock)


def a_pay(**settings: Any) -> WeChatPay:
    return WeChatPay(keys(), **{"stocks": [STOCK], **settings})


class StillClock:
    """Stands still until moved."""

    def __init__(self, now_ms: int | None = None) -> None:
        self.now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms

    def __call__(self) -> int:
        return self.now_ms
