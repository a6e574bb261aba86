"""What ends a start at once, in one sentence each, and what is waited for instead."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import structlog

from bot.clock import utc_ms
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import load_settings
from bot.service import Service
from sandbox.slack import Workspace
from sandbox.slack.running import Slack
from sandbox.slack.setup import ALL_BOT_SCOPES
from sandbox.slack.workspace import APPROVE, AUDIT, SUPPORT
from sandbox.wechatpay.keyring import KeyMode
from sandbox.wechatpay.stand_in import WeChatPay
from storage.driver import sqlite3
from storage.ledger import SqliteLedger
from tests.bot.main_thread import Ended, beside, run_here
from tests.faults.bot_process import bot_process
from tests.world import COUPON_TOML, STOCKS, environment, keys

ROOT = Path(__file__).parents[2]
Environ = dict[str, str]


def free_port() -> int:
    """Below those that the system gives to who connects.

    Else one who tries an empty port again and again is some day given that very port for its own end, reaches
    itself, and whoever the port was meant for finds it in use.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports, and none is free")


async def spawn(environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=ROOT,
        env=kept | dict(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(environ: Mapping[str, str]) -> Ended:
    """Run to its end, which must come by itself: a process of its own, as an operator starts it."""
    process = await spawn(environ)
    too_long = asyncio.get_running_loop().call_later(20.0, process.kill)
    out, err = await process.communicate()
    too_long.cancel()
    assert process.returncode != -signal.SIGKILL, f"it still ran; stderr: {err.decode()[-2000:]}"
    assert out == b""
    assert process.returncode is not None
    return Ended(process.returncode, err.decode().splitlines())


def sentences(ended: Ended) -> list[str]:
    """The lines for people; the log's lines are JSON."""
    return [line for line in ended.lines if not line.startswith("{")]


def refusal(environ: Mapping[str, str]) -> str:
    return sentence_of(run_here(["run"], environ))


def sentence_of(ended: Ended) -> str:
    """Status 2, one sentence on stderr and nothing that looks like a traceback."""
    assert (ended.status, ended.out) == (2, ""), ended.lines
    assert not any("Traceback" in line or 'File "' in line for line in ended.lines)
    [sentence] = sentences(ended)
    return sentence


@asynccontextmanager
async def stands(
    folder: Path, workspace: Workspace | None = None, *, mode: KeyMode = KeyMode.PUBLIC_KEY
) -> AsyncGenerator[tuple[Slack, Environ]]:
    """Both stand-ins, and the environment of a bot between them."""
    async with (
        (workspace or Workspace()).serve() as slack,
        WeChatPay(keys(), stocks=STOCKS, mode=mode).serve() as running,
    ):
        yield slack, environment(slack, running.url, folder, mode=mode)


@dataclass(frozen=True, slots=True)
class Up:
    """A bot that runs, ready or not. `lives` says whether it still does."""

    url: str
    session: aiohttp.ClientSession
    lives: Callable[[], bool]

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def until(self, right: Callable[[int, str], bool]) -> tuple[int, str]:
        """The first answer of `/readyz` that is right; the bot must live."""
        async with asyncio.timeout(60):
            while True:
                assert self.lives()
                try:
                    found = await self.get("/readyz")
                except aiohttp.ClientConnectionError:
                    found = 0, ""
                if right(*found):
                    return found
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        assert await self.until(lambda status, _: status == 200) == (200, "[]")


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """After SIGTERM."""
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(process.communicate(), 30.0)
    assert process.returncode is not None
    return Ended(process.returncode, err.decode().splitlines())


@asynccontextmanager
async def up(environ: Environ) -> AsyncGenerator[tuple[Up, asyncio.subprocess.Process]]:
    """As a process of its own."""
    port = free_port()
    process = await spawn(environ | {"COUPON_LISTEN": f"127.0.0.1:{port}"})
    try:
        async with aiohttp.ClientSession() as session:
            yield Up(f"http://127.0.0.1:{port}", session, lambda: process.returncode is None), process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def up_here(environ: Environ) -> AsyncGenerator[Up]:
    """In this process, and stopped at the end."""
    port = free_port()
    settings = load_settings(environ | {"COUPON_LISTEN": f"127.0.0.1:{port}"})
    service = Service(settings, load_coupon_toml(settings.coupon_config), logger=structlog.get_logger())
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    try:
        async with aiohttp.ClientSession() as session:
            yield Up(f"http://127.0.0.1:{port}", session, lambda: not running.done())
    finally:
        stop.set()
        await running


# --- settings and files


async def test_all_missing_settings_are_named_at_once(tmp_path: Path) -> None:
    ended = await run({"COUPON_CONFIG": str(tmp_path / "coupon.toml")})
    assert ended.status == 2
    named = [line.split()[0] for line in ended.lines]
    assert named == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "WECHATPAY_MCHID",
        "WECHATPAY_APPID",
        "WECHATPAY_SERIAL_NO",
        "WECHATPAY_PRIVATE_KEY",
        "WECHATPAY_APIV3_KEY",
        str(tmp_path / "coupon.toml"),
    ]
    assert all("missing" in line for line in ended.lines)


async def test_settings_are_refused_before_anything_slow_is_loaded() -> None:
    """Slack's libraries, cryptography and the database take most of a second."""
    script = "import sys, bot.cli.run; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT, stdout=PIPE)
    out, _ = await process.communicate()
    slow = {"aiohttp", "asyncio", "babel", "cryptography", "httpx", "slack_bolt", "slack_sdk", "sqlite_utils"}
    assert slow & set(out.decode().split()) == set()


def _unreadable_key(environ: Environ, folder: Path) -> tuple[str, ...]:
    environ["WECHATPAY_PRIVATE_KEY_FILE"] = str(folder / "not-there.pem")
    return "WECHATPAY_PRIVATE_KEY_FILE", "not-there.pem", "cannot be read"


def _certificate_for_key(environ: Environ, folder: Path) -> tuple[str, ...]:
    # What people take by mistake: the other .pem of the same download.
    (folder / "apiclient_cert.pem").write_text(keys().merchant.certificate_pem)
    environ["WECHATPAY_PRIVATE_KEY_FILE"] = str(folder / "apiclient_cert.pem")
    return "WECHATPAY_PRIVATE_KEY_FILE", "apiclient_cert.pem", "certificate", "apiclient_key.pem"


def _own_key_for_theirs(environ: Environ, folder: Path) -> tuple[str, ...]:
    environ["WECHATPAY_PUBLIC_KEY"] = keys().merchant.private_key_pem
    return "WECHATPAY_PUBLIC_KEY", "private key"


def _unknown_key(environ: Environ, folder: Path) -> tuple[str, ...]:
    (folder / "coupon.toml").write_text(COUPON_TOML + "\n[expiry]\nhour = 3\n")
    return "coupon.toml", "'hour'", "'hours'"


def _no_coupon_toml(environ: Environ, folder: Path) -> tuple[str, ...]:
    environ["COUPON_CONFIG"] = str(folder / "elsewhere.toml")
    return "elsewhere.toml", "cannot be read"


def _database_nowhere(environ: Environ, folder: Path) -> tuple[str, ...]:
    environ["COUPON_DATABASE"] = str(folder / "no" / "such" / "folder" / "coupon.db")
    return ("such/folder", "coupon.db")


def _foreign_file(environ: Environ, folder: Path) -> tuple[str, ...]:
    (folder / "coupon.db").write_text("my shopping list\n" * 100)
    return "coupon.db", "not a database"


@pytest.mark.parametrize(
    "spoil",
    [
        _unreadable_key,
        _certificate_for_key,
        _own_key_for_theirs,
        _unknown_key,
        _no_coupon_toml,
        _database_nowhere,
        _foreign_file,
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_what_would_be_right(
    tmp_path: Path, spoil: Callable[[Environ, Path], tuple[str, ...]]
) -> None:
    with beside(stands(tmp_path)) as (slack, environ):
        words = spoil(environ, tmp_path)
        sentence = refusal(environ)
        assert [word for word in words if word not in sentence] == [], sentence
        assert slack.calls() == []


def test_a_newer_database_is_refused_and_not_one_byte_of_it_changed(tmp_path: Path) -> None:
    with beside(stands(tmp_path)) as (_, environ):
        database = tmp_path / "coupon.db"
        _opened_once(database)
        connection = sqlite3.connect(database)
        newer = connection.execute("pragma user_version").fetchone()[0] + 1
        connection.execute(f"pragma user_version = {newer}")
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        before = database.read_bytes()
        sentence = refusal(environ)
        assert str(database) in sentence
        assert "newer" in sentence
        assert database.read_bytes() == before


def _opened_once(database: Path) -> None:
    async def open_and_close() -> None:
        await SqliteLedger(database, clock=utc_ms, on_commit=lambda _topics: None).close()

    asyncio.run(open_and_close())


# --- the workspace


def test_a_bot_token_that_slack_refuses_ends_the_start(tmp_path: Path) -> None:
    with beside(stands(tmp_path)) as (_, environ):
        sentence = refusal(environ | {"SLACK_BOT_TOKEN": "xoxb-mistyped"})
        assert "SLACK_BOT_TOKEN" in sentence
        assert "invalid_auth" in sentence
        assert "mistyped" not in sentence


def test_an_app_token_that_slack_refuses_ends_the_start(tmp_path: Path) -> None:
    with beside(stands(tmp_path)) as (_, environ):
        sentence = refusal(environ | {"SLACK_APP_TOKEN": "xapp-mistyped"})
        assert "SLACK_APP_TOKEN" in sentence
        assert "mistyped" not in sentence


def _scopes_without(*scopes: str) -> Workspace:
    return Workspace(bot_scopes=tuple(scope for scope in ALL_BOT_SCOPES if scope not in scopes))


@pytest.mark.parametrize(
    ("workspace", "toml", "words"),
    [
        (_scopes_without("usergroups:read"), "", ("missing scope", "usergroups:read")),
        (_scopes_without("chat:write"), "", ("missing scope", "chat:write")),
        (Workspace(), 'approval_channel = "C0NOWHERE"', ("approval_channel", "C0NOWHERE", "no such channel")),
        (Workspace(), 'approval_channel = "C0SUPPORT"', ("approval_channel", "C0SUPPORT", "/invite")),
        (
            Workspace(channels=(replace(APPROVE, is_archived=True), SUPPORT, AUDIT)),
            "",
            ("approval_channel", "C0APPROVE", "archived"),
        ),
        (Workspace(), 'approvers = ["S0MANAGERS"]', ("rule 2", "2 approval", "S0MANAGERS", "only 1")),
        (Workspace(), 'approvers = ["U0GONE", "U0OUT", "U0GUEST", "U0WANG"]', ("rule 2", "only 1")),
    ],
    ids=["groups-scope", "write-scope", "unknown", "not-in-it", "archived", "few-in-group", "few-trusted"],
)
def test_a_workspace_that_is_not_as_it_must_be_ends_the_start(
    tmp_path: Path, workspace: Workspace, toml: str, words: tuple[str, ...]
) -> None:
    if toml:
        key = toml.split(" =", maxsplit=1)[0]
        changed = re.sub(rf"(?m)^{key} = .*$", toml, COUPON_TOML)
        assert changed != COUPON_TOML
        (tmp_path / "coupon.toml").write_text(changed)
    with beside(stands(tmp_path, workspace)) as (_, environ):
        sentence = refusal(environ)
        assert [word for word in words if word not in sentence] == [], sentence


# --- the machine


async def test_two_bots_never_run_on_one_database(tmp_path: Path) -> None:
    async with stands(tmp_path) as (_, environ), up(environ) as (first, process):
        await first.ready()
        async with bot_process(environ, tmp_path / "second.log") as second:
            await second.begin()
            assert await second.ended() == 2
        assert "coupon.db" in sentence_of(Ended(2, second.log.splitlines()))
        # The first was not hurt by it.
        await first.ready()
        left = await ended(process)
        assert left.status == 0
        # Where nothing is wrong, no library has a warning either.
        assert {json.loads(line)["level"] for line in left.lines} == {"info"}


def test_a_port_in_use_ends_the_start(tmp_path: Path) -> None:
    with beside(stands(tmp_path)) as (_, environ):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            sentence = refusal(environ | {"COUPON_LISTEN": f"127.0.0.1:{port}"})
        assert f"127.0.0.1:{port}" in sentence
        assert "COUPON_LISTEN" in sentence
