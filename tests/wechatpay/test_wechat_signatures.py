"""Four steps, in order, each with its own error; only a signature over these very bytes passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.wechatpay.signing_platform import NOW, lower, sign
from wechatpay.errors import BadSignature, Doubtful, Stale, UnknownSerial, Unsigned
from wechatpay.keyring import KeyRing, PlatformKey
from wechatpay.signatures import verify

BODY = '{"stock_name":"售后关怀券"}'.encode()


@pytest.fixture
def ring(public_key: PlatformKey) -> KeyRing:
    return KeyRing([public_key])


@pytest.fixture
def headers() -> dict[str, str]:
    return lower(sign("wechatpay_public_key", BODY))


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_answer_that_lacks_one_of_the_four_headers_is_unsigned(
    ring: KeyRing, headers: dict[str, str], name: str, value: str | None
) -> None:
    del headers[f"wechatpay-{name}"]
    if value is not None:
        headers[f"wechatpay-{name}"] = value
    with pytest.raises(Unsigned, match=f"wechatpay-{name}"):
        verify(headers, BODY, keys=ring, now=NOW)


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_a_timestamp_up_to_300_seconds_away_is_accepted(
    ring: KeyRing, headers: dict[str, str], off: int, public_key: PlatformKey
) -> None:
    assert verify(headers, BODY, keys=ring, now=NOW + off) is public_key


@pytest.mark.parametrize("off", [-301, 301, 10**9])
def test_a_timestamp_more_than_300_seconds_away_is_refused_although_the_signature_is_good(
    ring: KeyRing, headers: dict[str, str], off: int
) -> None:
    with pytest.raises(Stale, match=f"{abs(off)} s apart"):
        verify(headers, BODY, keys=ring, now=NOW + off)


@pytest.mark.parametrize(
    "timestamp", ["now", "1767225613.0", "+1767225613", "1_767_225_613", "١٧٦٧٢٢٥٦١٣", "1" * 5000]
)
def test_a_timestamp_that_is_no_plain_whole_number_is_refused(
    ring: KeyRing, headers: dict[str, str], timestamp: str
) -> None:
    with pytest.raises(Stale, match="whole number"):
        verify(headers | {"wechatpay-timestamp": timestamp}, BODY, keys=ring, now=NOW)


def test_the_steps_come_in_order_so_that_the_reason_given_is_the_first_thing_wrong(
    ring: KeyRing, headers: dict[str, str]
) -> None:
    headers |= {"wechatpay-signature": "", "wechatpay-serial": "0", "wechatpay-timestamp": "0"}
    raised: list[type[Doubtful]] = []
    for cure in ({"wechatpay-signature": "AAAA"}, {"wechatpay-timestamp": str(NOW)}, sign_by("serial"), {}):
        with pytest.raises(Doubtful) as error:
            verify(headers, BODY, keys=ring, now=NOW)
        raised.append(error.type)
        headers |= cure
    assert raised == [Unsigned, Stale, UnknownSerial, BadSignature]


def sign_by(name: str) -> dict[str, str]:
    return {f"wechatpay-{name}": lower(sign("wechatpay_public_key", BODY))[f"wechatpay-{name}"]}


@pytest.mark.parametrize("signature", ["WECHATPAY/SIGNTEST/x", "not base64!", "é", "AAAA", "\udc80"])
def test_a_signature_that_is_not_even_base64_is_bad_and_nothing_crashes(
    ring: KeyRing, headers: dict[str, str], signature: str
) -> None:
    with pytest.raises(BadSignature):
        verify(headers | {"wechatpay-signature": signature}, BODY, keys=ring, now=NOW)


def test_a_body_that_means_the_same_json_is_refused_all_the_same(
    ring: KeyRing, headers: dict[str, str]
) -> None:
    with pytest.raises(BadSignature):
        verify(headers, BODY.replace(b":", b": "), keys=ring, now=NOW)


def test_a_signature_of_another_trusted_key_does_not_pass(
    public_key: PlatformKey, headers: dict[str, str]
) -> None:
    other = lower(sign("platform", BODY)) | {"wechatpay-serial": public_key.serial_no}
    with pytest.raises(BadSignature):
        verify(other, BODY, keys=KeyRing([public_key]), now=NOW)


@pytest.mark.parametrize(("begins", "ends"), [(NOW + 1, NOW + 9), (NOW - 9, NOW - 1)])
def test_a_certificate_outside_its_validity_is_as_good_as_unknown(
    public_key: PlatformKey, headers: dict[str, str], begins: int, ends: int
) -> None:
    ring = KeyRing([replace(public_key, begins=begins, ends=ends)])
    with pytest.raises(UnknownSerial):
        verify(headers, BODY, keys=ring, now=NOW)
    assert ring.preferred(now=NOW) is None


def test_answers_are_asked_for_by_the_public_key_else_by_the_newest_certificate(
    public_key: PlatformKey,
) -> None:
    old = PlatformKey("0A", public_key.key, begins=NOW - 20, ends=NOW + 20)
    new = PlatformKey("0B", public_key.key, begins=NOW - 10, ends=NOW + 20)
    coming = PlatformKey("0C", public_key.key, begins=NOW + 10, ends=NOW + 20)
    assert KeyRing([new, old, coming]).preferred(now=NOW) == "0B"
    assert KeyRing([new, public_key, old]).preferred(now=NOW) == public_key.serial_no
