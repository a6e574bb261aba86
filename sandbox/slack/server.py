"""The workspace on a loopback port: routes, start and end."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sandbox.slack.admin import Admin
from sandbox.slack.app_files import Uploads
from sandbox.slack.clock import Clock
from sandbox.slack.deliveries import ACK_SECONDS, Deliverer
from sandbox.slack.faults import Faults
from sandbox.slack.files import Downloads
from sandbox.slack.misbehaving import Misbehaving
from sandbox.slack.payloads import Payloads
from sandbox.slack.response_posts import ResponsePosts
from sandbox.slack.running import Slack
from sandbox.slack.setup import Setup
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.state import State
from sandbox.slack.web_api import WebApi

SHUTDOWN_SECONDS = 1.0


@asynccontextmanager
async def serve(
    setup: Setup,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock = time.time,
    ack_seconds: float = ACK_SECONDS,
    seed: int = 0,
) -> AsyncIterator[Slack]:
    """Run the workspace until the block ends. `port` 0 picks a free one. `seed` decides which of several open
    sockets gets each payload. `ack_seconds` shortens Slack's three for tests of late acks."""
    state, misbehaving, faults = State(setup, clock), Misbehaving(), Faults(clock)
    sockets, payloads = Sockets(state, ack_seconds, seed), Payloads(state)
    deliverer = Deliverer(state, sockets, ack_seconds)
    slack = Slack(state, faults, sockets, deliverer, payloads)
    api = WebApi(state, faults, misbehaving, sockets.open_url)
    posts = ResponsePosts(state, faults, misbehaving)

    app = web.Application(client_max_size=11 * 1024 * 1024)
    app.router.add_route("*", "/api/{method}", api.handle)
    app.router.add_post("/response/{team}/{key}", posts.handle)
    app.router.add_get("/link", sockets.handle)
    app.router.add_get("/files/{file}/{name}", Downloads(state).handle)
    app.router.add_post("/upload/v1/{key}", Uploads(state, faults, misbehaving).handle)
    app.add_routes(Admin(slack).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    address = runner.addresses[0]
    state.base_url = f"http://{address[0]}:{address[1]}"
    sockets.ws_url = f"ws://{address[0]}:{address[1]}/link"
    try:
        yield slack
    finally:
        misbehaving.closing.set()
        state.changes.note("workspace_closing")
        await deliverer.close()
        await sockets.close()
        await slack.close_request_urls()
        await runner.cleanup()
