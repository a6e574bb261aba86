"""`coupon-bot doctor`: each broken thing is one line, with one line of cure; the rest is still looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from bot.doctor.findings import Level
from sandbox.slack import Workspace, server_error
from sandbox.slack.setup import ALL_BOT_SCOPES
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stocks import StockState
from storage.checkpoints import key_file, load_or_make_key, public_text
from storage.database import bring_up_to_date
from storage.driver import sqlite3
from storage.migrations import LATEST
from tests.bot.examined import examined, with_database
from tests.bot.operating import operator
from tests.storage.records import make_log
from tests.world import LATE, keys

UPLOADED = "7878787878"


# --- all well


@pytest.mark.parametrize("mode", KeyMode)
async def test_where_all_is_well_every_line_is_ok(tmp_path: Path, mode: KeyMode) -> None:
    async with operator(tmp_path, mode=mode) as op:
        with_database(op)
        (tmp_path / "apiclient_cert.pem").write_text(keys().merchant.certificate_pem)
        said = await examined(op)
        assert said.status == 0
        seen = said.of(Level.OK)
        assert len(seen) == len(said.findings), [each for each in said.findings if each.level is not Level.OK]
        # Cheapest first: files, then the network.
        assert list(seen) == [
            *(
                "Slack settings",
                "WeChat Pay settings",
                "files and address",
                "coupon.toml",
                "file modes",
                "database",
            ),
            *("key files", "merchant certificate", "clock", "signature", "key mode", "APIv3 key"),
            *(["certificates"] if mode is KeyMode.CERTIFICATE else []),
            *("stock late-10", "stock sorry-50", "stock own-10", "stock uploaded-10"),
            *("AppID", "permission to send"),
            *("bot token", "scopes", "channels and approvers", "app token"),
        ]
        assert "cannot be proved without sending" in seen["permission to send"]
        assert "3 uploaded codes" in seen["stock uploaded-10"]
        assert f"schema version {LATEST}" in seen["database"]
        if mode is KeyMode.PUBLIC_KEY:
            assert "(HTTP 404) is normal" in seen["key mode"]


async def test_as_text_it_is_one_line_each_and_one_line_of_cure(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        op.wechatpay.stocks[LATE] = replace(op.wechatpay.stocks[LATE], state=StockState.PAUSED)
        text: Result = await op.types("doctor")
        said = await examined(op)
        assert text.exit_code == 1
        assert [
            line.split(" ", 1)[0] for line in text.stdout.splitlines() if not line.startswith("     cure: ")
        ] == [str(each.level) for each in said.findings]
        lines = text.stdout.splitlines()
        at = lines.index("FAIL stock late-10: is PAUSED, and only RUNNING stocks are given")
        assert lines[at + 1].startswith("     cure: start it in the merchant console")
        assert not lines[at + 2].startswith("     cure")


async def test_it_gives_nothing_writes_nothing_and_posts_nothing(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        before = (tmp_path / "coupon.db").read_bytes(), op.files
        await examined(op)
        assert op.wechatpay.ledger.coupons == []
        assert {request.split()[0] for request in op.requests} == {"GET"}
        assert {call.method for call in op.slack.calls()} <= {
            *(
                "auth.test",
                "conversations.info",
                "usergroups.users.list",
                "users.info",
                "apps.connections.open",
            )
        }
        assert ((tmp_path / "coupon.db").read_bytes(), op.files) == before


async def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        result = await op.types("doctor", "now")
        assert (result.exit_code, result.stdout) == (2, "")


# --- settings


async def test_with_nothing_set_each_missing_thing_is_named_once(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.without("SLACK_")
        op.without("WECHATPAY_")
        op.without("COUPON_")
        op.environ["COUPON_CONFIG"] = str(tmp_path / "nowhere.toml")
        op.environ["COUPON_DATABASE"] = str(tmp_path / "no" / "folder.db")
        said = await examined(op)
        assert [each.seen.split(" ", 1)[0] for each in said.findings if each.check.endswith("settings")] == [
            *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
            *(f"WECHATPAY_{name}" for name in ("MCHID", "APPID", "SERIAL_NO", "PRIVATE_KEY", "APIV3_KEY")),
        ]
        assert "nowhere.toml cannot be read" in said.line("coupon.toml")
        assert "nothing can be made in" in said.line("database")
        assert op.requests == []


async def test_without_slacks_settings_wechat_pays_side_is_still_looked_at(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.without("SLACK_")
        said = await examined(op)
        assert set(said.fails) == {"Slack settings"}
        assert {"signature", "stock late-10", "AppID"} <= set(said.of(Level.OK))


async def test_without_wechat_pays_settings_slacks_side_is_still_looked_at(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ["WECHATPAY_APIV3_KEY"] = "short"
        said = await examined(op)
        assert said.fails == ["WeChat Pay settings"]
        assert "has 5 bytes" in said.line("WeChat Pay settings")
        assert {"bot token", "channels and approvers"} <= set(said.of(Level.OK))


async def test_a_secret_file_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        (tmp_path / "apiclient_key.pem").chmod(0o644)
        said = await examined(op)
        assert list(said.of(Level.WARN)) == ["file modes"]
        assert "apiclient_key.pem) may be read by everybody" in said.line("file modes", Level.WARN)


# --- Slack


async def test_a_bot_token_that_slack_refuses_is_named_and_the_app_token_is_still_tried(
    tmp_path: Path,
) -> None:
    async with operator(tmp_path) as op:
        op.environ["SLACK_BOT_TOKEN"] = "xoxb-mistyped"
        said = await examined(op)
        assert said.fails == ["bot token"]
        line = said.line("bot token")
        assert "SLACK_BOT_TOKEN: invalid_auth\n     cure: Copy the Bot User OAuth Token" in line
        assert "mistyped" not in line
        assert "app token" in said.of(Level.OK)


async def test_an_app_token_that_slack_refuses_is_named(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ["SLACK_APP_TOKEN"] = "xapp-mistyped"
        said = await examined(op)
        assert said.fails == ["app token"]
        assert "connections:write" in said.line("app token")
        assert "mistyped" not in said.line("app token")


@pytest.mark.parametrize(
    ("lacking", "check", "level"),
    [
        ("chat:write", "bot token", Level.FAIL),
        ("channels:history", "scopes", Level.WARN),
        ("files:read", "scopes", Level.WARN),
        ("files:write", "scopes", Level.WARN),
    ],
)
async def test_a_missing_scope_is_named(tmp_path: Path, lacking: str, check: str, level: Level) -> None:
    scopes = tuple(scope for scope in ALL_BOT_SCOPES if scope != lacking)
    async with operator(tmp_path, workspace=Workspace(bot_scopes=scopes)) as op:
        assert lacking in (await examined(op)).line(check, level)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"C0APPROVE"', '"C0SUPPORT"', "C0SUPPORT, but the bot is not in it\n     cure: Type /invite"),
        ('"C0APPROVE"', '"C0NOWHERE"', "Slack shows the bot no such channel"),
        ('approvers = ["S0LEADS"]', 'approvers = ["S0MANAGERS"]', "only 1 active"),
    ],
)
async def test_what_coupon_toml_names_and_the_workspace_lacks_is_named(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    async with operator(tmp_path) as op:
        op.toml(old, new)
        said = await examined(op)
        assert said.fails == ["channels and approvers"]
        assert words in said.line("channels and approvers")


async def test_in_http_mode_there_is_no_app_token_to_try(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ |= {"SLACK_APP_TOKEN": None, "SLACK_SIGNING_SECRET": "s" * 32}
        assert "HTTP mode" in (await examined(op)).line("app token", Level.OK)


# --- no network


async def test_without_network_both_sides_say_so(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.environ |= {"WECHATPAY_API_URL": "http://127.0.0.1:9", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
        said = await examined(op)
        assert said.fails == ["WeChat Pay", "Slack"]
        assert "WeChat Pay does not answer: CONNECT" in said.line("WeChat Pay")
        assert "Slack does not answer" in said.line("Slack")
        assert "firewall" in said.line("WeChat Pay")


async def test_a_slack_that_only_has_trouble_is_no_answer_either(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        op.slack.faults.rate("*", server_error(503), share=1.0)
        said = await examined(op)
        assert said.fails == ["Slack"]
        assert "http_503" in said.line("Slack")


# --- database


async def test_a_database_that_is_not_there_yet_is_a_warning_and_is_not_made(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        said = await examined(op)
        assert said.status == 0
        assert "is not there yet" in said.line("database", Level.WARN)
        assert op.files == ["apiclient_key.pem", "coupon.toml"]


async def test_the_newest_event_is_read(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        await asyncio.to_thread(make_log, tmp_path / "coupon.db", 12)
        assert "12 events, the newest " in (await examined(op)).line("database", Level.OK)


async def test_the_public_key_of_checkpoints_is_shown_and_a_key_open_to_others_is_named(
    tmp_path: Path,
) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        key = load_or_make_key(tmp_path / "coupon.db")
        assert public_text(key) in (await examined(op)).line("checkpoint key", Level.OK)
        key_file(tmp_path / "coupon.db").chmod(0o644)
        said = await examined(op)
        assert said.fails == ["checkpoint key"]
        assert "chmod 600" in said.line("checkpoint key")


def _foreign(path: Path) -> None:
    path.write_text("my shopping list\n" * 100)


def _empty(path: Path) -> None:
    path.touch()


def _newer(path: Path) -> None:
    bring_up_to_date(path)
    connection = sqlite3.connect(path)
    connection.execute(f"pragma user_version = {LATEST + 1}")
    connection.close()


def _broken_head(path: Path) -> None:
    make_log(path, 3)
    connection = sqlite3.connect(path)
    connection.execute("insert into event (seq, body, prev, hash) values (4, '{}', 'x', 'y')")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_foreign, "not a database"),
        (_empty, "coupon-bot migrate"),
        (_newer, "Run the newer coupon-bot"),
        (_broken_head, "audit verify"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    async with operator(tmp_path) as op:
        await asyncio.to_thread(spoil, tmp_path / "coupon.db")
        before = (tmp_path / "coupon.db").read_bytes()
        said = await examined(op)
        assert said.fails == ["database"]
        assert words in said.line("database")
        assert (tmp_path / "coupon.db").read_bytes() == before


async def test_a_database_with_an_older_schema_is_a_warning(tmp_path: Path) -> None:
    async with operator(tmp_path) as op:
        with_database(op)
        connection = sqlite3.connect(tmp_path / "coupon.db")
        connection.execute(f"pragma user_version = {LATEST - 1}")
        connection.close()
        assert f"schema version {LATEST - 1} of {LATEST}" in (await examined(op)).line("database", Level.WARN)
