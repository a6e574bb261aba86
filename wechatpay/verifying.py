"""Is this answer (or callback) from WeChat Pay? Four steps, each with its own error; returning means yes."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wechatpay.errors import BadSignature, Stale, Unsigned
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.signing import answer_message

#: Seconds, either side. Peers disagree about exactly 300; ours: more than 300 is refused.
TOLERANCE = 300

#: `int` and `isdigit` would take other scripts' digits, signs and underscores.
_SECONDS = re.compile(r"[0-9]{1,12}")
_HEADERS = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial")


def verify(headers: Mapping[str, str], body: bytes, *, keys: KeyRing, now: int) -> PlatformKey:
    """Returns the key that signed `body`; `now` in Unix seconds.

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
