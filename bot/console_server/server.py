"""The console wired, and a server for it on one address."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import utc_ms
from bot.config.coupon_toml import CouponToml
from bot.config.settings import AskingSettings
from bot.console_server.ports import naming, noting, outside
from bot.logs import start_logs
from bot.slack_app import session, web_client
from console.app import Console
from coupons.errors import Refusal
from handlers.directory import SlackDirectory
from handlers.workspace_checks import find_workspace
from storage.store import Store

_GRACE_S: Final = 5
_END_S: Final = 8.0


@asynccontextmanager
async def console(store: Store, settings: AskingSettings, config: CouponToml) -> AsyncGenerator[Console]:
    """Raises WorkspaceRefused, SlackError."""
    logger = start_logs(sys.stderr, settings.secrets)
    async with session() as http:
        slack: AsyncWebClient = web_client(
            settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url, session=http
        )
        workspace = await find_workspace(slack, uses_groups=bool(config.policy.groups))
        directory = SlackDirectory(slack, team=workspace.team, clock=utc_ms)
        yield Console(
            outside(
                store,
                config,
                directory,
                team=workspace.team,
                url=config.console_url,
                note=noting(logger),
                name=naming(slack),
            )
        )


def listening(host: str, port: int) -> socket.socket:
    """Raises Refusal."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind)
    except OSError as error:
        raise Refusal(f"--listen is {host}:{port}, but nothing can listen there: {error.strerror}") from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(64)
    except OSError as error:
        opened.close()
        raise Refusal(
            f"--listen is {host}:{port}, but nothing can listen there: {error.strerror}; name another address"
        ) from error
    return opened


async def serve_until(
    stop: asyncio.Event,
    store: Store,
    settings: AskingSettings,
    config: CouponToml,
    host: str,
    port: int,
    *,
    tell: Callable[[str], object],
) -> None:
    """Raises Refusal, WorkspaceRefused, SlackError."""
    with listening(host, port) as opened:
        stopping = asyncio.create_task(stop.wait())
        working = asyncio.create_task(_work(opened, stopping, store, settings, config, tell))
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            # A moment for the pages that are on their way.
            await asyncio.wait({working}, timeout=_END_S)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
            return
        working.result()


async def _work(
    opened: socket.socket,
    stopping: asyncio.Task[bool],
    store: Store,
    settings: AskingSettings,
    config: CouponToml,
    tell: Callable[[str], object],
) -> None:
    async with console(store, settings, config) as app:
        if stopping.done():
            return
        server = server_of(app)
        serving = asyncio.create_task(server.serve(sockets=[opened]))
        name = opened.getsockname()
        tell(f"The console listens on {name[0]}:{name[1]}; browsers reach it at {config.console_url}")
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving


def server_of(app: Console) -> uvicorn.Server:
    """Quiet, and with no log of addresses: one may hold a link's secret."""

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """None: they are ours."""
            yield

    # It would tell of each answer that the console breaks off, and whose place is in our own line.
    logging.getLogger("uvicorn.error").disabled = True
    return Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
