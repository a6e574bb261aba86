"""Keys and numbers that a person configures: read once, with one sentence for each frequent mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from wechatpay.errors import BadSetting
from wechatpay.fields import PUBLIC_KEY_PREFIX
from wechatpay.keyring import PlatformKey

#: The console issues nothing else.
_RSA_BITS = 2048
_APIV3_KEY_BYTES = 32
_ARMOUR = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who signs. `serial_no` belongs to the merchant's own API certificate, not to the platform's."""

    mchid: str
    serial_no: str
    private_key: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class MerchantCertificate:
    """The merchant's own API certificate; `ends` in Unix seconds. Once it has run out no call works."""

    serial_no: str
    ends: int


def load_merchant(*, mchid: str, serial_no: str, private_key: str) -> Merchant:
    """Check and load what signs our requests; `private_key` is the text of `apiclient_key.pem`.

    Raises BadSetting.
    """
    if not re.fullmatch(r"[0-9]{8,15}", mchid):
        raise BadSetting(f"the merchant number reads {mchid[:20]!a}; it must be 8 to 15 digits")
    if serial_no.startswith(PUBLIC_KEY_PREFIX):
        raise BadSetting(
            "the certificate serial number is the id of the WeChat Pay public key; it must be that of "
            "the merchant's own API certificate (openssl x509 -in apiclient_cert.pem -noout -serial)"
        )
    if re.fullmatch(r"[0-9]{41,50}", serial_no):
        raise BadSetting(
            f"the certificate serial number has {len(serial_no)} decimal digits; it must be in hexadecimal, "
            "normally 40 digits (openssl x509 -in apiclient_cert.pem -noout -serial)"
        )
    if not re.fullmatch(r"[0-9A-Fa-f]{8,40}", serial_no):
        raise BadSetting(
            f"the certificate serial number reads {serial_no[:50]!a}; it must be hexadecimal digits, "
            "normally 40, without colons (openssl x509 -in apiclient_cert.pem -noout -serial)"
        )
    return Merchant(mchid, serial_no.upper(), load_private_key(private_key))


def load_private_key(pem: str) -> RSAPrivateKey:
    """The merchant's API private key: PKCS#8 as issued, or PKCS#1 as some tools convert it.

    Raises BadSetting.
    """
    kind = _armour_of(pem, "private key", "apiclient_key.pem")
    if kind == "CERTIFICATE":
        raise BadSetting(
            "the private key is a certificate (apiclient_cert.pem?); apiclient_key.pem is the right file"
        )
    if kind.endswith("PUBLIC KEY"):
        raise BadSetting("the private key is a public key; apiclient_key.pem is the right file")
    if kind == "OPENSSH PRIVATE KEY" or not kind.endswith("PRIVATE KEY"):
        raise BadSetting(f"the private key is of another kind ({kind}); apiclient_key.pem is the right file")
    if "ENCRYPTED" in pem:
        raise BadSetting(
            "the private key is protected by a passphrase; it must be unprotected (openssl pkey -in FILE)"
        )
    try:
        key = _private_key(pem.strip().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own sentence may quote from the text; ours must not.
        raise BadSetting(
            f"the private key begins as {kind} but cannot be read; it is damaged or cut off, take "
            "apiclient_key.pem as it was issued"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise BadSetting(f"the private key is of another kind than RSA ({kind}); apiclient_key.pem is RSA")
    if key.key_size != _RSA_BITS:
        raise BadSetting(f"the private key has {key.key_size} bits; WeChat Pay issues {_RSA_BITS}")
    return key


@lru_cache(maxsize=1)
def _private_key(pem: bytes) -> PrivateKeyTypes:
    # OpenSSL proves the primes anew at each load, which takes a third of a start; the same text is the same
    # key. One only: a key that was exchanged is not held on to.
    return load_pem_private_key(pem, password=None)


def load_public_key(*, key_id: str, pem: str, merchant: Merchant) -> PlatformKey:
    """The WeChat Pay public key (`pub_key.pem`) and its id, for public-key mode. Raises BadSetting."""
    if not re.fullmatch(PUBLIC_KEY_PREFIX + "[0-9]+", key_id):
        raise BadSetting(
            f"the id of the WeChat Pay public key reads {key_id[:60]!a}; it must be {PUBLIC_KEY_PREFIX} and "
            "digits, as the console shows it beside the key"
        )
    kind = _armour_of(pem, "WeChat Pay public key", "pub_key.pem")
    if kind == "CERTIFICATE":
        whose = "the merchant's own" if _is_of(pem, merchant) else "a platform certificate?"
        raise BadSetting(
            f"the WeChat Pay public key is a certificate ({whose}); pub_key.pem is the right file, and "
            "platform certificates are downloaded where no public key is configured"
        )
    if kind.endswith("PRIVATE KEY"):
        raise BadSetting("the WeChat Pay public key is a private key; pub_key.pem is the right file")
    if not kind.endswith("PUBLIC KEY"):
        raise BadSetting(
            f"the WeChat Pay public key is of another kind ({kind}); pub_key.pem is the right file"
        )
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadSetting(
            f"the WeChat Pay public key begins as {kind} but cannot be read; it is damaged or cut off, "
            "download pub_key.pem again"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise BadSetting("the WeChat Pay public key is of another kind than RSA; pub_key.pem is RSA")
    # The commonest beginner's error: whoever holds our own key could then sign answers to us.
    if key.public_numbers() == merchant.private_key.public_key().public_numbers():
        raise BadSetting(
            "the WeChat Pay public key belongs to the merchant's own private key; pub_key.pem from the "
            "console is the right file"
        )
    return PlatformKey(key_id, key)


def load_merchant_certificate(pem: str, *, merchant: Merchant, now: int) -> MerchantCertificate:
    """Check `apiclient_cert.pem` against what signs; `now` in Unix seconds. No call needs the certificate.

    Raises BadSetting: another key pair, another serial number, not valid now.
    """
    kind = _armour_of(pem, "merchant's certificate", "apiclient_cert.pem")
    certificate = _certificate_in(pem)
    if certificate is None:
        raise BadSetting(
            f"the merchant's certificate begins as {kind} but is no certificate that can be read; "
            "apiclient_cert.pem is the right file"
        )
    serial_no = _serial_of(certificate)
    if not _is_of(pem, merchant):
        raise BadSetting(
            f"the certificate {serial_no} and the private key are no pair; apiclient_cert.pem and "
            "apiclient_key.pem must be of one issue"
        )
    if serial_no.lstrip("0") != merchant.serial_no.lstrip("0"):
        raise BadSetting(
            f"the certificate serial number reads {merchant.serial_no}; that of the private key's "
            f"certificate is {serial_no}"
        )
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins.timestamp() <= now <= ends.timestamp():
        raise BadSetting(
            f"the certificate {serial_no} is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d} only; issue a "
            "new one in the console under API security"
        )
    return MerchantCertificate(serial_no, int(ends.timestamp()))


def _certificate_in(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        return None


def _serial_of(certificate: x509.Certificate) -> str:
    """As openssl prints it: upper case, leading zero kept."""
    digits = f"{certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _is_of(pem: str, merchant: Merchant) -> bool:
    """Whether the certificate in `pem` is of the merchant's own private key."""
    certificate = _certificate_in(pem)
    try:
        key = certificate.public_key() if certificate else None
    except (ValueError, UnsupportedAlgorithm):
        return False
    ours = merchant.private_key.public_key().public_numbers()
    return isinstance(key, RSAPublicKey) and key.public_numbers() == ours


def read_apiv3_key(text: str) -> bytes:
    """The symmetric key of callbacks and certificate downloads: exactly 32 bytes. Raises BadSetting."""
    key = text.encode()
    if len(key) != _APIV3_KEY_BYTES:
        hint = " (it has spaces or line breaks around it)" if text != text.strip() else ""
        hint = " (it is a PEM: a key or certificate of another kind)" if _ARMOUR.search(text) else hint
        raise BadSetting(
            f"the APIv3 key has {len(key)} bytes{hint}; it must be exactly {_APIV3_KEY_BYTES}, as set in the "
            "console under API security"
        )
    return key


def _armour_of(pem: str, what: str, file: str) -> str:
    """What stands between BEGIN and the dashes, e.g. "RSA PRIVATE KEY"."""
    if not pem.strip():
        raise BadSetting(f"the {what} is empty; it must be the text of {file}")
    found = _ARMOUR.search(pem)
    if not found:
        raise BadSetting(
            f"the {what} has no -----BEGIN line ({len(pem)} characters were read); it must be the text of "
            f"{file}, not its path, and with its first and last line"
        )
    # What a variable in a .env file or a CI form does to a PEM.
    if "\n" not in pem.strip():
        raise BadSetting(
            f"the {what} has lost its line breaks; give {file} as a file, or keep the line breaks "
            "in the variable"
        )
    return found[1]
