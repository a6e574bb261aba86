"""Which key signs an answer: public-key mode, certificate mode, the move between them, and rotation."""

import ssl
from base64 import b64decode
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.wechatpay import DAY_MS, KeyMode, WeChatPay
from tests.sandbox.wechatpay_caller import (
    VECTORS,
    Caller,
    Heard,
    StillClock,
    a_pay,
    calling,
    private_key,
    public_key,
    vector_keys,
)
from tests.world import keys

CERTIFICATES = "/v3/certificates"


def opened(heard: Heard, apiv3_key: str) -> dict[str, x509.Certificate]:
    """The certificates of a download, by the serial told outside."""
    found = {}
    for entry in heard.json()["data"]:
        sealed = entry["encrypt_certificate"]
        assert sealed["algorithm"] == "AEAD_AES_256_GCM"
        pem = AESGCM(apiv3_key.encode()).decrypt(
            sealed["nonce"].encode(), b64decode(sealed["ciphertext"]), sealed["associated_data"].encode()
        )
        found[entry["serial_no"]] = x509.load_pem_x509_certificate(pem)
    return found


def key_of(certificate: x509.Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def platform_key(pay: WeChatPay, serial: str) -> RSAPublicKey:
    if serial == pay.merchant.public_key_id:
        return public_key(pay.merchant.public_key_pem)
    assert serial == keys().certificate.serial
    pem = keys().certificate.certificate_pem
    assert pem is not None
    return key_of(x509.load_pem_x509_certificate(pem.encode()))


def named(name: str) -> str:
    """A table of cases cannot hold serials: keys are made when the first test needs them."""
    serials = {"public": keys().public_key.serial, "certificate": keys().certificate.serial}
    return serials.get(name, name)


@pytest.mark.parametrize(
    ("mode", "asked", "signer"),
    [
        (KeyMode.PUBLIC_KEY, "", "public"),
        (KeyMode.PUBLIC_KEY, "public", "public"),
        (KeyMode.CERTIFICATE, "", "certificate"),
        (KeyMode.CERTIFICATE, "certificate", "certificate"),
        (KeyMode.BOTH, "", "certificate"),
        (KeyMode.BOTH, "certificate", "certificate"),
        (KeyMode.BOTH, "public", "public"),
    ],
)
async def test_the_answer_is_signed_by_the_key_the_request_asks_for(
    mode: KeyMode, asked: str, signer: str
) -> None:
    pay = a_pay(mode=mode)
    async with calling(pay) as caller:
        heard = await caller.get("/v3/marketing/busifavor/stocks/1212121212", Wechatpay_Serial=named(asked))
    assert heard.status == 200
    assert heard.headers["Wechatpay-Serial"] == named(signer)
    assert heard.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    heard.verify(platform_key(pay, named(signer)))


@pytest.mark.parametrize(
    ("mode", "asked", "signer"),
    [
        (KeyMode.CERTIFICATE, "public", "certificate"),
        (KeyMode.PUBLIC_KEY, "certificate", "public"),
        (KeyMode.BOTH, "PUB_KEY_ID_1", "certificate"),
    ],
)
async def test_asking_for_a_key_the_merchant_does_not_have_is_refused(
    mode: KeyMode, asked: str, signer: str
) -> None:
    pay = a_pay(mode=mode)
    async with calling(pay) as caller:
        heard = await caller.call("POST", "/v3/x", b"{}", headers={"Wechatpay-Serial": named(asked)})
    assert (heard.status, heard.json()["detail"]["field"]) == (400, "Wechatpay-Serial")
    heard.verify(platform_key(pay, named(signer)))


async def test_certificates_come_encrypted_and_one_of_them_verifies_their_own_answer() -> None:
    pay = a_pay(mode=KeyMode.CERTIFICATE)
    async with calling(pay) as caller:
        heard = await caller.get(CERTIFICATES + "?algorithm_type=RSA")
    certificates = opened(heard, pay.merchant.apiv3_key)
    assert list(certificates) == [named("certificate")]
    assert f"{certificates[named('certificate')].serial_number:X}" == named("certificate")
    heard.verify(key_of(certificates[heard.headers["Wechatpay-Serial"]]))


async def test_the_download_of_the_vectors_certificate_decrypts_to_it() -> None:
    pay = WeChatPay(vector_keys(), mode=KeyMode.CERTIFICATE)
    async with calling(pay) as caller:
        certificates = opened(await caller.get(CERTIFICATES), VECTORS["keys"]["apiv3_key"])
    known = VECTORS["keys"]["platform"]
    assert certificates == {
        known["serial_no"]: x509.load_pem_x509_certificate(known["certificate_pem"].encode())
    }


@pytest.mark.parametrize(
    ("mode", "query"), [(KeyMode.PUBLIC_KEY, ""), (KeyMode.CERTIFICATE, "?algorithm_type=SM2")]
)
async def test_where_there_is_no_certificate_the_download_is_a_signed_404(mode: KeyMode, query: str) -> None:
    pay = a_pay(mode=mode)
    async with calling(pay) as caller:
        heard = await caller.get(CERTIFICATES + query)
    assert (heard.status, heard.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    heard.verify(platform_key(pay, heard.headers["Wechatpay-Serial"]))


async def test_after_a_rotation_the_new_certificate_signs_and_the_old_is_listed_for_a_while() -> None:
    clock = StillClock()
    pay = a_pay(mode=KeyMode.CERTIFICATE, clock=clock)
    async with calling(pay, clock) as caller:
        new = pay.rotate()
        asked_for_old = await caller.get(CERTIFICATES, Wechatpay_Serial=named("certificate"))
        during = opened(asked_for_old, pay.merchant.apiv3_key)
        clock.now_ms += DAY_MS
        after = opened(await caller.get(CERTIFICATES), pay.merchant.apiv3_key)
    assert asked_for_old.headers["Wechatpay-Serial"] == new
    asked_for_old.verify(key_of(during[new]))
    assert list(during) == [named("certificate"), new]
    assert list(after) == [new]


def test_a_merchant_with_the_public_key_only_has_nothing_to_rotate() -> None:
    with pytest.raises(ValueError, match="no platform certificates"):
        a_pay(mode=KeyMode.PUBLIC_KEY).rotate()


def test_fresh_keys_look_like_the_real_ones() -> None:
    fresh = keys()
    merchant = fresh.merchant
    certificate = x509.load_pem_x509_certificate(merchant.certificate_pem.encode())
    assert len(merchant.serial_no) == 40
    assert merchant.serial_no == f"{certificate.serial_number:X}"
    assert key_of(certificate) == private_key(merchant.private_key_pem).public_key()
    assert len(merchant.apiv3_key.encode()) == 32
    assert merchant.public_key_id.removeprefix("PUB_KEY_ID_").isdecimal()
    assert public_key(merchant.public_key_pem) == fresh.public_key.private_key.public_key()


def test_what_is_secret_does_not_show_in_a_repr() -> None:
    merchant = keys().merchant
    shown = repr(keys())
    assert "PRIVATE KEY" not in shown
    assert merchant.apiv3_key not in shown


async def test_it_can_be_served_over_tls(tmp_path: Path) -> None:
    fresh = keys()
    (tmp_path / "certificate.pem").write_text(fresh.merchant.certificate_pem)
    (tmp_path / "key.pem").write_text(fresh.merchant.private_key_pem)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    client_side = ssl.create_default_context()
    client_side.check_hostname = False
    client_side.verify_mode = ssl.CERT_NONE  # the certificate is nobody's; only the handshake matters here
    pay = a_pay()
    async with (
        pay.serve(ssl_context=server_side) as running,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_side)) as session,
    ):
        assert running.url.startswith("https://127.0.0.1:")
        heard = await Caller(session, running.url, fresh.merchant, StillClock()).send()
    heard.verify(public_key(fresh.merchant.public_key_pem))
