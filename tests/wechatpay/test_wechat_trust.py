"""Answers that cannot be verified are told once, with cause and cure, until one can be again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from tests.wechatpay.signing_platform import NOW, Build, Platform, listed, sign
from wechatpay.errors import BadSignature, Doubtful, NotSent, Stale, UnknownSerial, Unsigned
from wechatpay.keyring import PlatformKey
from wechatpay.trust import UNVERIFIED, TrustWatch, explain_doubt

ODD = "/v3/x"


class Reports:
    """What the operator hears."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def __call__(self, word: str, sentence: str) -> None:
        if word == UNVERIFIED:
            self.sentences.append(sentence)


@pytest.fixture
def reports() -> Reports:
    return Reports()


def why(doubt: Doubtful, **known: Any) -> str:
    return explain_doubt(doubt, **{"keys": (), "serial_no": "", "trouble": None, "ahead": None} | known)


def a_certificate(public_key: PlatformKey) -> PlatformKey:
    return replace(public_key, serial_no="0ABC", begins=0, ends=NOW)


# --- over the wire


async def test_a_merchant_who_moved_to_the_public_key_is_told_at_the_first_answer_what_to_configure(
    platform: Platform, build: Build, reports: Reports
) -> None:
    platform.signer = "platform"
    platform.answers[:] = [
        platform.signed(200, listed("platform")),
        platform.signed(200, b"{}", signer="wechatpay_public_key"),
    ]
    client = build(public_keys=[], base_url=platform.url, tell=reports)
    assert client.trust.problem is None
    for _ in range(3):
        assert not (await client.call("GET", ODD)).verified
    [sentence] = reports.sentences
    assert "moved to the public key" in sentence
    assert "PUB_KEY_ID_" in sentence
    assert "merchant platform" in sentence
    assert client.trust.problem in sentence
    platform.answers[:] = [platform.signed(404, b"{}", signer="platform")]
    assert (await client.call("GET", ODD)).verified
    assert client.trust.problem is None


async def test_another_public_key_id_is_told_beside_the_one_that_is_configured(
    platform: Platform, build: Build, public_key: PlatformKey, reports: Reports
) -> None:
    platform.says(200, {}, headers={"Wechatpay-Serial": "PUB_KEY_ID_0"})
    client = build(base_url=platform.url, tell=reports)
    await client.call("GET", ODD)
    [sentence] = reports.sentences
    assert "PUB_KEY_ID_0" in sentence
    assert f"{public_key.serial_no} is configured" in sentence


async def test_a_certificate_that_cannot_be_downloaded_is_told_with_what_kept_it_away(
    platform: Platform, build: Build, reports: Reports
) -> None:
    platform.answers[:] = [
        platform.signed(200, b"{}", headers={"Wechatpay-Serial": "0ABCDEF0"}),
        platform.signed(404, b'{"code":"RESOURCE_NOT_EXISTS","message":"none"}'),
    ]
    client = build(base_url=platform.url, tell=reports)
    await client.call("GET", ODD)
    [sentence] = reports.sentences
    assert "0ABCDEF0" in sentence
    assert "could not be downloaded: RESOURCE_NOT_EXISTS (HTTP 404" in sentence


async def test_a_download_that_cannot_be_verified_is_told_too(
    platform: Platform, build: Build, reports: Reports
) -> None:
    platform.answers[:] = [platform.signed(200, listed("platform"), signer=None)]
    client = build(public_keys=[], base_url=platform.url, tell=reports)
    with pytest.raises(Unsigned):
        await client.keys.refresh()
    [sentence] = reports.sentences
    assert "strips the Wechatpay- headers" in sentence
    assert client.trust.problem is not None


async def test_one_wrong_signature_is_a_test_of_wechat_pays_and_two_in_a_row_are_not(
    platform: Platform, build: Build, reports: Reports
) -> None:
    probe = platform.signed(200, b"{}", headers=sign("wechatpay_public_key", b"other bytes"))
    genuine = platform.signed(200, b"{}")
    platform.answers[:] = [probe, genuine, probe, probe, genuine]
    client = build(base_url=platform.url, tell=reports)
    problems = []
    for _ in range(5):
        await client.call("GET", ODD)
        problems.append(client.trust.problem)
    assert [problem is not None for problem in problems] == [False, False, False, True, False]
    [sentence] = reports.sentences
    assert "a proxy on the way changes answers" in sentence


@pytest.mark.parametrize(("status", "doubted"), [(200, True), (204, True), (401, False), (502, False)])
async def test_a_missing_signature_says_something_only_where_one_must_be(
    platform: Platform, build: Build, reports: Reports, status: int, doubted: bool
) -> None:
    """Refusals and errors are often unsigned: who has a wrong serial number gets nothing else."""
    platform.answers[:] = [platform.signed(status, b"" if status == 204 else b"{}", signer=None)]
    client = build(base_url=platform.url, tell=reports)
    await client.call("GET", ODD)
    assert (client.trust.problem is not None) == doubted
    assert len(reports.sentences) == doubted


@pytest.mark.parametrize(
    ("date", "cause"),
    [(NOW, "a cache, a replay"), (NOW - 400, "400 s ahead of"), (NOW + 400, "400 s behind"), (None, "NTP")],
)
async def test_a_stale_answer_is_a_wrong_clock_unless_the_date_says_otherwise(
    platform: Platform, build: Build, reports: Reports, date: int | None, cause: str
) -> None:
    headers = {"Date": "" if date is None else formatdate(date, usegmt=True)}
    platform.answers[:] = [
        platform.signed(200, b"{}", headers=sign("wechatpay_public_key", b"{}", now=NOW - 400) | headers)
    ]
    client = build(base_url=platform.url, tell=reports)
    await client.call("GET", ODD)
    [sentence] = reports.sentences
    assert cause in sentence


# --- sentences and pauses


def test_each_cause_has_its_own_sentence_with_a_cure(public_key: PlatformKey) -> None:
    held: Sequence[PlatformKey] = (a_certificate(public_key),)
    down = NotSent("CONNECT", "no way there")
    sentences = [
        why(UnknownSerial("PUB_KEY_ID_7"), keys=held),
        why(UnknownSerial("PUB_KEY_ID_7"), keys=(public_key,)),
        why(UnknownSerial("0ABC"), keys=held),
        why(UnknownSerial("0DEF"), keys=held, trouble=down),
        why(UnknownSerial("0DEF"), keys=held),
        why(BadSignature("x"), serial_no="PUB_KEY_ID_7"),
        why(BadSignature("x"), serial_no="0ABC"),
        why(Stale("x")),
        why(Stale("x"), ahead=10),
        why(Unsigned("x")),
    ]
    assert len(set(sentences)) == len(sentences)
    assert "the clock be set by NTP" in sentences[2]
    assert [sentence for sentence in sentences if sentence.endswith(".") or "\n" in sentence] == []


def test_a_serial_number_of_a_strangers_cannot_break_the_line() -> None:
    assert "\n" not in why(UnknownSerial("0A\nB\x1b[2J"))


def test_each_kind_of_doubt_is_told_once_an_hour_whatever_the_clock_does(reports: Reports) -> None:
    watch = TrustWatch(reports)
    unsigned, stale = Unsigned("x"), Stale("x")
    for now in (0, 5, 3599):
        watch.doubted(unsigned, "a", now=now)
        watch.doubted(stale, "b", now=now)
        watch.verified()
    assert len(reports.sentences) == 2
    watch.doubted(stale, "b", now=3600)
    watch.doubted(stale, "b", now=10)
    assert len(reports.sentences) == 4
