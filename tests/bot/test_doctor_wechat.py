"""`coupon-bot doctor` on WeChat Pay's side: keys, numbers, clock and stocks, each named when it is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from bot.doctor.findings import Level
from sandbox.wechatpay.clock import rfc3339, system_clock, utc
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import DAY_MS, KeyMode
from sandbox.wechatpay.keys import make_keys
from sandbox.wechatpay.ledger import Endpoint
from sandbox.wechatpay.stocks import CodeMode, StockState
from tests.bot.examined import examined, with_database
from tests.bot.operating import Operator, operator
from tests.world import LATE, keys

UPLOADED = "7878787878"


def certificate(*, serial_no: str, ends_in_days: int, key_pem: str | None = None) -> str:
    """The merchant's own API certificate as PEM."""
    key: Any = load_pem_private_key((key_pem or keys().merchant.private_key_pem).encode(), None)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, keys().merchant.mchid)])
    now = system_clock()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(serial_no, 16))
        .not_valid_before(utc(now - 400 * DAY_MS))
        .not_valid_after(utc(now + ends_in_days * DAY_MS))
        .sign(key, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


# --- keys


def _certificate_for_key(op: Operator) -> None:
    (op.folder / "apiclient_key.pem").write_text(keys().merchant.certificate_pem)


def _another_serial(op: Operator) -> None:
    op.environ["WECHATPAY_SERIAL_NO"] = "1234567890ABCDEF1234567890ABCDEF12345678"


def _another_serial_beside_the_certificate(op: Operator) -> None:
    _another_serial(op)
    (op.folder / "apiclient_cert.pem").write_text(keys().merchant.certificate_pem)


def _another_key(op: Operator) -> None:
    (op.folder / "apiclient_key.pem").write_text(op.wechatpay.issue_certificate().private_key_pem)


def _another_key_beside_the_certificate(op: Operator) -> None:
    _another_key(op)
    (op.folder / "apiclient_cert.pem").write_text(keys().merchant.certificate_pem)


def _certificate_over(op: Operator) -> None:
    pem = certificate(serial_no=keys().merchant.serial_no, ends_in_days=-1)
    (op.folder / "apiclient_cert.pem").write_text(pem)


def _another_mchid(op: Operator) -> None:
    op.environ["WECHATPAY_MCHID"] = "1900000110"


def _another_public_key(op: Operator) -> None:
    op.environ["WECHATPAY_PUBLIC_KEY"] = make_keys().merchant.public_key_pem


def _another_public_key_id(op: Operator) -> None:
    op.environ["WECHATPAY_PUBLIC_KEY_ID"] = "PUB_KEY_ID_0000"


def _no_public_key(op: Operator) -> None:
    op.without("WECHATPAY_PUBLIC")


def _another_appid(op: Operator) -> None:
    op.environ["WECHATPAY_APPID"] = "wx7777777777777777"


@pytest.mark.parametrize(
    ("spoil", "fails", "words"),
    [
        (_certificate_for_key, ["key files"], ("WECHATPAY_PRIVATE_KEY_FILE", "is a certificate")),
        (_another_serial, ["signature"], ("SIGN_ERROR", "does not know a certificate ...12345678")),
        (
            _another_serial_beside_the_certificate,
            ["merchant certificate", "signature"],
            ("serial number reads 1234567890", "that of the private key's certificate is"),
        ),
        (_another_key, ["signature"], ("the private key does not belong to the certificate",)),
        (
            _another_key_beside_the_certificate,
            ["merchant certificate", "signature"],
            ("and the private key are no pair",),
        ),
        (_certificate_over, ["merchant certificate"], ("is valid from", "issue a new one")),
        (_another_mchid, ["signature"], ("SIGN_ERROR", "mchid")),
        (_another_public_key, ["signature"], ("the signature does not fit",)),
        (
            _another_public_key_id,
            ["signature"],
            ("no trusted key", "Compare the id of the WeChat Pay public key"),
        ),
        (_no_public_key, ["signature"], ("newer merchant numbers have no certificates",)),
        (_another_appid, ["AppID"], ("APPID_MCHID_NOT_MATCH",)),
    ],
)
async def test_a_wrong_key_or_number_is_named(
    tmp_path: Path, spoil: Callable[[Operator], None], fails: list[str], words: Sequence[str]
) -> None:
    async with operator(tmp_path) as op:
        spoil(op)
        said = await examined(op)
        assert said.fails == fails
        assert [word for word in words if word not in said.line(fails[0])] == [], said.line(fails[0])
        # Slack's side does not suffer.
        assert "bot token" in said.of(Level.OK)


async def test_a_wrong_apiv3_key_is_named_where_certificates_are_downloaded(tmp_path: Path) -> None:
    async with operator(tmp_path, mode=KeyMode.CERTIFICATE) as op:
        op.environ["WECHATPAY_APIV3_KEY"] = "another-key-of-thirty-two-bytes!"
        said = await examined(op)
        assert said.fails == ["APIv3 key"]
        assert "APIv3 key" in said.line("APIv3 key").split(":", 1)[1]


@pytest.mark.parametrize(("days", "level"), [(59, Level.WARN), (61, Level.OK)])
async def test_a_certificate_near_its_end_is_a_warning(tmp_path: Path, days: int, level: Level) -> None:
    async with operator(tmp_path) as op:
        pem = certificate(serial_no=keys().merchant.serial_no, ends_in_days=days)
        (tmp_path / "apiclient_cert.pem").write_text(pem)
        said = await examined(op)
        assert "it ends on" in said.line("merchant certificate", level)
        assert said.status == 0


@pytest.mark.parametrize("mode", [KeyMode.PUBLIC_KEY, KeyMode.BOTH])
async def test_an_answer_whose_signature_was_taken_away_proves_nothing(tmp_path: Path, mode: KeyMode) -> None:
    async with operator(tmp_path, mode=mode) as op:
        op.wechatpay.faults.queue(Fault(FaultKind.UNSIGNED), endpoint=Endpoint.CERTIFICATES)
        said = await examined(op)
        assert said.fails == ["signature"]
        assert "a proxy strips the Wechatpay- headers" in said.line("signature")


# --- clock


@pytest.mark.parametrize(
    ("behind_s", "level", "words"),
    [
        (0, Level.OK, "0 s from"),
        (90, Level.WARN, "90 s behind WeChat Pay's"),
        (-90, Level.WARN, "90 s ahead of WeChat Pay's"),
        (900, Level.FAIL, "900 s behind WeChat Pay's"),
    ],
)
async def test_a_clock_that_is_off_is_told_with_how_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind_s: int, level: Level, words: str
) -> None:
    at = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: at)
    async with operator(tmp_path, clock=lambda: at // 1_000_000 + behind_s * 1000) as op:
        said = await examined(op)
        assert words in said.line("clock", level)
        assert (said.status == 1) == (level is Level.FAIL)


# --- stocks


def _change(stock_id: str, **changed: Any) -> Callable[[Operator], None]:
    def spoil(op: Operator) -> None:
        op.wechatpay.stocks[stock_id] = replace(op.wechatpay.stocks[stock_id], **changed)

    return spoil


def _toml(old: str, new: str) -> Callable[[Operator], None]:
    return lambda op: op.toml(old, new)


def _period(begin_days: int, end_days: int) -> Callable[[Operator], None]:
    now = system_clock()
    times = {
        "available_begin_time": rfc3339(now + begin_days * DAY_MS),
        "available_end_time": rfc3339(now + end_days * DAY_MS),
    }
    terms = {
        "stock_name": "late",
        "belong_merchant": keys().merchant.mchid,
        "stock_type": "NORMAL",
        "coupon_use_rule": {
            "coupon_available_time": times,
            "fixed_normal_coupon": {"discount_amount": 1000, "transaction_minimum": 1001},
        },
        "stock_send_rule": {},
        "coupon_code_mode": "WECHATPAY_MODE",
        "subsidy": False,
    }
    return _change(LATE, terms=terms)


def _given(count: int, **changed: Any) -> Callable[[Operator], None]:
    def spoil(op: Operator) -> None:
        _change(LATE, **changed)(op)
        for number in range(count):
            op.wechatpay.give(f"o{number:027}", LATE, f"N{number}")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "level", "words"),
    [
        (_change(LATE, state=StockState.PAUSED), Level.FAIL, ("is PAUSED", "RUNNING")),
        (_change(LATE, state=StockState.STOPED), Level.FAIL, ("is STOPED",)),
        (
            _change(LATE, code_mode=CodeMode.MERCHANT_API),
            Level.FAIL,
            ("WECHATPAY_MODE in coupon.toml and MERCHANT_API", 'set code_mode = "MERCHANT_API"'),
        ),
        (
            _change(LATE, value_fen=2000),
            Level.FAIL,
            ("¥10.00 in coupon.toml and ¥20.00 at WeChat Pay", "set value_fen = 2000"),
        ),
        (_toml('"1212121212"', '"9999"'), Level.FAIL, ("RESOURCE_NOT_EXISTS",)),
        (_period(-20, -1), Level.FAIL, ("ended at",)),
        (_period(1, 20), Level.FAIL, ("begins at",)),
        (_period(-20, 3), Level.WARN, ("ends at", "successor")),
        (_given(2, max_coupons=2), Level.FAIL, ("all 2 coupons are given", "budget")),
        (_given(20, max_coupons=21), Level.WARN, ("1 of 21 coupons are left",)),
        (_given(2, max_coupons_by_day=2), Level.WARN, ("all 2 coupons of today",)),
        (_change(LATE, notify_appid="wx7777777777777777"), Level.WARN, ("wx7777777777777777",)),
    ],
)
async def test_what_is_wrong_with_a_stock_is_named_and_the_others_are_still_looked_at(
    tmp_path: Path, spoil: Callable[[Operator], None], level: Level, words: Sequence[str]
) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        spoil(op)
        said = await examined(op)
        line = said.line("stock late-10", level)
        assert [word for word in words if word not in line] == [], line
        others = [each for each in said.findings if each.level is not Level.OK]
        assert [each.check for each in others] == ["stock late-10"]


async def test_a_stock_without_uploaded_codes_is_named(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        for number in range(3):
            op.wechatpay.give(f"o{number:027}", UPLOADED, f"N{number}")
        assert "no uploaded code is left" in (await examined(op)).line("stock uploaded-10")
