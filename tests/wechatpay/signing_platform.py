"""The other end of the wire, for these tests only: answers on loopback, signed with keys of the vectors.

It signs with `cryptography` itself and imports nothing of `wechatpay`: one mistake cannot hide in both.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "wechatpay.json").read_text())
#: Unix seconds; the clock of all tests stands here.
NOW = 1767225613

#: Makes a client that differs in what is given from the usual one.
#: Never 0: to aiohttp that means for ever, and a connection that came in the last moment was waited for.
_SHUTDOWN_S = 0.1
Build = Callable[..., Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def vector_key(name: str) -> Any:
    return VECTORS["keys"][name]


@functools.cache
def private_key(name: str) -> Any:
    return load_pem_private_key(vector_key(name)["private_key_pkcs8_pem"].encode(), password=None)


def sign(
    signer: str, body: bytes, *, now: int = NOW, nonce: str = "d824f2e086d3c1df967785d13fcd22ef"
) -> dict[str, str]:
    """The four headers (and the type) for `body`, signed with a key of the vectors."""
    key = vector_key(signer)
    message = f"{now}\n{nonce}\n".encode() + body + b"\n"
    signature = private_key(signer).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return {
        "Wechatpay-Timestamp": str(now),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key.get("serial_no") or key["id"],
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(pem: str, serial_no: str, *, apiv3_key: str | None = None) -> dict[str, Any]:
    """One entry of the answer of GET /v3/certificates."""
    key = (apiv3_key or vector_key("apiv3_key")).encode()
    ciphertext = AESGCM(key).encrypt(b"61f9c719728a", pem.encode(), b"certificate")
    return {
        "serial_no": serial_no,
        "effective_time": "2024-01-01T08:00:00+08:00",
        "expire_time": "2049-01-01T08:00:00+08:00",
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": "61f9c719728a",
            "associated_data": "certificate",
            "ciphertext": base64.b64encode(ciphertext).decode(),
        },
    }


def listed(*names: str) -> bytes:
    """The body of GET /v3/certificates with these certificates of the vectors."""
    keys = [vector_key(name) for name in names]
    return compact({"data": [sealed(key["certificate_pem"], key["serial_no"]) for key in keys]})


@dataclass
class Platform:
    """Answers what it is told to, in order; the last answer stays. Keeps what it heard."""

    signer: str
    answers: list[Handler] = field(default_factory=list)
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def says(self, status: int, members: object, **options: Any) -> None:
        """Answer once with this JSON, signed unless `signer=None`."""
        self.answers.append(self.signed(status, compact(members), **options))

    def signed(self, status: int, body: bytes, **options: Any) -> Handler:
        signer = options.get("signer", self.signer)

        async def answer(_request: web.Request) -> web.Response:
            headers = {"Request-ID": "08F1A2-268578927", "Content-Type": "application/json; charset=utf-8"}
            headers |= sign(signer, body) if signer else {}
            headers |= options.get("headers", {})
            response = web.Response(status=status, body=body, headers=headers)
            if options.get("gzip"):
                response.enable_compression(web.ContentCoding.gzip)
            return response

        return answer

    @property
    def targets(self) -> list[str]:
        return [target for _, target, _, _ in self.heard]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        handler = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await handler(request)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()


def assert_signed_by_us(method: str, target: str, headers: dict[str, str], body: bytes) -> None:
    """Check the Authorization header as WeChat Pay would, from what arrived on the wire."""
    scheme, _, fields = headers["Authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    parts = dict(re.findall(r'([a-z_]+)="([^"]*)"', fields))
    assert (parts["mchid"], parts["serial_no"]) == (
        vector_key("merchant")["mchid"],
        vector_key("merchant")["serial_no"],
    )
    assert len(parts["timestamp"]) == 10
    assert re.fullmatch(r"[0-9A-Za-z]{32}", parts["nonce_str"])
    message = f"{method}\n{target}\n{parts['timestamp']}\n{parts['nonce_str']}\n".encode() + body + b"\n"
    ours: Any = load_pem_public_key(vector_key("merchant")["public_key_pem"].encode())
    ours.verify(base64.b64decode(parts["signature"]), message, padding.PKCS1v15(), hashes.SHA256())
