"""Is this request the merchant's? The `Authorization` header against the raw bytes that arrived."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.wechatpay.clock import Clock
from sandbox.wechatpay.errors import SERIAL_WRONG, SIGNATURE_WRONG, RefusedError
from sandbox.wechatpay.keys import Merchant, serial_of

SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCK_SECONDS = 300
# Nonces older than the clock window need not be known, so this many is a bound, not a promise about attacks.
NONCES_KEPT = 100_000
_BODY_SHOWN = 10
_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')
_SECONDS = re.compile(r"[0-9]{1,15}")
_NAMES = {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}
_PADDING = PKCS1v15()
_SHA256 = SHA256()


class Judgement(StrEnum):
    """What was found out about a request's own signature."""

    OK = "ok"
    NO_AUTHORIZATION = "no_authorization"
    MALFORMED = "malformed"
    UNKNOWN_MCHID = "unknown_mchid"
    UNKNOWN_SERIAL = "unknown_serial"
    CLOCK = "clock"
    BAD_SIGNATURE = "bad_signature"
    NONCE_REUSED = "nonce_reused"


class UnsignedError(RefusedError):
    """401 SIGN_ERROR: the answer to it is not signed either."""

    def __init__(
        self,
        verdict: Judgement,
        message: str,
        *,
        field: str,
        issue: str,
        number: int = SIGNATURE_WRONG,
        sign_information: Mapping[str, Any] | None = None,
    ) -> None:
        detail: dict[str, Any] = {"field": field, "issue": issue, "location": "authorization"}
        if sign_information is not None:
            detail["sign_information"] = sign_information
        super().__init__(401, "SIGN_ERROR", message, detail=detail, number=number)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Authorization:
    mchid: str
    nonce_str: str
    timestamp: str
    serial_no: str
    signature: str

    @classmethod
    def parse(cls, header: str | None) -> "Authorization":
        """Raises UnsignedError: nothing there, another scheme, or not exactly the five pairs."""
        if not header:
            raise UnsignedError(
                Judgement.NO_AUTHORIZATION,
                "Http头缺少Authorization",
                field="authorization",
                issue="header missing",
            )
        scheme, _, rest = header.partition(" ")
        pairs = [_PAIR.fullmatch(part) for part in rest.split(",")]
        values = {pair[1]: pair[2] for pair in pairs if pair is not None}
        if scheme != SCHEME or len(pairs) != len(_NAMES) or values.keys() != _NAMES or "" in values.values():
            raise UnsignedError(
                Judgement.MALFORMED,
                "Http头Authorization值格式错误",
                field="authorization",
                issue=f"{SCHEME} and five name=value pairs expected",
            )
        return cls(**values)


class Verifier:
    """Checks requests of one merchant. Remembers the nonces of good ones: the same cannot be used again."""

    def __init__(self, merchant: Merchant, clock: Clock) -> None:
        self._mchid = merchant.mchid
        self._keys: dict[str, RSAPublicKey] = {}
        self._clock = clock
        self._nonces: dict[str, None] = {}
        self.add(merchant)

    def add(self, merchant: Merchant) -> None:
        """Its certificate is valid from now on, beside those before. Raises ValueError: no such serial."""
        certificate = x509.load_pem_x509_certificate(merchant.certificate_pem.encode())
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or serial_of(certificate) != merchant.serial_no:
            raise ValueError(
                f"merchant certificate has serial {serial_of(certificate)}, serial_no says "
                f"{merchant.serial_no}; they must be equal and the key RSA"
            )
        self._keys[merchant.serial_no] = key

    def withdraw(self, serial_no: str) -> None:
        """As in the console: nothing is signed with this certificate any more. Raises KeyError."""
        del self._keys[serial_no]

    def check(self, header: str | None, method: str, url: str, body: bytes) -> None:
        """`url` is path and query exactly as on the wire. Raises UnsignedError."""
        given = Authorization.parse(header)
        if given.mchid != self._mchid:
            raise UnsignedError(
                Judgement.UNKNOWN_MCHID, "商户号不存在", field="mchid", issue="merchant not found"
            )
        if given.serial_no not in self._keys:
            raise UnsignedError(
                Judgement.UNKNOWN_SERIAL,
                "商户证书序列号有误",
                field="serial_no",
                issue="certificate not found",
                number=SERIAL_WRONG,
            )
        self._check_clock(given.timestamp)
        self._check_signature(given, method, url, body)
        self._remember(given.nonce_str)

    def _check_clock(self, timestamp: str) -> None:
        if not _SECONDS.fullmatch(timestamp) or abs(self._clock() // 1000 - int(timestamp)) > CLOCK_SECONDS:
            raise UnsignedError(
                Judgement.CLOCK,
                "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟",
                field="timestamp",
                issue="more than 5 minutes off",
            )

    def _check_signature(self, given: Authorization, method: str, url: str, body: bytes) -> None:
        # Bytes of the target that are no UTF-8 reach us as surrogates; give them back unchanged.
        head = f"{method}\n{url}\n{given.timestamp}\n{given.nonce_str}\n"
        message = head.encode("utf-8", "surrogateescape") + body + b"\n"
        try:
            signature = b64decode(given.signature, validate=True)
            self._keys[given.serial_no].verify(signature, message, _PADDING, _SHA256)
        except (InvalidSignature, Base64Error) as error:
            raise UnsignedError(
                Judgement.BAD_SIGNATURE,
                "错误的签名, 验签失败",
                field="signature",
                issue="sign not match",
                sign_information={
                    "method": method,
                    "url": url,
                    "truncated_sign_message": head + body[:_BODY_SHOWN].decode("utf-8", "replace"),
                    "sign_message_length": len(message),
                },
            ) from error

    def _remember(self, nonce: str) -> None:
        # Only nonces of good requests: strangers cannot push the merchant's own out.
        if nonce in self._nonces:
            raise UnsignedError(
                Judgement.NONCE_REUSED, "随机串重复", field="nonce_str", issue="nonce used before"
            )
        self._nonces[nonce] = None
        if len(self._nonces) > NONCES_KEPT:
            del self._nonces[next(iter(self._nonces))]
