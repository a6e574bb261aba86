"""Throw-away keys: what the merchant holds, and what only the platform holds."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from sandbox.wechatpay.clock import system_clock, utc

PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
_VALID_FOR = timedelta(days=5 * 365)  # merchant and platform certificates both live five years


@dataclass(frozen=True, slots=True)
class Merchant:
    """What a merchant has: all that a client's settings need. PEM as text; the serial in upper-case hex."""

    mchid: str
    appid: str
    serial_no: str
    certificate_pem: str = field(repr=False)
    private_key_pem: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    public_key_id: str
    public_key_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key the platform signs with. `serial` is what `Wechatpay-Serial` says of it: the hex serial of its
    certificate, or, where there is no certificate, PUB_KEY_ID_ and digits."""

    serial: str
    private_key: RSAPrivateKey = field(repr=False)
    certificate_pem: str | None = field(default=None, repr=False)

    @classmethod
    def from_pem(cls, serial: str, private_key_pem: str, certificate_pem: str | None = None) -> "PlatformKey":
        private_key = load_pem_private_key(private_key_pem.encode(), None)
        if not isinstance(private_key, RSAPrivateKey):
            raise TypeError(f"platform key {serial} is not an RSA key; RSA with 2048 bits would be right")
        return cls(serial, private_key, certificate_pem)


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """Both sides' keys. A stand-in takes it whole; a client under test gets `merchant` only."""

    merchant: Merchant
    public_key: PlatformKey
    certificate: PlatformKey


def make_keys(*, mchid: str = "1900000109", appid: str = "wx8888888888888888") -> KeyMaterial:
    """Fresh keys for one run: three RSA keys, some tenths of a second. Build once and share in a test run."""
    now_ms = system_clock()
    merchant_key = _rsa_key()
    merchant_serial, merchant_certificate = _certificate(merchant_key, mchid, now_ms)
    public_key = _public_key(mchid, now_ms)
    merchant = Merchant(
        mchid=mchid,
        appid=appid,
        serial_no=merchant_serial,
        certificate_pem=merchant_certificate,
        private_key_pem=_private_pem(merchant_key),
        apiv3_key=secrets.token_hex(16),
        public_key_id=public_key.serial,
        public_key_pem=_public_pem(public_key.private_key.public_key()),
    )
    return KeyMaterial(merchant, public_key, make_platform_certificate(now_ms))


def with_new_certificate(merchant: Merchant, now_ms: int) -> Merchant:
    """The same merchant with another API certificate and its key: up to three are valid side by side."""
    key = _rsa_key()
    serial, certificate = _certificate(key, merchant.mchid, now_ms)
    return replace(merchant, serial_no=serial, certificate_pem=certificate, private_key_pem=_private_pem(key))


def with_new_public_key(merchant: Merchant, now_ms: int) -> tuple[Merchant, PlatformKey]:
    """The same merchant with another WeChat Pay public key, and the platform's half of it."""
    key = _public_key(merchant.mchid, now_ms)
    pem = _public_pem(key.private_key.public_key())
    return replace(merchant, public_key_id=key.serial, public_key_pem=pem), key


def make_platform_certificate(now_ms: int) -> PlatformKey:
    """A new platform certificate, valid from a day before `now_ms`."""
    key = _rsa_key()
    serial, certificate_pem = _certificate(key, "Tenpay.com sign", now_ms)
    return PlatformKey(serial, key, certificate_pem)


def serial_of(certificate: x509.Certificate) -> str:
    """As `openssl x509 -serial` prints it: upper-case hex, two digits for each byte."""
    digits = f"{certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def _public_key(mchid: str, now_ms: int) -> PlatformKey:
    number = f"01{mchid}{utc(now_ms):%Y%m%d}0038{secrets.randbelow(10**8):08d}"
    return PlatformKey(PUBLIC_KEY_PREFIX + number, _rsa_key())


def _rsa_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: RSAPrivateKey, common_name: str, now_ms: int) -> tuple[str, str]:
    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox, throw-away"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )

    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(name("Sandbox Root CA"))
        .public_key(key.public_key())
        # Bit 158 set: always the 40 hex digits people expect of a serial.
        .serial_number(secrets.randbits(158) | 1 << 158)
        .not_valid_before(utc(now_ms) - timedelta(days=1))
        .not_valid_after(utc(now_ms) + _VALID_FOR)
        # No root behind it, the key signs itself: nobody checks the chain, trust comes from the APIv3 key.
        .sign(key, SHA256())
    )
    return serial_of(certificate), certificate.public_bytes(Encoding.PEM).decode()


def _private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem(key: RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
