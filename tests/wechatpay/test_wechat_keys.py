"""Each frequent mistake with keys and numbers has its own sentence, and no sentence shows a secret."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signing_platform import vector_key

from wechatpay.errors import BadSetting
from wechatpay.keys import Merchant, load_merchant, load_private_key, load_public_key, read_apiv3_key

OURS, THEIRS = vector_key("merchant"), vector_key("wechatpay_public_key")
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
        pytest.param(THEIRS["id"], OURS["certificate_pem"], "is a certificate", id="certificate"),
        pytest.param(THEIRS["id"], PKCS8, "is a private key", id="private key"),
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
    ],
)
def test_an_apiv3_key_of_another_length_says_what_was_read(text: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        read_apiv3_key(text)


def test_no_record_shows_a_key(merchant: Merchant) -> None:
    loaded = load_public_key(key_id=THEIRS["id"], pem=THEIRS["public_key_pem"], merchant=merchant)
    assert repr(merchant) == f"Merchant(mchid='{OURS['mchid']}', serial_no='{OURS['serial_no']}')"
    assert "key=" not in repr(loaded)
