"""The platform's own keys: which one signs an answer, the certificate download, and rotation."""

import secrets
from base64 import b64encode
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.wechatpay.clock import rfc3339
from sandbox.wechatpay.errors import bad_parameter, not_found
from sandbox.wechatpay.keys import PUBLIC_KEY_PREFIX, KeyMaterial, PlatformKey, make_platform_certificate
from sandbox.wechatpay.request_numbers import Result
from sandbox.wechatpay.routes import Asked
from sandbox.wechatpay.signatures import SCHEME

DAY_MS = 24 * 60 * 60 * 1000
_PADDING = PKCS1v15()
_SHA256 = SHA256()


class KeyMode(StrEnum):
    """What the merchant has. New ones: the public key only. Old ones: certificates. On the move: both."""

    PUBLIC_KEY = "public_key"
    CERTIFICATE = "certificate"
    BOTH = "both"


class KeyRing:
    def __init__(self, keys: KeyMaterial, mode: KeyMode) -> None:
        self._mode = mode
        self._public_key = keys.public_key
        self._public_keys = {keys.public_key.serial: keys.public_key}
        self._certificate = keys.certificate
        self._retired: list[tuple[PlatformKey, int]] = []  # with the time until which each stays listed
        self._aead = AESGCM(keys.merchant.apiv3_key.encode())

    @property
    def usual(self) -> PlatformKey:
        """The key that signs where the request names none."""
        return self._public_key if self._mode is KeyMode.PUBLIC_KEY else self._certificate

    def key_for(self, wanted: str | None) -> PlatformKey:
        """The key that signs the answer to a request with this `Wechatpay-Serial` header.

        Raises RefusedError when the header names a key this merchant does not have, as the platform does
        before the move to the public key is begun in the console."""
        if wanted is None:
            return self.usual
        if self._mode is not KeyMode.CERTIFICATE and wanted in self._public_keys:
            return self._public_keys[wanted]
        # A retired certificate's serial is understood, but cannot bring the old key back.
        ours = (self._certificate, *(key for key, _ in self._retired))
        if self._mode is not KeyMode.PUBLIC_KEY and any(key.serial == wanted for key in ours):
            return self._certificate
        raise bad_parameter("Wechatpay-Serial", "no such key for this merchant", location="header")

    def add_public_key(self, key: PlatformKey) -> None:
        """Signs from now on where a request names it; the one before still does where it is named."""
        self._public_keys[key.serial] = key

    def rotate(self, now_ms: int, *, keep_old_ms: int = DAY_MS) -> str:
        """A new certificate that signs from now on; the old one stays in the download for `keep_old_ms`.

        Returns the new serial. Raises ValueError in public-key mode, where there is nothing to rotate."""
        if self._mode is KeyMode.PUBLIC_KEY:
            raise ValueError("this merchant has no platform certificates; modes certificate and both have")
        self._retired.append((self._certificate, now_ms + keep_old_ms))
        self._certificate = make_platform_certificate(now_ms)
        return self._certificate.serial

    def certificates(self, asked: Asked) -> Result:
        """Body of `GET /v3/certificates`. Raises RefusedError: 404 where the merchant has none."""
        algorithm = asked.parameters("algorithm_type").get("algorithm_type", "RSA")
        if self._mode is KeyMode.PUBLIC_KEY or algorithm not in ("RSA", "ALL"):
            raise not_found("无可用的平台证书, 请在商户平台-API安全申请使用微信支付公钥")
        listed = [key for key, until_ms in self._retired if until_ms > asked.now_ms]
        return {"data": [self._encrypted(key) for key in (*listed, self._certificate)]}

    def _encrypted(self, key: PlatformKey) -> dict[str, Any]:
        if key.certificate_pem is None:
            raise TypeError(
                f"platform key {key.serial} has no certificate; {PUBLIC_KEY_PREFIX} keys have none"
            )
        certificate = x509.load_pem_x509_certificate(key.certificate_pem.encode())
        nonce = secrets.token_hex(6)
        sealed = self._aead.encrypt(nonce.encode(), key.certificate_pem.encode(), b"certificate")
        return {
            "serial_no": key.serial,
            "effective_time": rfc3339(int(certificate.not_valid_before_utc.timestamp() * 1000)),
            "expire_time": rfc3339(int(certificate.not_valid_after_utc.timestamp() * 1000)),
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM",
                "nonce": nonce,
                "associated_data": "certificate",
                "ciphertext": b64encode(sealed).decode(),
            },
        }


def signed_headers(key: PlatformKey, timestamp: int, body: bytes) -> dict[str, str]:
    """The five headers that make an answer (or a callback) the platform's word. `timestamp` in seconds."""
    nonce = secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": str(timestamp),
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key.serial,
        "Wechatpay-Signature": b64encode(key.private_key.sign(message, _PADDING, _SHA256)).decode(),
        "Wechatpay-Signature-Type": SCHEME,
    }
