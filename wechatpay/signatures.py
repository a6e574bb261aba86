"""What is signed, how we sign, and whether an answer (or callback) is WeChat Pay's. Pure, over bytes.

Rules: WECHATPAY2-SHA256-RSA2048, five lines for a request and three for an answer, each closed by one LF.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wechatpay.errors import BadSignature, Stale, Unsigned
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.keys import Merchant

SCHEME = "WECHATPAY2-SHA256-RSA2048"
#: Seconds, either side. Peers disagree about exactly 300; ours: more than 300 is refused.
TOLERANCE = 300

#: `int` and `isdigit` would take other scripts' digits, signs and underscores.
_SECONDS = re.compile(r"[0-9]{1,12}")
_HEADERS = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial")


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


def verify(headers: Mapping[str, str], body: bytes, *, keys: KeyRing, now: int) -> PlatformKey:
    """Four steps, each with its own error; returns the key that signed `body`. `now` in Unix seconds.

    `headers` has lower-case names (or does not mind case); `body` is raw, only a Content-Encoding undone.
    Raises Unsigned, Stale, UnknownSerial, BadSignature, looked for in this order.
    """
    timestamp, nonce, signature, serial_no = [headers.get(name, "").strip() for name in _HEADERS]
    if not (timestamp and nonce and signature and serial_no):
        missing = [name for name in _HEADERS if not headers.get(name, "").strip()]
        raise Unsigned(f"the answer has no {', '.join(missing)}")
    if not _SECONDS.fullmatch(timestamp):
        raise Stale("the answer's timestamp is no whole number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise Stale(f"the answer's timestamp and our clock are {abs(now - int(timestamp))} s apart")
    key = keys.find(serial_no, now=now)
    try:
        key.key.verify(
            base64.b64decode(signature, validate=True),
            answer_message(timestamp, nonce, body),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except (InvalidSignature, ValueError):  # ValueError: not even Base64, as in WeChat Pay's own probes
        raise BadSignature(f"the signature does not fit the answer and the key {key.serial_no}") from None
    return key
