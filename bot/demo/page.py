"""`coupon-bot demo`: the whole bot in a browser. Both stand-ins, the bot as its own process, and one page."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.util import find_spec
from typing import Any, TextIO

from bot.clock import utc_ms
from bot.demo.audit import AuditReader
from bot.demo.stage import Broken, Stage, open_stage
from bot.demo.workspace import ASKED, COUPON_TOML, SAID, SETUP, STOCKS
from coupons.errors import Refusal
from sandbox.page import Page, serve_page
from sandbox.wechatpay.keyring import KeyMode
from storage.store import Store

_USUAL_PORT = 8765


async def show_page(out: TextIO, port: int | None) -> int:
    """Serve until SIGINT or SIGTERM. 0 after a clean stop, 1 when the bot did not start, ended by itself or
    did not stop as promised.

    `port` None: 8765, or any free one where that is taken. Raises Refusal."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    shown = False
    if port is not None:
        _refuse_taken(port)
    try:
        # With certificates, so that they can be changed under the bot's hands.
        console = _free_port()
        async with open_stage(
            SETUP, out, stocks=STOCKS, coupon_toml=audited(console), mode=KeyMode.CERTIFICATE
        ) as stage:
            await _first(stop.wait(), play_history(stage))
            async with _console(stage, console), _page(stage, port) as page:
                shown = True
                print(f"\nThe workspace is at {page.url}\nCtrl-C ends it.", file=out, flush=True)
                await _first(stop.wait(), _bot_ended(stage))
                print("\nStopping the bot; it finishes what is under way ...", file=out, flush=True)
                await stage.stop_bot()
    except Broken as error:
        # Ctrl-C in a terminal reaches the bot too: while it starts, that is no fault of its own.
        if shown or not stop.is_set():
            print(f"\n{error}", file=out)
            return 1
    print("Stopped.", file=out)
    return 0


async def play_history(stage: Stage) -> None:
    """So that nobody comes to an empty place: one request sent, and one that waits for its approval."""
    for who, text in SAID:
        stage.slack.person(who).say("C0SUPPORT", text)
    for openid, stock, reason in ASKED:
        await stage.slack.person("U0LI").command("C0SUPPORT", f"/coupon send {openid} {stock} {reason}")
    card = await stage.card(1)
    await stage.card(2)
    await stage.slack.person("U0WANG").click(card.channel, card.ts, "approve_request")
    await stage.sees(lambda: "Sent" in card.words(), "the first request is sent")


@asynccontextmanager
async def _page(stage: Stage, port: int | None) -> AsyncGenerator[Page]:
    audit = AuditReader(Store(stage.database, clock=utc_ms))
    async with AsyncExitStack() as stack:
        first = _USUAL_PORT if port is None else port
        try:
            page = await stack.enter_async_context(
                serve_page(stage.slack, stage.wechatpay, audit=audit, port=first)
            )
        except OSError as error:
            if port is not None:
                raise _cannot_be_had(port, error) from error
            page = await stack.enter_async_context(serve_page(stage.slack, stage.wechatpay, audit=audit))
        yield page


def _refuse_taken(port: int) -> None:
    """Before the bot is started, which takes seconds."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise _cannot_be_had(port, error) from error


def _cannot_be_had(port: int, error: OSError) -> Refusal:
    return Refusal(f"port {port} cannot be had: {error.strerror}")


def audited(console: int) -> str:
    """coupon.toml with the audit channel, and with the port of the log in the browser."""
    url = f'[audit]\nconsole_url = "http://127.0.0.1:{console}"'
    return f'audit_channel = "C0AUDIT"\n{COUPON_TOML}\n{url}\n'


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def _console(stage: Stage, port: int) -> AsyncGenerator[None]:
    """The log in a browser, as its own process, so that `/coupon audit open` leads somewhere."""
    if find_spec("datasette") is None:
        yield
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "audit", "serve", "--listen", f"127.0.0.1:{port}"),
        env=stage.environ,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        # Nobody waits for a page any more.
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _bot_ended(stage: Stage) -> None:
    """Raises Broken when it does."""
    status = await stage.bot.wait()
    log = await asyncio.to_thread(stage.log.read_text)
    raise Broken(f"the bot ended by itself with status {status}:\n{log[-2000:]}")


async def _first(stopped: Coroutine[Any, Any, object], work: Coroutine[Any, Any, None]) -> None:
    """Returns when either is done, and raises what `work` raised unless it was to stop."""
    stopping, working = asyncio.create_task(stopped), asyncio.create_task(work)
    try:
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            working.result()
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.gather(stopping, working, return_exceptions=True)
