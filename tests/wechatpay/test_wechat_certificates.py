"""Platform certificates: only an answer that vouches for itself changes the ring, and never to nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.wechatpay.signing_platform import (
    NOW,
    compact,
    listed,
    lower,
    private_key,
    sealed,
    sign,
    vector_key,
)
from wechatpay.answers import Answer
from wechatpay.certificates import read_certificates
from wechatpay.errors import (
    BadSignature,
    Malformed,
    NotSent,
    Stale,
    Undecryptable,
    UnknownSerial,
    Unsigned,
    WechatPayError,
)
from wechatpay.keyring import PlatformKey
from wechatpay.keystore import KeyStore

OLD, NEW = vector_key("platform")["serial_no"], vector_key("platform_next")["serial_no"]


def answer(body: bytes, *, signer: str = "platform", **changed: str) -> Answer:
    return Answer(200, lower(sign(signer, body)) | changed, body)


def read(came: Answer, apiv3_key: bytes) -> dict[str, PlatformKey]:
    return {key.serial_no: key for key in read_certificates(came, apiv3_key=apiv3_key, now=NOW)}


def certificate(*, begins: int, ends: int, serial: int = 0xABCDEF01, key: Any = None) -> dict[str, Any]:
    """An entry with a certificate of our making; the key is the platform's unless another is given."""
    signs: Any = key or private_key("platform")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signs.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(begins, UTC))
        .not_valid_after(datetime.fromtimestamp(ends, UTC))
        .sign(signs, hashes.SHA256())
    )
    return sealed(made.public_bytes(Encoding.PEM).decode(), f"{serial:X}")


# ---- Reading one download ---------------------------------------------------------------------------------


def test_during_a_rotation_all_certificates_of_the_answer_are_kept(apiv3_key: bytes) -> None:
    both = listed("platform", "platform_next")
    assert set(read(answer(both), apiv3_key)) == {OLD, NEW}
    assert set(read(answer(both, signer="platform_next"), apiv3_key)) == {OLD, NEW}


def test_an_answer_signed_by_a_certificate_it_does_not_hold_is_not_believed(apiv3_key: bytes) -> None:
    """A forger may replay sealed certificates, but cannot sign with their keys."""
    with pytest.raises(UnknownSerial):
        read(answer(listed("platform"), signer="platform_next"), apiv3_key)
    pretending = answer(listed("platform"), signer="platform_next", **{"wechatpay-serial": OLD})
    with pytest.raises(BadSignature):
        read(pretending, apiv3_key)


def test_an_unsigned_or_old_answer_is_not_believed(apiv3_key: bytes) -> None:
    body = listed("platform")
    with pytest.raises(Unsigned):
        read(Answer(200, {}, body), apiv3_key)
    with pytest.raises(Stale):
        read(Answer(200, lower(sign("platform", body, now=NOW - 301)), body), apiv3_key)


def test_certificates_sealed_with_another_apiv3_key_are_refused() -> None:
    with pytest.raises(Undecryptable, match="compare the APIv3 key"):
        read(answer(listed("platform")), b"Another-ApiV3-Key-not-a-secret-1")


def changed(**members: Any) -> bytes:
    entry = sealed(vector_key("platform")["certificate_pem"], OLD)
    inside = entry["encrypt_certificate"]
    inside |= {name: members.pop(name) for name in list(members) if name in inside}
    return compact({"data": [entry | members]})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"<html>", "no list", id="html"),
        pytest.param(b"{}", "no list", id="no data"),
        pytest.param(b'{"data":[]}', "no list", id="empty"),
        pytest.param(b'{"data":["x"]}', "lacks members", id="no object"),
        pytest.param(changed(encrypt_certificate=None), "lacks members", id="no seal"),
        pytest.param(changed(nonce=7), "lacks members", id="nonce a number"),
        pytest.param(changed(algorithm="AEAD_SM4_128_GCM"), "sealed with 'AEAD_SM4", id="another cipher"),
        pytest.param(changed(serial_no=NEW), "another serial number", id="serial of another"),
        pytest.param(changed(serial_no="PUB_KEY_ID_1"), "another serial number", id="serial no hex"),
        pytest.param(
            compact({"data": [sealed("no certificate", OLD)]}), "cannot be read", id="no certificate inside"
        ),
        pytest.param(
            compact(
                {
                    "data": [
                        certificate(begins=NOW - 9, ends=NOW + 9, key=ec.generate_private_key(ec.SECP256R1()))
                    ]
                }
            ),
            "no RSA key",
            id="elliptic",
        ),
    ],
)
def test_a_list_with_one_entry_that_is_not_right_is_refused_as_a_whole(
    body: bytes, sentence: str, apiv3_key: bytes
) -> None:
    with pytest.raises(Malformed, match=sentence):
        read(answer(body), apiv3_key)


@pytest.mark.parametrize("field", ["nonce", "ciphertext", "associated_data"])
@pytest.mark.parametrize("value", ["", "x", "\udc80", "A" * 400])
def test_a_seal_that_makes_no_sense_is_undecryptable_and_nothing_crashes(
    field: str, value: str, apiv3_key: bytes
) -> None:
    body = json.dumps(json.loads(changed(**{field: value} if value != "\udc80" else {})))
    if value == "\udc80":
        spoiled = json.loads(body)
        spoiled["data"][0]["encrypt_certificate"][field] = value
        body = json.dumps(spoiled)
    with pytest.raises(Undecryptable):
        read(answer(body.encode()), apiv3_key)


def test_an_expired_certificate_is_dropped_and_a_coming_one_kept_for_its_time(apiv3_key: bytes) -> None:
    entries = [
        sealed(vector_key("platform")["certificate_pem"], OLD),
        certificate(begins=NOW - 99, ends=NOW - 1, serial=0xAAAAAAAA),
        certificate(begins=NOW + 99, ends=NOW + 999, serial=0xBBBBBBBB),
    ]
    found = read(answer(compact({"data": entries})), apiv3_key)
    assert set(found) == {OLD, "BBBBBBBB"}
    assert [found["BBBBBBBB"].valid_at(NOW + later) for later in (0, 99, 999, 1000)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_answer_signed_by_its_own_expired_certificate_is_not_believed(apiv3_key: bytes) -> None:
    body = compact({"data": [certificate(begins=NOW - 99, ends=NOW - 1)]})
    signed = lower(sign("platform", body)) | {"wechatpay-serial": "ABCDEF01"}
    with pytest.raises(UnknownSerial):
        read(Answer(200, signed, body), apiv3_key)


# ---- Renewing ---------------------------------------------------------------------------------------------


class Downloads:
    """Gives what it is told, in order, the last one for ever; counts; can be held back."""

    def __init__(self, *results: Sequence[PlatformKey] | WechatPayError) -> None:
        self.results = list(results)
        self.count = 0
        self.open = asyncio.Event()
        self.open.set()
        self.started = asyncio.Event()

    async def __call__(self) -> Sequence[PlatformKey]:
        self.count += 1
        self.started.set()
        await self.open.wait()
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, WechatPayError):
            raise result
        return result


class Clock:
    def __init__(self) -> None:
        self.now = NOW * 1000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(apiv3_key: bytes) -> dict[str, PlatformKey]:
    return read(answer(listed("platform", "platform_next")), apiv3_key)


DOWN = NotSent("CONNECT", "down")


async def test_a_failed_refresh_keeps_the_old_ring_and_says_why(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    store = KeyStore([], download=Downloads([keys[OLD]], DOWN, [keys[NEW]]), clock=clock)
    await store.refresh()
    with pytest.raises(NotSent):
        await store.refresh()
    assert [key.serial_no for key in store.ring] == [OLD]
    assert store.trouble is DOWN
    await store.refresh()
    assert [key.serial_no for key in store.ring] == [NEW]
    assert store.trouble is None


async def test_the_configured_public_key_stays_whatever_is_downloaded(
    keys: dict[str, PlatformKey], public_key: PlatformKey, clock: Clock
) -> None:
    store = KeyStore([public_key], download=Downloads([keys[OLD]], [keys[NEW]]), clock=clock)
    await store.refresh()
    await store.refresh()
    assert [key.serial_no for key in store.ring] == [public_key.serial_no, NEW]


async def test_many_who_want_a_refresh_at_once_share_one_download(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]])
    downloads.open.clear()
    store = KeyStore([], download=downloads, clock=clock)
    waiting = [asyncio.create_task(store.refresh()) for _ in range(5)]
    waiting += [asyncio.create_task(store.refresh_for_answer(OLD)) for _ in range(5)]
    waiting += [asyncio.create_task(store.refresh_for_stranger()) for _ in range(5)]
    await downloads.started.wait()
    downloads.open.set()
    await asyncio.gather(*waiting)
    assert downloads.count == 1


async def test_a_cancelled_refresh_does_not_hold_up_the_next(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]])
    downloads.open.clear()
    store = KeyStore([], download=downloads, clock=clock)
    first = asyncio.create_task(store.refresh())
    await downloads.started.wait()
    second = asyncio.create_task(store.refresh())
    first.cancel()
    downloads.open.set()
    await second
    assert first.cancelled()
    assert [key.serial_no for key in store.ring] == [OLD]


async def test_strangers_make_us_download_at_most_once_in_five_minutes(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    """They can send callbacks with any serial number."""
    downloads = Downloads([keys[OLD]])
    store = KeyStore([], download=downloads, clock=clock)
    for minutes, count in ((0, 1), (1, 1), (4.99, 1), (5, 2), (6, 2), (10, 3)):
        clock.now = NOW * 1000 + int(minutes * 60_000)
        await asyncio.gather(*(store.refresh_for_stranger() for _ in range(20)))
        assert downloads.count == count


async def test_an_answer_to_our_own_request_need_not_wait_for_strangers_and_for_the_last_download(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]], [keys[OLD]], [keys[OLD], keys[NEW]])
    store = KeyStore([], download=downloads, clock=clock)
    await store.refresh()
    clock.now += 300_000
    await asyncio.gather(*(store.refresh_for_stranger() for _ in range(20)))
    assert downloads.count == 2
    await asyncio.gather(*(store.refresh_for_answer(NEW) for _ in range(20)))
    assert downloads.count == 3
    assert store.ring.holds(NEW, now=NOW)


async def test_the_pauses_for_our_own_answers_grow_from_a_second_to_a_minute_while_nothing_comes(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]])
    store = KeyStore([], download=downloads, clock=clock)
    at: list[int] = []
    for seconds in range(400):
        clock.now = (NOW + seconds) * 1000
        before = downloads.count
        await asyncio.gather(*(store.refresh_for_answer("0ABCDEF0") for _ in range(3)))
        at += [seconds] * (downloads.count - before)
    assert at == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]


async def test_after_a_certificate_has_come_or_a_quiet_time_the_pauses_begin_anew(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]], DOWN, DOWN, [keys[OLD], keys[NEW]])
    store = KeyStore([], download=downloads, clock=clock)

    async def asked_at(seconds: int, serial_no: str) -> int:
        clock.now = (NOW + seconds) * 1000
        await store.refresh_for_answer(serial_no)
        return downloads.count

    assert [await asked_at(seconds, NEW) for seconds in (0, 1, 2, 3, 6, 7)] == [1, 2, 2, 3, 3, 4]
    # It came: another certificate is asked for at once, not four seconds later.
    assert [await asked_at(seconds, "0ABCDEF0") for seconds in (7, 8, 9, 10, 14)] == [5, 6, 6, 7, 8]
    assert [await asked_at(seconds, "0ABCDEF0") for seconds in (15, 700, 701)] == [8, 9, 10]


async def test_without_any_key_it_asks_every_ten_seconds_at_least_and_never_in_a_storm(clock: Clock) -> None:
    downloads = Downloads(DOWN)
    store = KeyStore([], download=downloads, clock=clock)
    at: list[int] = []
    for seconds in range(40):
        clock.now = (NOW + seconds) * 1000
        before = downloads.count
        await asyncio.gather(*(store.refresh_for_answer(None) for _ in range(20)))
        at += [seconds] * (downloads.count - before)
    assert at == [0, 1, 3, 7, 15, 25, 35]
    assert store.trouble is DOWN


async def test_a_clock_that_is_set_back_does_not_stop_refreshing(
    keys: dict[str, PlatformKey], clock: Clock
) -> None:
    downloads = Downloads([keys[OLD]])
    store = KeyStore([], download=downloads, clock=clock)
    await store.refresh_for_stranger()
    await store.refresh_for_answer("0ABCDEF0")
    clock.now -= 3_600_000
    await store.refresh_for_stranger()
    await store.refresh_for_answer("0ABCDEF0")
    assert downloads.count == 4
