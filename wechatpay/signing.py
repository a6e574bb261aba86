"""Signing a request, and the two texts that are signed. Pure functions over bytes.

Rules: WECHATPAY2-SHA256-RSA2048, five lines for a request and three for an answer, each closed by one LF.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wechatpay.keys import Merchant

SCHEME = "WECHATPAY2-SHA256-RSA2048"


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a request's signature covers.

    `target` is path and query exactly as they go on the wire: escapes, order and duplicates stay. The host
    is not covered, so the same signed request may go to a second host.
    """
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the signature of an answer or callback covers: raw bytes, after gzip is undone."""
    # A header may hold anything; what is not UTF-8 was never signed by WeChat Pay and must fail, not crash.
    return f"{timestamp}\n{nonce}\n".encode(errors="backslashreplace") + body + b"\n"


def fresh_nonce() -> str:
    """32 random characters; a new one for each attempt."""
    return secrets.token_hex(16)


def authorization(
    merchant: Merchant, method: str, target: str, body: bytes, *, timestamp: int, nonce: str
) -> str:
    """The value of the Authorization header; `timestamp` in Unix seconds.

    PKCS#1 v1.5 signatures are deterministic: the same arguments give the same header.
    """
    text = request_message(method, target, str(timestamp), nonce, body)
    signature = merchant.private_key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return (
        f'{SCHEME} mchid="{merchant.mchid}",nonce_str="{nonce}",timestamp="{timestamp}",'
        f'serial_no="{merchant.serial_no}",signature="{base64.b64encode(signature).decode()}"'
    )
