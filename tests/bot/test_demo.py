"""The demo: what it stands on is what the manifest asks for, and it starts, serves, and stops clean."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml
from click.testing import CliRunner

from bot.cli.main import cli
from bot.clock import utc_ms
from bot.config.coupon_toml import load_coupon_toml
from bot.demo.audit import AuditReader
from bot.demo.play import play
from bot.demo.workspace import COUPON_TOML, SETUP, STOCKS
from handlers.bulk.reading import read_lines
from storage.store import Store
from tests.bot.main_thread import run_here
from tests.sandbox.page_client import Looking, looking
from tests.storage.records import ROOT, make_log, tamper

START_S = 120.0


def test_the_list_that_a_newcomer_drops_into_the_form_is_read_whole(tmp_path: Path) -> None:
    toml = tmp_path / "coupon.toml"
    toml.write_text(COUPON_TOML, encoding="utf-8")
    content = (ROOT / "docs/sample-list.csv").read_bytes()
    found = read_lines(content, catalogue=load_coupon_toml(toml).catalogue)
    assert [line.row for line in found.lines] == [2, 3, 4]
    assert (found.bad, found.remarks) == ((), ())


def test_the_demos_app_is_the_manifests() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    features = manifest["features"]
    commands = {
        each["command"]: (each["description"], each["usage_hint"]) for each in features["slash_commands"]
    }
    assert {c: (w.description, w.usage_hint) for c, w in SETUP.command_words.items()} == commands
    assert SETUP.commands == tuple(commands)
    shortcuts = [(s["type"], s["callback_id"], s["name"]) for s in features.get("shortcuts", [])]
    assert [(s.type.value, s.callback_id, s.name) for s in SETUP.shortcuts] == shortcuts
    assert sorted(SETUP.bot_scopes) == sorted(manifest["oauth_config"]["scopes"]["bot"])
    assert SETUP.bot_name == features["bot_user"]["display_name"]


def test_the_demos_stocks_are_the_ones_wechat_pay_has(tmp_path: Path) -> None:
    path = tmp_path / "coupon.toml"
    path.write_text(COUPON_TOML, encoding="utf-8")
    ours = {(stock.stock_id, stock.name, stock.value_fen) for stock in load_coupon_toml(path).catalogue}
    assert ours == {(stock.stock_id, stock.name, stock.value_fen) for stock in STOCKS}


def test_the_audit_reader_tells_the_newest_events_and_a_good_proof(tmp_path: Path) -> None:
    database = tmp_path / "coupon.db"
    make_log(database, 12)
    found = asyncio.run(AuditReader(Store(database, clock=utc_ms))())
    assert [event["seq"] for event in found["events"]] == list(range(12, 0, -1))
    assert (found["proof"]["good"], found["proof"]["events"]) == (True, 12)
    assert len(found["proof"]["head"]) == 64


def test_the_audit_reader_says_what_is_wrong_with_a_log_that_was_changed(tmp_path: Path) -> None:
    database = tmp_path / "coupon.db"
    make_log(database, 12)
    tamper(database, "update event set body = replace(body, 'U0', 'U9') where seq = 3")
    found = asyncio.run(AuditReader(Store(database, clock=utc_ms))())
    assert (found["proof"]["good"], "#3" in found["proof"]["sentence"]["en"]) == (False, True)


def test_the_audit_reader_needs_no_database_to_answer(tmp_path: Path) -> None:
    found = asyncio.run(AuditReader(Store(tmp_path / "none.db", clock=utc_ms))())
    assert (found["events"], found["proof"]["good"]) == ([], False)
    assert not (tmp_path / "none.db").exists()


def test_the_transcript_takes_no_port() -> None:
    result = CliRunner().invoke(cli, ["demo", "--play", "--port", "8765"])
    assert (result.exit_code, "--port" in result.stderr) == (2, True)


async def test_the_transcript_is_played_to_its_end() -> None:
    out = io.StringIO()
    assert await play(out) == 0, out.getvalue()
    # As is said around it; what an agent copies for a customer is there in Chinese too.
    assert "I read: customer oU…jWeS6o" in out.getvalue()
    assert "已读到" not in out.getvalue()
    last = out.getvalue().splitlines()[-1]
    assert last == (
        "All as promised: 2 requests and 1 batch approved, 4 coupons given, 1 request declined, "
        "1 line struck out, 1 coupon taken back, 0 doubled, 0 lost."
    )


@asynccontextmanager
async def demo(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "demo",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            # With the bot that it started, which would hold its output open for ever.
            os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        while line := await process.stdout.readline():
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line.decode()):
                return found[0]
    raise AssertionError("the demo ended without an address")


async def answers(link: str) -> None:
    """The log in the browser, which may still be starting: it shows the button that uses the link."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(START_S):
        while True:
            try:
                async with http.get(link) as page:
                    assert page.status == 200
                    assert "<button" in await page.text()
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def _approve(wang: Looking) -> None:
    def waiting(message: dict[str, object]) -> bool:
        return "approve_request" in str(message["blocks"])

    card = await wang.message("C0APPROVE", waiting)
    block_id, value = next(
        (block["block_id"], element["value"])
        for block in card["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "approve_request"
    )
    where = {"channel": card["channel"], "ts": card["ts"], "action_id": "approve_request"}
    await wang.act("click", **where, block_id=block_id, value=value)


async def test_the_demo_serves_until_ctrl_c_and_stops_clean() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with demo("--port", str(port)) as process:
        url = await address(process)
        assert url == f"http://127.0.0.1:{port}/"
        async with looking(url, "U0WANG") as wang:
            money = await wang.until(lambda: wang.last("money"))
            assert money["totals"]["coupons"] == 1
            await _approve(wang)
            await wang.until(lambda: (wang.last("money") or {})["totals"]["coupons"] == 2)

            def both_sent() -> bool:
                events = (wang.last("audit") or {"events": []})["events"]
                return [event["tag"] for event in events].count("request:sent") == 2

            await wang.until(both_sent)
            assert (wang.last("audit") or {})["proof"]["good"] is True
        async with looking(url, "U0FIN") as chen:
            await chen.act("say", channel="C0SUPPORT", text="/coupon audit open")
            link = await chen.until(
                lambda: re.search(r"http://127\.0\.0\.1:\d+/sign-in\?token=[\w-]+", chen.words())
            )
            await answers(link[0])
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(START_S):
                printed, complaints = await process.communicate()
        assert (process.returncode, complaints) == (0, b"")
        assert printed.decode().splitlines()[-1] == "Stopped."


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run_here(["demo", "--port", str(taken.getsockname()[1])], {})
    assert ended.status == 2
    assert re.fullmatch(r"port \d+ cannot be had: .+", "\n".join(ended.lines))
