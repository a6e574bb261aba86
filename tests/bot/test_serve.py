"""`coupon-bot audit serve` as a process of its own, with Slack's stand-in behind it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from benchmarks.long_log import fill
from bot.clock import utc_ms
from sandbox.slack.workspace import CHEN
from storage.store import Store
from tests.bot.main_thread import beside, run_here
from tests.bot.operating import Operator, operator

_AUDITORS = '[roles]\nauditors = ["U0FIN"]'


@pytest.fixture
async def typist(tmp_path: Path) -> AsyncGenerator[Operator]:
    async with operator(tmp_path) as typing:
        yield prepared(typing)


@contextmanager
def ready(folder: Path) -> Iterator[Operator]:
    """The same, for a command in this thread."""
    with beside(operator(folder)) as typing:
        yield prepared(typing)


def prepared(typing: Operator) -> Operator:
    fill(typing.folder / "coupon.db", 200)
    typing.toml("[roles]", _AUDITORS)
    typing.without("WECHATPAY_")
    return typing


@asynccontextmanager
async def serving(typist: Operator) -> AsyncGenerator[tuple[Process, str]]:
    environ = {**os.environ, **{key: value for key, value in typist.environ.items() if value is not None}}
    for key in [key for key in environ if key.startswith("WECHATPAY_")]:
        del environ[key]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "audit", "serve", "--listen", "127.0.0.1:0", env=environ, stderr=PIPE
    )
    try:
        assert process.stderr is not None
        line = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
        assert line.startswith("The console listens on 127.0.0.1:"), line
        yield process, f"http://{line.split()[4].rstrip(';')}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def link(typist: Operator, person: str) -> str:
    token = f"token-of-{person}"
    digest, now = hashlib.sha256(token.encode()).hexdigest(), utc_ms()
    Store(typist.folder / "coupon.db", clock=utc_ms).write_once(
        lambda tx: tx.add_console_link(digest=digest, person=person, made_at=now, expires_at=now + 600_000)
    )
    return token


async def test_an_auditor_by_slacks_word_comes_in_another_does_not_and_sigterm_ends_it(
    typist: Operator,
) -> None:
    """It needs no secret of WeChat Pay's, and of Slack's only the token that asks."""
    typist.without("SLACK_APP_TOKEN")
    typist.without("SLACK_SIGNING_SECRET")
    # The other jar keeps no cookie of an address without a name.
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(typist) as (process, url), aiohttp.ClientSession(cookie_jar=jar) as browser:
        headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}

        async def post(token: str) -> int:
            body = urlencode({"token": token})
            async with browser.post(
                f"{url}/sign-in", data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status

        assert await post(link(typist, "U0LI")) == 403
        async with browser.get(url) as answer:
            assert answer.status == 401
        assert await post(link(typist, "U0FIN")) == 303
        async with browser.get(url) as answer:
            assert answer.status == 200
            assert f"{CHEN.shown_name} (U0FIN)" in await answer.text()
        assert await ends(process, signal.SIGTERM) == 0


async def test_the_channel_is_read_with_the_token_that_asks_alone(typist: Operator) -> None:
    typist.without("SLACK_APP_TOKEN")
    typist.without("SLACK_SIGNING_SECRET")
    result = await typist.types("audit", "verify", "--against", "channel")
    assert (result.exit_code, "no audit_channel" in result.output) == (2, True)
    typist.without("SLACK_BOT_TOKEN")
    result = await typist.types("audit", "verify", "--against", "channel")
    assert (result.exit_code, "SLACK_BOT_TOKEN is missing" in result.output) == (2, True)


async def ends(process: Process, sent: signal.Signals) -> int:
    """Its exit status after this signal; it has no last words."""
    process.send_signal(sent)
    status = await asyncio.wait_for(process.wait(), 20)
    assert process.stderr is not None
    assert await process.stderr.read() == b""
    return status


async def test_ctrl_c_ends_it_with_its_status(typist: Operator) -> None:
    async with serving(typist) as (process, _):
        assert await ends(process, signal.SIGINT) == 130


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with ready(tmp_path) as typist, socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run_here(["audit", "serve", "--listen", listen], typist.environ)
    assert ended.status == 2
    assert ended.lines == [
        f"--listen is {listen}, but nothing can listen there: Address already in use; name another address"
    ]


@pytest.mark.parametrize("listen", ["8001", "localhost:", "127.0.0.1:70000", "a b:1"])
async def test_an_address_that_is_none_is_told(typist: Operator, listen: str) -> None:
    result = await typist.types("audit", "serve", "--listen", listen)
    assert (result.exit_code, "127.0.0.1:8001 is one" in result.output) == (2, True)


async def test_without_auditors_it_does_not_start(typist: Operator) -> None:
    typist.toml(_AUDITORS, "[roles]")
    result = await typist.types("audit", "serve")
    assert (result.exit_code, "names no auditors" in result.output) == (2, True)


async def test_without_datasette_it_says_what_to_install(
    typist: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.serve.find_spec", lambda _name: None)
    result = await typist.types("audit", "serve")
    assert (result.exit_code, "audit-ui" in result.output) == (2, True)
    assert len(result.output.splitlines()) == 1


def test_without_slack_it_does_not_start(tmp_path: Path) -> None:
    with ready(tmp_path) as typist:
        typist.environ["SLACK_BOT_TOKEN"] = "xoxb-wrong"
        ended = run_here(["audit", "serve", "--listen", "127.0.0.1:0"], typist.environ)
    assert ended.status == 2
    assert "SLACK_BOT_TOKEN" in "\n".join(ended.lines)
