"""Each frequent mistake with keys and numbers has its own sentence, and no sentence shows a secret."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.wechatpay.signing_platform import NOW, vector_key
from wechatpay.errors import BadSetting
from wechatpay.keys import (
    Merchant,
    load_merchant,
    load_merchant_certificate,
    load_private_key,
    load_public_key,
    read_apiv3_key,
)

OURS, THEIRS = vector_key("merchant"), vector_key("wechatpay_public_key")
PLATFORM = vector_key("platform")
CUT_CERTIFICATE: str = OURS["certificate_pem"][:200]
PKCS8: str = OURS["private_key_pkcs8_pem"]


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, passphrase: bytes | None = None) -> str:
    sealed = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode()


ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
ELLIPTIC_PUBLIC = (
    ELLIPTIC.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
MIDDLE = PKCS8.splitlines()[5]


@pytest.mark.parametrize(
    "pem",
    [
        PKCS8,
        OURS["private_key_pkcs1_pem"],
        PKCS8.replace("\n", "\r\n"),
        f"\n  {PKCS8}\n\n",
    ],
    ids=["pkcs8", "pkcs1", "crlf", "blank lines around"],
)
def test_a_private_key_loads_as_issued_and_as_common_tools_write_it(pem: str) -> None:
    assert load_private_key(pem).key_size == 2048


@pytest.mark.parametrize(
    ("pem", "sentence"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param(" \n", "is empty", id="blank"),
        pytest.param("/run/secrets/apiclient_key.pem", "not its path", id="a path"),
        pytest.param("".join(PKCS8.splitlines()[1:-1]), "no -----BEGIN line", id="no armour"),
        pytest.param(OURS["certificate_pem"], "is a certificate", id="apiclient_cert.pem"),
        pytest.param(OURS["public_key_pem"], "is a public key", id="public key"),
        pytest.param(
            OURS["certificate_pem"].replace("CERTIFICATE", "CERTIFICATE REQUEST"),
            r"another kind \(CERTIFICATE REQUEST\)",
            id="apiclient_cert.csr",
        ),
        pytest.param(PKCS8.replace("PRIVATE", "OPENSSH PRIVATE"), r"another kind \(OPENSSH", id="SSH's"),
        pytest.param(PKCS8.replace("\n", ""), "lost its line breaks", id="line breaks lost"),
        pytest.param(PKCS8.replace("\n", "\\n"), "lost its line breaks", id="line breaks escaped"),
        pytest.param(PKCS8.replace("\n", " "), "lost its line breaks", id="line breaks made spaces"),
        pytest.param(pem_of(ELLIPTIC, b"hush"), "passphrase", id="encrypted"),
        pytest.param(pem_of(ELLIPTIC), "another kind than RSA", id="elliptic"),
        pytest.param(PKCS8.replace(MIDDLE + "\n", ""), "damaged or cut off", id="a line missing"),
        pytest.param(PKCS8[:800], "damaged or cut off", id="cut off"),
        pytest.param(PKCS8.replace(MIDDLE, "!" * 64), "damaged or cut off", id="not Base64"),
    ],
)
def test_a_private_key_that_cannot_be_right_gets_one_sentence(pem: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence) as error:
        load_private_key(pem)
    said = str(error.value)
    assert "private key" in said
    assert "\n" not in said
    assert MIDDLE[:16] not in said


def test_a_private_key_of_another_size_is_refused() -> None:
    with pytest.raises(BadSetting, match="has 1024 bits; WeChat Pay issues 2048"):
        load_private_key(pem_of(rsa.generate_private_key(65537, 1024)))


@pytest.mark.parametrize(
    ("mchid", "serial_no", "sentence"),
    [
        ("wx678efh567hg6787", OURS["serial_no"], "merchant number reads 'wx678efh567hg6787'"),
        ("1234567", OURS["serial_no"], "8 to 15 digits"),
        ("１９００００１０９", OURS["serial_no"], "8 to 15 digits"),
        (OURS["mchid"], THEIRS["id"], "id of the WeChat Pay public key"),
        (OURS["mchid"], "5D:3A:1F:0C", "without colons"),
        (OURS["mchid"], f"serial={OURS['serial_no']}", "reads 'serial=.*must be hexadecimal digits"),
        (OURS["mchid"], str(int(OURS["serial_no"], 16)), r"has 4\d decimal digits.*in hexadecimal"),
        (OURS["mchid"], "", "must be hexadecimal digits"),
        (OURS["mchid"], '5D3A1F0C"\r\nX: y', "must be hexadecimal digits"),
    ],
)
def test_a_merchant_number_or_serial_that_cannot_be_right_gets_one_sentence(
    mchid: str, serial_no: str, sentence: str
) -> None:
    with pytest.raises(BadSetting, match=sentence):
        load_merchant(mchid=mchid, serial_no=serial_no, private_key=PKCS8)


def test_a_serial_in_small_letters_is_the_same_serial() -> None:
    loaded = load_merchant(mchid=OURS["mchid"], serial_no=OURS["serial_no"].lower(), private_key=PKCS8)
    assert loaded.serial_no == OURS["serial_no"]


@pytest.mark.parametrize(
    ("key_id", "pem", "sentence"),
    [
        pytest.param("PUB_KEY_ID_", THEIRS["public_key_pem"], "as the console shows it", id="no digits"),
        pytest.param("7132D72A03E9", THEIRS["public_key_pem"], "must be PUB_KEY_ID_ and digits", id="serial"),
        pytest.param(THEIRS["id"], "", "is empty", id="empty"),
        pytest.param(THEIRS["id"], OURS["certificate_pem"], r"certificate \(the merchant's own\)", id="own"),
        pytest.param(
            THEIRS["id"], PLATFORM["certificate_pem"], r"certificate \(a platform cert", id="platform's"
        ),
        pytest.param(THEIRS["id"], CUT_CERTIFICATE, "is a certificate", id="certificate cut off"),
        pytest.param(THEIRS["id"], PKCS8, "is a private key", id="private key"),
        pytest.param(
            THEIRS["id"],
            OURS["certificate_pem"].replace("CERTIFICATE", "CERTIFICATE REQUEST"),
            r"another kind \(CERTIFICATE REQUEST\)",
            id="certificate request",
        ),
        pytest.param(
            THEIRS["id"], THEIRS["public_key_pem"].replace("\n", ""), "lost its line breaks", id="line breaks"
        ),
        pytest.param(THEIRS["id"], OURS["public_key_pem"], "merchant's own private key", id="our own"),
        pytest.param(THEIRS["id"], ELLIPTIC_PUBLIC, "another kind than RSA", id="elliptic"),
        pytest.param(THEIRS["id"], THEIRS["public_key_pem"][:200], "damaged or cut off", id="cut off"),
    ],
)
def test_a_public_key_that_cannot_be_right_gets_one_sentence(
    merchant: Merchant, key_id: str, pem: str, sentence: str
) -> None:
    with pytest.raises(BadSetting, match=sentence):
        load_public_key(key_id=key_id, pem=pem, merchant=merchant)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has 0 bytes; it must be exactly 32"),
        ("k" * 31, "has 31 bytes"),
        ("k" * 32 + "\n", r"has 33 bytes \(it has spaces or line breaks around it\)"),
        ("钥" * 32, "has 96 bytes"),
        (PKCS8, r"it is a PEM"),
    ],
)
def test_an_apiv3_key_of_another_length_says_what_was_read(text: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        read_apiv3_key(text)


# ---- The merchant's own certificate, where it is at hand -------------------------------------------------


def own(*, serial_no: str = OURS["serial_no"], key: str = PKCS8) -> Merchant:
    return load_merchant(mchid=OURS["mchid"], serial_no=serial_no, private_key=key)


def test_the_certificate_of_the_private_key_tells_its_serial_and_its_end() -> None:
    found = load_merchant_certificate(OURS["certificate_pem"], merchant=own(), now=NOW)
    assert found.serial_no == OURS["serial_no"]
    assert found.ends > NOW


@pytest.mark.parametrize(
    ("pem", "merchant", "now", "sentence"),
    [
        pytest.param("", own(), NOW, "is empty", id="empty"),
        pytest.param(PKCS8, own(), NOW, "is no certificate", id="key file"),
        pytest.param(CUT_CERTIFICATE, own(), NOW, "is no certificate", id="cut off"),
        pytest.param(PLATFORM["certificate_pem"], own(), NOW, "are no pair", id="platform's"),
        pytest.param(
            OURS["certificate_pem"],
            own(key=PLATFORM["private_key_pkcs8_pem"]),
            NOW,
            "are no pair",
            id="key of another",
        ),
        pytest.param(
            OURS["certificate_pem"],
            own(serial_no=PLATFORM["serial_no"]),
            NOW,
            f"certificate is {OURS['serial_no']}",
            id="serial of another",
        ),
        pytest.param(
            OURS["certificate_pem"], own(), NOW + 50 * 365 * 86_400, "is valid from 20.* only", id="ran out"
        ),
        pytest.param(OURS["certificate_pem"], own(), 0, "is valid from 20.* only", id="not yet"),
    ],
)
def test_a_certificate_that_does_not_fit_what_signs_gets_one_sentence(
    pem: str, merchant: Merchant, now: int, sentence: str
) -> None:
    with pytest.raises(BadSetting, match=sentence) as error:
        load_merchant_certificate(pem, merchant=merchant, now=now)
    assert MIDDLE[:16] not in str(error.value)


def test_no_record_shows_a_key(merchant: Merchant) -> None:
    loaded = load_public_key(key_id=THEIRS["id"], pem=THEIRS["public_key_pem"], merchant=merchant)
    assert repr(merchant) == f"Merchant(mchid='{OURS['mchid']}', serial_no='{OURS['serial_no']}')"
    assert "key=" not in repr(loaded)
