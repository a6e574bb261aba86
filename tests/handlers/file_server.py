"""A Slack that knows one file, and gives it as a test says."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import TraceConfig, TraceRequestStartParams, web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.slack_app import session, web_client
from handlers.slack_files import SlackFiles

CONTENT = b"openid,stock\n" * 100
MOST = 10_000
TOKEN = "xoxb-of-the-test"

Give = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def give(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT, content_type="text/csv")


@dataclass(slots=True)
class FileServer:
    """What it says of the file, how it gives it, and who came with which token."""

    files: SlackFiles
    server: BaseTestServer
    about: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    give: Give = give
    tokens: list[str] = field(default_factory=list)
    #: Every address that was asked, before any connection is made.
    asked: list[str] = field(default_factory=list)

    def address(self, path: str = "/files/list.csv") -> str:
        return str(self.server.make_url(path))

    async def download(self) -> bytes:
        return await self.files.download("F0LIST", at_most=MOST)


@asynccontextmanager
async def file_server() -> AsyncGenerator[FileServer]:
    async def info(request: web.Request) -> web.Response:
        known = {
            "id": request.query["file"],
            "size": len(CONTENT),
            "mode": "hosted",
            "mimetype": "text/csv",
            "url_private_download": here.address(),
        }
        return web.json_response(here.answer or {"ok": True, "file": known | here.about})

    async def file(request: web.Request) -> web.StreamResponse:
        here.tokens.append(request.headers.get("Authorization", ""))
        return await here.give(request)

    async def begins(_session: object, _context: object, begun: TraceRequestStartParams) -> None:
        here.asked.append(str(begun.url))

    trace = TraceConfig()
    trace.on_request_start.append(begins)
    trace.freeze()
    app = web.Application()
    app.router.add_get("/api/files.info", info)
    app.router.add_get("/files/{name}", file)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(app))
        http = await stack.enter_async_context(session())
        http.trace_configs.append(trace)
        files = SlackFiles(web_client(TOKEN, base_url=str(server.make_url("/api/")), session=http))
        here = FileServer(files, server)
        yield here
