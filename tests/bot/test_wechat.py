"""`coupon-bot wechat ...`: what an operator sees of WeChat Pay's side, and what stays impossible by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.wechatpay.keyring import KeyMode
from tests.bot.operating import operator
from tests.world import BIG, LATE, OPENID, keys

BASE = "/v3/marketing/busifavor"


def document(text: str) -> dict[str, Any]:
    """The one JSON document on stdout."""
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


# --- looking


@pytest.mark.parametrize("word", [LATE, "late-10", "LATE-10"])
async def test_a_stock_is_shown_by_its_id_and_by_its_alias(tmp_path: Path, word: str) -> None:
    async with operator(tmp_path) as op:
        op.wechatpay.give(OPENID, LATE, "N1")
        result = await op.types("wechat", "stock", word)
        assert result.exit_code == 0
        rows = dict(line.split("  ", 1) for line in result.stdout.splitlines())
        seen = {name: value.strip() for name, value in rows.items()}
        assert seen["state"] == "RUNNING"
        assert seen["code mode"] == "WECHATPAY_MODE"
        assert seen["value"].startswith("¥10.00 off")
        assert seen["budget"] == "1000000 coupons"
        assert (seen["given"], seen["remaining"]) == ("1, ¥10.00", "999999")
        assert op.requests == [f"GET {BASE}/stocks/{LATE}"]


async def test_as_json_each_look_is_one_document(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        code = op.wechatpay.give(OPENID, LATE, "N1").coupon_code
        stock = document((await op.types("wechat", "stock", LATE, "--json")).stdout)
        assert (stock["stock_id"], stock["stock_state"], stock["remaining"]) == (LATE, "RUNNING", 999999)
        [coupon] = document((await op.types("wechat", "coupons", OPENID, "--json")).stdout)["data"]
        assert (coupon["coupon_code"], coupon["send_request_no"]) == (code, "N1")
        one = document((await op.types("wechat", "coupon", OPENID, code, "--json")).stdout)
        assert (one["coupon_code"], one["coupon_state"]) == (code, "SENDED")
        held = document((await op.types("wechat", "certificates", "--json")).stdout)["keys"]
        assert [key["serial_no"] for key in held] == [keys().merchant.public_key_id]


async def test_coupons_are_listed_of_all_stocks_of_one_and_in_one_state(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        late = op.wechatpay.give(OPENID, LATE, "N1").coupon_code
        big = op.wechatpay.give(OPENID, BIG, "N2").coupon_code

        async def listed(*options: str) -> set[str]:
            result = await op.types("wechat", "coupons", OPENID, *options)
            assert result.exit_code == 0
            return {code for code in (late, big) if code in result.stdout}

        assert await listed() == {late, big}
        assert await listed("--stock", "sorry-50") == {big}
        assert await listed("--state", "used") == set()
        assert await listed("--state", "SENDED", "--stock", LATE) == {late}


async def test_one_coupon_is_shown_with_our_number(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        code = op.wechatpay.give(OPENID, LATE, "N1").coupon_code
        result = await op.types("wechat", "coupon", OPENID, code)
        assert [word for word in (code, "SENDED", LATE, "N1") if word not in result.stdout] == []


@pytest.mark.parametrize("mode", KeyMode)
async def test_certificates_tells_serials_and_ends_and_that_none_is_normal_with_a_public_key(
    tmp_path: Path, mode: KeyMode
) -> None:
    async with operator(tmp_path, mode=mode) as op:
        result = await op.types("wechat", "certificates")
        assert result.exit_code == 0
        has_public_key = keys().merchant.public_key_id in result.stdout
        assert has_public_key == (mode is not KeyMode.CERTIFICATE)
        assert (keys().certificate.serial in result.stdout) == (mode is not KeyMode.PUBLIC_KEY)
        assert ("HTTP 404 RESOURCE_NOT_EXISTS): normal" in result.stdout) == (mode is KeyMode.PUBLIC_KEY)


# --- what it needs


async def test_it_needs_no_slack_no_coupon_toml_and_no_database(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.without("SLACK_")
        (tmp_path / "coupon.toml").unlink()
        result = await op.types("wechat", "stock", LATE)
        assert result.exit_code == 0
        assert op.files == ["apiclient_key.pem"]


async def test_missing_settings_are_named_each_in_a_line_and_slacks_are_not_asked_for(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.without("WECHATPAY_")
        op.without("SLACK_")
        result = await op.types("wechat", "certificates")
        assert (result.exit_code, result.stdout) == (2, "")
        named = [line.split()[0] for line in result.stderr.splitlines()]
        assert named == [
            f"WECHATPAY_{name}" for name in ("MCHID", "APPID", "SERIAL_NO", "PRIVATE_KEY", "APIV3_KEY")
        ]


async def test_a_key_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        (tmp_path / "apiclient_key.pem").write_text(keys().merchant.certificate_pem)
        result = await op.types("wechat", "stock", LATE)
        assert result.exit_code == 2
        [sentence] = result.stderr.splitlines()
        assert "WECHATPAY_PRIVATE_KEY_FILE" in sentence
        assert "certificate" in sentence


@pytest.mark.parametrize(
    ("toml", "words"),
    [(None, ("late-99", "late-10", "no alias")), ("[[stok]]\n", ("coupon.toml", "'stok'", "'stock'"))],
)
async def test_a_word_that_is_no_stock_is_refused_before_anything_is_sent(
    tmp_path: Path, toml: str | None, words: tuple[str, ...]
) -> None:
    async with operator(tmp_path) as op:
        if toml is not None:
            op.toml('[[stock]]\nstock_id = "1212121212"', f'{toml}stock_id = "1212121212"')
        result = await op.types("wechat", "stock", "late-99")
        assert result.exit_code == 2
        assert [word for word in words if word not in result.stderr] == []
        assert op.requests == []


async def test_a_no_of_wechat_pay_ends_with_1_and_says_what_to_look_at(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        result = await op.types("wechat", "stock", "999")
        assert (result.exit_code, result.stdout) == (1, "")
        [sentence] = result.stderr.splitlines()
        assert "RESOURCE_NOT_EXISTS (HTTP 404)" in sentence
        assert "Request-ID 08" in sentence
        as_json = await op.types("wechat", "stock", "999", "--json")
        error = document(as_json.stdout)["error"]
        assert (error["code"], error["status"], error["verified"]) == ("RESOURCE_NOT_EXISTS", 404, True)
        assert error["operator"] in sentence


async def test_a_wrong_serial_number_is_explained(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ["WECHATPAY_SERIAL_NO"] = "1234567890ABCDEF1234567890ABCDEF12345678"
        result = await op.types("wechat", "stock", LATE)
        assert result.exit_code == 1
        assert "SIGN_ERROR" in result.stderr
        assert "does not know a certificate ...12345678" in result.stderr


async def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ["WECHATPAY_API_URL"] = "http://127.0.0.1:9"
        for words in (("stock", LATE), ("certificates",), ("call", "GET", "/v3/certificates")):
            result = await op.types("wechat", *words)
            assert result.exit_code == 1
            [sentence] = result.stderr.splitlines()
            assert "ConnectError" in sentence


async def test_names_at_wechat_pay_cannot_steer_a_terminal_or_fake_a_line(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        stock = op.wechatpay.stocks[LATE]
        op.wechatpay.stocks[LATE] = replace(stock, name="\x1b[2J\nstate  RUNNING\u202e")
        for words in (("stock", LATE), ("call", "GET", f"{BASE}/stocks/{LATE}")):
            result = await op.types("wechat", *words)
            assert not any(letter in result.stdout for letter in "\x1b\u202e")
            assert "\nstate  RUNNING" not in result.stdout


async def test_of_two_proxies_the_one_that_is_used_counts_and_the_others_kind_does_not(
    tmp_path: Path,
) -> None:
    """Clash and its kin set both variables."""
    async with operator(tmp_path) as op:
        op.environ |= {
            "WECHATPAY_API_URL": None,
            "https_proxy": "http://127.0.0.1:9",
            "all_proxy": "socks5://127.0.0.1:9",
        }
        result = await op.types("wechat", "certificates")
        assert result.exit_code == 1
        assert "Cannot connect to host 127.0.0.1:9" in result.stderr
        op.environ["https_proxy"] = None
        result = await op.types("wechat", "certificates")
        assert result.exit_code == 2
        assert result.stderr.startswith("all_proxy names a socks5 proxy; it must be an http one")
