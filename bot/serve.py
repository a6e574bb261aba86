"""The console wired: the file, one write, Slack's directory, and a server on one address."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeVar

import structlog
import uvicorn
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit_story import between, said
from bot.clock import utc_ms
from bot.coupon_toml import CouponToml
from bot.logs import reference, start_logs
from bot.search_words import sentence
from bot.settings import AskingSettings
from bot.slack_app import session, web_client
from console.app import Console
from console.outside import FileRefused, Outside
from coupons.audit_words import Filter, read_words
from coupons.errors import StorageUnavailable
from coupons.policy import may_be_trusted
from coupons.ports import Clock, Directory, Reading, Transaction
from coupons.terms import people
from handlers.directory import SlackDirectory
from handlers.premises import find_workspace
from storage.errors import DatabaseRefused
from storage.moment import moment
from storage.turn import write_once

T = TypeVar("T")
_GRACE_S: Final = 5
_END_S: Final = 8.0
#: Of the code, innermost last, that a line about an error names.
_PLACES: Final = 6


class PortTaken(Exception):
    """Nothing can listen on the address; the sentence says why."""


def outside(
    database: Path,
    config: CouponToml,
    directory: Directory,
    *,
    team: str,
    url: str,
    note: Callable[[BaseException], str],
    clock: Clock = utc_ms,
) -> Outside:
    """Everything the console needs. `team`: the workspace the bot lives in."""

    @contextmanager
    def reading() -> Iterator[Reading]:
        try:
            with moment(database, clock=clock) as look:
                yield look
        except DatabaseRefused as error:
            raise FileRefused(str(error)) from error

    def write(work: Callable[[Transaction], T], /) -> T:
        try:
            return write_once(database, work, clock=clock)
        except (DatabaseRefused, StorageUnavailable) as error:
            raise FileRefused(str(error)) from error

    async def is_among(person: str, ids: tuple[str, ...]) -> bool:
        if not may_be_trusted(await directory.person(person), team).allowed:
            return False
        groups = {entry: await directory.members(entry) for entry in ids if entry.startswith("S")}
        return person in people(ids, groups)

    def find_stock(word: str) -> str | None:
        stock = config.catalogue.find(word)
        return stock.stock_id if stock else None

    def words(text: str) -> Filter:
        return read_words(text, find_stock=find_stock)

    return Outside(
        database=database,
        url=url,
        clock=clock,
        reading=reading,
        write=write,
        note=note,
        is_auditor=lambda person: is_among(person, config.policy.auditors),
        may_write_sql=lambda person: is_among(person, config.console_sql),
        read_words=words,
        sentence=sentence,
        said=said,
        between=between,
    )


def noting(logger: structlog.stdlib.BoundLogger) -> Callable[[BaseException], str]:
    """One line for an error, under a reference, with its places in the code: its text may hold an openid."""

    def note(error: BaseException) -> str:
        ref = reference()
        frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
        places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        logger.error("trouble", reference=ref, kind=type(error).__name__, places=places)
        return ref

    return note


@asynccontextmanager
async def console(database: Path, settings: AskingSettings, config: CouponToml) -> AsyncGenerator[Console]:
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
                database,
                config,
                directory,
                team=workspace.team,
                url=config.console_url,
                note=noting(logger),
            )
        )


def listening(host: str, port: int) -> socket.socket:
    """Raises PortTaken."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind)
    except OSError as error:
        raise PortTaken(
            f"--listen is {host}:{port}, but nothing can listen there: {error.strerror}"
        ) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(64)
    except OSError as error:
        opened.close()
        raise PortTaken(
            f"--listen is {host}:{port}, but nothing can listen there: {error.strerror}; name another address"
        ) from error
    return opened


async def serve_until(
    stop: asyncio.Event,
    database: Path,
    settings: AskingSettings,
    config: CouponToml,
    host: str,
    port: int,
    *,
    tell: Callable[[str], object],
) -> None:
    """Raises PortTaken, WorkspaceRefused, SlackError."""
    with listening(host, port) as opened:
        stopping = asyncio.create_task(stop.wait())
        working = asyncio.create_task(_work(opened, stopping, database, settings, config, tell))
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
    database: Path,
    settings: AskingSettings,
    config: CouponToml,
    tell: Callable[[str], object],
) -> None:
    async with console(database, settings, config) as app:
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
