"""The least that answers a send as WeChat Pay does: TLS, one genuine signature, nothing checked.

The stand-in does much more for each send than the client does, and would be all that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks.stand_in_process import STOCK_ID, Address, server_tls, stand_in
from sandbox.wechatpay import make_keys


def lean_platform(*, answers_after_s: float = 0.0) -> AbstractContextManager[Address]:
    """Runs while the context lasts."""
    return stand_in(_serve, answers_after_s=answers_after_s)


async def _serve(pipe: Connection, answers_after_s: float) -> None:
    loop = asyncio.get_running_loop()
    keys = make_keys()
    certificate_pem, context = server_tls()
    closed = asyncio.Event()
    ahead: dict[str, bytes] = {}

    def hear() -> None:
        """What is to be signed ahead; or the other end's end."""
        try:
            sends = pipe.recv()
        except EOFError:
            closed.set()
            return
        ahead.clear()
        ahead.update((number, _answer(keys, openid, number)) for number, openid in sends)
        pipe.send(len(ahead))

    server = await loop.create_server(
        lambda: _Lean(keys, answers_after_s, ahead), "127.0.0.1", 0, ssl=context
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        pipe.send(Address(f"https://127.0.0.1:{port}", keys.merchant, certificate_pem))
        loop.add_reader(pipe.fileno(), hear)
        await closed.wait()


class _Lean(asyncio.Protocol):
    """One connection; requests come one by one, with a Content-Length."""

    def __init__(self, keys: Any, answers_after_s: float, ahead: Mapping[str, bytes]) -> None:
        self._keys = keys
        self._after_s = answers_after_s
        self._ahead = ahead
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
        if not found or len(body) < length:
            return
        self._heard = b""
        sent = json.loads(body)
        number = sent["out_request_no"]
        answer = self._ahead.get(number) or _answer(self._keys, sent["openid"], number)
        if self._after_s:
            asyncio.get_running_loop().call_later(self._after_s, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _answer(keys: Any, openid: str, number: str) -> bytes:
    body = json.dumps(
        {
            "stock_id": STOCK_ID,
            "openid": openid,
            "out_request_no": number,
            "coupon_code": f"1212{number[-12:]}",
        }
    ).encode()
    timestamp, nonce = str(int(time.time())), number
    signature = keys.public_key.private_key.sign(
        f"{timestamp}\n{nonce}\n".encode() + body + b"\n", padding.PKCS1v15(), hashes.SHA256()
    )
    head = (
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n"
        "Request-ID: 08B8DEB3C90610F9051893C5E2B8-0\r\n"
        f"Wechatpay-Nonce: {nonce}\r\nWechatpay-Serial: {keys.public_key.serial}\r\n"
        f"Wechatpay-Signature: {base64.b64encode(signature).decode()}\r\n"
        f"Wechatpay-Timestamp: {timestamp}\r\n"
        "Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048\r\n\r\n"
    )
    return head.encode() + body
