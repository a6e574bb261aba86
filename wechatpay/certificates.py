"""Platform certificates: reading the answer of GET /v3/certificates, which must vouch for itself."""

from __future__ import annotations

import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from wechatpay.aead import ALGORITHM, decrypt
from wechatpay.answers import Answer
from wechatpay.errors import Malformed, WechatPayError
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.signatures import verify

CERTIFICATES_TARGET = "/v3/certificates"


def read_certificates(answer: Answer, *, apiv3_key: bytes, now: int) -> tuple[PlatformKey, ...]:
    """The platform keys in a 200 of GET /v3/certificates; `now` in Unix seconds.

    Hen and egg: the answer is signed with a certificate that it brings. Opening the seals proves that the
    sender knows our APIv3 key; then the answer must verify with the certificates inside. The old ones are
    never asked: demanding them would lock us out once they expired.
    Raises Malformed, Undecryptable, Doubtful.
    """
    try:
        return _read(answer, apiv3_key=apiv3_key, now=now)
    except WechatPayError as error:
        error.status, error.request_id = answer.status, answer.request_id
        raise


def _read(answer: Answer, *, apiv3_key: bytes, now: int) -> tuple[PlatformKey, ...]:
    listed = (answer.members() or {}).get("data")
    if not isinstance(listed, list) or not listed:
        raise _malformed("the answer holds no list of certificates")
    found = [_open(entry, apiv3_key) for entry in listed]
    # A successor is listed before it begins: kept, and unused until then.
    current = tuple(key for key in found if key.ends is None or key.ends >= now)
    verify(answer.headers, answer.body, keys=KeyRing(current), now=now)
    return current


def _open(entry: Any, apiv3_key: bytes) -> PlatformKey:
    match entry:
        case {
            "serial_no": str(serial_no),
            "encrypt_certificate": {
                "algorithm": str(algorithm),
                "nonce": str(nonce),
                "associated_data": str(associated_data),
                "ciphertext": str(ciphertext),
            },
        }:
            pass
        case _:
            raise _malformed("a listed certificate lacks members")
    if algorithm != ALGORITHM:
        raise _malformed(f"a listed certificate is sealed with {algorithm[:40]!a}, not {ALGORITHM}")
    pem = decrypt(apiv3_key, nonce=nonce, associated_data=associated_data, ciphertext=ciphertext)
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _malformed("a listed certificate cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise _malformed("a listed certificate has no RSA key")
    # The number outside is not sealed; trusting it would let a listed certificate pass for another.
    if not re.fullmatch(r"[0-9A-Fa-f]{1,64}", serial_no) or int(serial_no, 16) != certificate.serial_number:
        raise _malformed("a listed certificate has another serial number than its entry")
    return PlatformKey(
        serial_no.upper(),
        key,
        begins=int(certificate.not_valid_before_utc.timestamp()),
        ends=int(certificate.not_valid_after_utc.timestamp()),
    )


def _malformed(what: str) -> Malformed:
    return Malformed(f"platform certificates: {what}")
