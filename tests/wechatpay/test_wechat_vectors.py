"""Every vector of tests/vectors/wechatpay.json, made with two other SDKs, is met."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.wechatpay.signing_platform import VECTORS, lower, vector_key
from wechatpay.aead import decrypt
from wechatpay.answers import Answer
from wechatpay.certificates import read_certificates
from wechatpay.errors import BadSignature, Stale, Undecryptable, UnknownSerial, Unsigned
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.keys import Merchant, load_merchant
from wechatpay.send_request import compose_send
from wechatpay.signatures import answer_message, authorization, request_message, verify

HOST = "https://api.mch.weixin.qq.com"
REFUSALS = {
    "bad_signature": BadSignature,
    "unknown_serial": UnknownSerial,
    "timestamp": Stale,
    "missing_header": Unsigned,
}


def of_kind(kind: str) -> Any:
    found = [vector for vector in VECTORS["vectors"] if vector["kind"] == kind]
    return pytest.mark.parametrize("vector", found, ids=[vector["id"] for vector in found])


def ring(names: list[str]) -> KeyRing:
    keys = []
    for name in names:
        key = vector_key(name)
        public: Any = load_pem_public_key(key["public_key_pem"].encode())
        keys.append(PlatformKey(key.get("serial_no") or key["id"], public))
    return KeyRing(keys)


def test_no_vector_is_of_a_kind_that_is_not_tested_here() -> None:
    tested = {
        "request_sign",
        "response_verify",
        "certificates_download",
        "notification",
        "aead_decrypt",
        "oaep_decrypt",
    }
    assert {vector["kind"] for vector in VECTORS["vectors"]} == tested


@of_kind("request_sign")
def test_a_request_is_signed_byte_for_byte_like_the_other_sdks_sign_it(
    vector: dict[str, Any], merchant: Merchant
) -> None:
    given, expect = vector["input"], vector["expect"]
    target, body = given["url"].removeprefix(HOST), given["body"].encode()
    message = request_message(given["method"], target, str(given["timestamp"]), given["nonce_str"], body)
    assert message == expect["message"].encode()
    assert hashlib.sha256(message).hexdigest() == expect["message_sha256"]
    header = authorization(
        merchant, given["method"], target, body, timestamp=given["timestamp"], nonce=given["nonce_str"]
    )
    scheme, _, fields = header.partition(" ")
    assert scheme == expect["schema"]
    assert dict(re.findall(r'([a-z_]+)="([^"]*)"', fields)) == expect["authorization_fields"]


def test_a_pkcs1_key_signs_like_the_pkcs8_key_it_was_converted_from(merchant: Merchant) -> None:
    ours = vector_key("merchant")
    converted = load_merchant(
        mchid=ours["mchid"], serial_no=ours["serial_no"], private_key=ours["private_key_pkcs1_pem"]
    )
    sign = {"method": "GET", "target": "/", "body": b"", "timestamp": 1, "nonce": "n"}
    assert authorization(converted, **sign) == authorization(merchant, **sign)


def test_composing_a_send_gives_the_body_of_vector_s02() -> None:
    body = next(vector for vector in VECTORS["vectors"] if vector["id"] == "S02")["input"]["body"]
    assert compose_send(**json.loads(body)) == body.encode()


@of_kind("response_verify")
def test_an_answer_is_believed_or_refused_as_expected(vector: dict[str, Any]) -> None:
    given, expect = vector["input"], vector["expect"]
    headers, body = lower(given["headers"]), given["body"].encode()
    keys = ring(given["trusted"])
    if expect["valid"]:
        key = verify(headers, body, keys=keys, now=given["now"])
        assert key.serial_no == given["headers"]["Wechatpay-Serial"]
        signed = answer_message(headers["wechatpay-timestamp"], headers["wechatpay-nonce"], body)
        assert signed == expect["message"].encode()
    else:
        with pytest.raises(REFUSALS[expect["category"]]):
            verify(headers, body, keys=keys, now=given["now"])


@of_kind("certificates_download")
def test_a_certificate_download_vouches_for_itself(vector: dict[str, Any]) -> None:
    given = vector["input"]
    answer = Answer(given["status"], lower(given["headers"]), given["body"].encode())
    found = read_certificates(answer, apiv3_key=given["apiv3_key"].encode(), now=given["now"])
    assert {key.serial_no for key in found} == set(vector["expect"]["certificates"])
    for name in ("platform", "platform_next"):
        expected: Any = load_pem_public_key(vector_key(name)["public_key_pem"].encode())
        key = KeyRing(found).find(vector_key(name)["serial_no"], now=given["now"])
        assert key.key.public_numbers() == expected.public_numbers()


@of_kind("notification")
def test_a_callback_verifies_and_opens_with_the_parts_of_this_package(vector: dict[str, Any]) -> None:
    given, expect = vector["input"], vector["expect"]
    body = given["body"].encode()
    verify(lower(given["headers"]), body, keys=ring(given["trusted"]), now=given["now"])
    envelope = json.loads(body)
    sealed = envelope["resource"]
    opened = decrypt(
        given["apiv3_key"].encode(),
        nonce=sealed["nonce"],
        associated_data=sealed["associated_data"],
        ciphertext=sealed["ciphertext"],
    )
    assert envelope["event_type"] == expect["event_type"]
    assert json.loads(opened) == expect["resource"]


@of_kind("aead_decrypt")
def test_a_changed_ciphertext_is_not_opened(vector: dict[str, Any]) -> None:
    given = vector["input"]
    assert not vector["expect"]["ok"]
    with pytest.raises(Undecryptable):
        decrypt(
            given["key"].encode(),
            nonce=given["nonce"],
            associated_data=given["associated_data"],
            ciphertext=given["ciphertext"],
        )


@of_kind("oaep_decrypt")
def test_single_encrypted_fields_need_no_code_of_ours(vector: dict[str, Any]) -> None:
    """Coupons have no encrypted fields, so the package has no OAEP; the merchant key alone opens them."""
    given, expect = vector["input"], vector["expect"]
    private_key: Any = load_pem_private_key(
        vector_key(given["private_key"])["private_key_pkcs8_pem"].encode(), password=None
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), label=None)
    ciphertext = base64.b64decode(given["ciphertext"])
    if expect["ok"]:
        assert private_key.decrypt(ciphertext, oaep).decode() == expect["plaintext"]
    else:
        with pytest.raises(ValueError, match="failed"):
            private_key.decrypt(ciphertext, oaep)
