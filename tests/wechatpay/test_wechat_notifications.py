"""A notification is believed after its signature, opened after that, and understood last."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from tests.wechatpay.signing_platform import NOW, VECTORS, compact, lower, sign, vector_key
from wechatpay.errors import (
    BadSignature,
    Malformed,
    Stale,
    Undecryptable,
    UnknownSerial,
    Unsigned,
    WechatPayError,
)
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.notifications import AttachInfo, CouponReceived, Other, read_notification

[N01] = [vector for vector in VECTORS["vectors"] if vector["id"] == "N01"]
HEADERS = lower(N01["input"]["headers"])
BODY = N01["input"]["body"].encode()
AT = N01["input"]["now"]
KEY = N01["input"]["apiv3_key"].encode()
RESOURCE = N01["expect"]["resource"]
SIGNER = "wechatpay_public_key"


def ring(*names: str) -> KeyRing:
    keys = []
    for name in names:
        key = vector_key(name)
        public: Any = load_pem_public_key(key["public_key_pem"].encode())
        keys.append(PlatformKey(key.get("serial_no") or key["id"], public))
    return KeyRing(keys)


RING = ring("platform", SIGNER)


def read(
    headers: dict[str, str] = HEADERS,
    body: bytes = BODY,
    *,
    keys: KeyRing = RING,
    now: int = AT,
    key: bytes = KEY,
) -> CouponReceived | Other:
    return read_notification(headers, body, keys=keys, apiv3_key=key, now=now)


def sealed(text: bytes, *, associated: str = "coupon", key: bytes = KEY) -> dict[str, Any]:
    ciphertext = AESGCM(key).encrypt(b"fdasflkja484", text, associated.encode())
    return {
        "original_type": "coupon",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "associated_data": associated,
        "nonce": "fdasflkja484",
    }


def envelope(resource: object, **changed: Any) -> dict[str, Any]:
    usual = {
        "id": "EV-1",
        "create_time": "2026-01-01T08:00:13+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "COUPON.SEND",
        "summary": "领券成功",
        "resource": resource,
    }
    return usual | changed


def genuine(body: bytes) -> CouponReceived | Other:
    """Read it as if WeChat Pay had signed it."""
    return read(lower(sign(SIGNER, body)), body, now=NOW)


def received(**changed: Any) -> CouponReceived | Other:
    return genuine(compact(envelope(sealed(json.dumps(RESOURCE | changed).encode()))))


def test_the_vector_made_with_two_other_sdks_is_read() -> None:
    notification = read()
    assert isinstance(notification, CouponReceived)
    assert notification.notification_id == "EV-2826351d7d63a95ed3da6de318a95ccd"
    assert notification.event_type == "COUPON.SEND"
    for name in (
        "stock_id",
        "coupon_code",
        "send_time",
        "openid",
        "unionid",
        "send_channel",
        "send_merchant",
    ):
        assert getattr(notification, name) == RESOURCE[name]
    assert notification.attach_info == AttachInfo(**dict.fromkeys(AttachInfo.__slots__, ""))


def test_its_repr_names_no_user() -> None:
    text = repr(read())
    assert RESOURCE["coupon_code"] in text
    assert RESOURCE["openid"] not in text
    assert RESOURCE["unionid"] not in text


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
def test_without_one_of_the_four_headers_it_is_unsigned(name: str) -> None:
    with pytest.raises(Unsigned):
        read({header: value for header, value in HEADERS.items() if header != f"wechatpay-{name}"})


@pytest.mark.parametrize("off", [-301, 301])
def test_more_than_300_seconds_from_our_clock_it_is_stale_although_the_signature_is_good(off: int) -> None:
    timestamp = int(HEADERS["wechatpay-timestamp"])
    assert read(now=timestamp + off // abs(off) * 300)
    with pytest.raises(Stale):
        read(now=timestamp + off)


def test_a_serial_that_we_hold_no_key_for_is_refused() -> None:
    with pytest.raises(UnknownSerial):
        read(keys=ring("platform_next", SIGNER))


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_in_the_body_breaks_the_signature(at: int, bit: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= 1 << bit
    with pytest.raises(BadSignature):
        read(body=bytes(changed))


def test_the_same_json_written_again_is_no_longer_what_was_signed() -> None:
    with pytest.raises(BadSignature):
        read(body=json.dumps(json.loads(BODY), ensure_ascii=False).encode())


def test_a_signature_that_begins_as_wechat_pays_probes_do_is_a_bad_one() -> None:
    probe = "WECHATPAY/SIGNTEST/" + HEADERS["wechatpay-signature"]
    with pytest.raises(BadSignature):
        read(HEADERS | {"wechatpay-signature": probe})


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"not json", b"[" * 60_000])
def test_nothing_of_the_body_is_looked_at_before_its_signature_has_held(body: bytes) -> None:
    with pytest.raises(BadSignature):
        read(body=body)
    with pytest.raises(Malformed):
        genuine(body)


def test_another_apiv3_key_than_ours_does_not_open_it() -> None:
    with pytest.raises(Undecryptable):
        read(key=b"x" * 32)


@pytest.mark.parametrize(
    "change",
    [
        {"associated_data": "certificate"},
        {"associated_data": None},
        {"nonce": "fdasflkja485"},
        {"nonce": ""},
        {"nonce": "\ud800"},
        {"ciphertext": ""},
        {"ciphertext": "no base64 (é)"},
        {"ciphertext": base64.b64encode(b"x" * 40).decode()},
    ],
)
def test_a_changed_seal_does_not_open(change: dict[str, Any]) -> None:
    resource = sealed(json.dumps(RESOURCE).encode()) | change
    with pytest.raises(Undecryptable):
        genuine(json.dumps(envelope(resource)).encode())


def test_without_associated_data_nothing_was_bound_to_the_seal() -> None:
    resource = sealed(json.dumps(RESOURCE).encode(), associated="")
    for missing in ({}, {"associated_data": None}):
        resource.pop("associated_data", None)
        notification = genuine(compact(envelope(resource | missing)))
        assert isinstance(notification, CouponReceived)
        assert notification.coupon_code == RESOURCE["coupon_code"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        compact(envelope(None)),
        compact(envelope([])),
        compact(envelope({})),
        compact(envelope(sealed(b"{}"), event_type=None)),
        compact(envelope(sealed(b"{}"), event_type=["COUPON.SEND"])),
        compact(envelope(sealed(b"{}") | {"algorithm": "AEAD_SM4_GCM"})),
        compact(envelope(sealed(b"{}") | {"ciphertext": 1})),
        compact(envelope(sealed(b"{}") | {"nonce": None})),
        compact(envelope(sealed(b"{}") | {"associated_data": {"a": 1}})),
        compact(envelope(sealed(b"{}"))),
        compact(envelope(sealed(b"[]"))),
        compact(envelope(sealed(b"\xff"))),
        json.dumps(envelope(sealed(json.dumps(RESOURCE).encode()))).encode("utf-16"),
    ],
)
def test_a_genuine_one_that_is_not_as_documented_is_malformed_and_says_that_it_is_genuine(
    body: bytes,
) -> None:
    with pytest.raises(Malformed, match="genuine") as caught:
        genuine(body)
    assert caught.value.verified


@pytest.mark.parametrize("name", ["stock_id", "coupon_code"])
@pytest.mark.parametrize("value", [None, "", 7, "a\nb", "a\x00", "\ud800", "x" * 300, ["x"]])
def test_without_a_stock_and_a_code_to_keep_it_is_malformed(name: str, value: object) -> None:
    with pytest.raises(Malformed, match=name):
        received(**{name: value})


@pytest.mark.parametrize("value", [None, "", 7, {"a": 1}])
def test_an_openid_may_be_missing(value: object) -> None:
    notification = received(openid=value)
    assert isinstance(notification, CouponReceived)
    assert notification.openid is None


def test_what_is_new_to_us_does_not_break_reading() -> None:
    attach = {"transaction_id": "42", "hall_belong_mch_id": 1900000109, "invented": {"a": [1]}}
    notification = received(send_channel="BUSICOUPON_SEND_CHANNEL_MARS", more=[1], attach_info=attach)
    assert isinstance(notification, CouponReceived)
    assert notification.send_channel == "BUSICOUPON_SEND_CHANNEL_MARS"
    assert notification.attach_info.transaction_id == "42"
    assert notification.attach_info.hall_belong_mch_id == "1900000109"


def test_what_is_about_something_else_is_told_apart_and_not_opened() -> None:
    body = compact(envelope("whatever", event_type="PRODUCT_COUPON.SEND"))
    assert genuine(body) == Other(notification_id="EV-1", event_type="PRODUCT_COUPON.SEND")


def test_another_kind_of_coupon_under_the_same_word_is_told_apart() -> None:
    assert received(event_type="EVENT_TYPE_OTHER") == Other(
        notification_id="EV-1", event_type="EVENT_TYPE_OTHER"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted([*RESOURCE, "attach_info", "act_id"]))


@given(
    changed=st.dictionaries(NAMES, JSON, max_size=4),
    outside=st.dictionaries(st.sampled_from(["id", "event_type", "resource"]), JSON),
)
def test_whatever_is_signed_and_sealed_only_our_errors_come_out(
    changed: dict[str, Any], outside: dict[str, Any]
) -> None:
    body = json.dumps(envelope(sealed(json.dumps(RESOURCE | changed).encode())) | outside).encode()
    try:
        notification = genuine(body)
    except WechatPayError:
        return
    assert notification.event_type
    assert isinstance(notification, Other) or notification.coupon_code.encode()


@given(
    headers=st.dictionaries(
        st.sampled_from(sorted(HEADERS)),
        st.text(st.characters(codec=None, exclude_categories=()), max_size=30),
    ),
    body=st.binary(max_size=200),
)
def test_whatever_strangers_send_only_our_errors_come_out(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(WechatPayError):
        read(HEADERS | headers, body)
