"""The WebSocket to Slack: opened with patience, opened again, and each payload's ack measured."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.acks import Acks
from bot.needs import Need
from bot.readiness import Readiness, StartRefused, until_reached
from bot.slack_app import proxy_for
from bot.start_checks import APP_TOKEN_REFUSED, app_token_problem
from bot.troubles import Troubles

#: An address for Socket Mode that did not open by then is thrown away for a new one.
_CONNECT_S = 10.0
_WATCH_S = 5.0
#: slack_sdk's own; after a cut its client is deaf until the next ping.
_PING_EVERY_S = 10.0
_ACKED = 200
#: What had come when the bot was stopped may still be acked: Slack waits three seconds.
_DRAIN_S = 2.5
_CHECK_S = 0.02


class _Handler(AsyncSocketModeHandler):
    """Bolt's, which tells nobody when an ack has left, nor that none will."""

    def __init__(self, app: AsyncApp, token: str, acks: Acks) -> None:
        super().__init__(app, token, ping_interval=_PING_EVERY_S)
        self._acks = acks
        self._under_way = 0

    async def idle(self) -> None:
        """Until all that came is answered."""
        checks = 0
        # Twice: between the queue and the listener a payload is in neither for a moment.
        while checks < 2:  # noqa: PLR2004
            quiet = not self._under_way and self.client.message_queue.empty()
            checks = checks + 1 if quiet else 0
            await asyncio.sleep(_CHECK_S)

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        self._under_way += 1
        try:
            with self._acks.awaited(req.payload) as ack:
                answer = await run_async_bolt_app(self.app, req)
                await send_async_response(client, req, answer, 0.0)
                # Of any other status Bolt sends nothing at all.
                if answer.status == _ACKED:
                    ack.on_wire()
        finally:
            self._under_way -= 1


class SocketMode:
    """`token`: SLACK_APP_TOKEN."""

    def __init__(self, token: str, *, acks: Acks, readiness: Readiness, troubles: Troubles) -> None:
        self._token = token
        self._acks = acks
        self._readiness = readiness
        self._troubles = troubles
        self._handler: _Handler | None = None
        readiness.watch(Need.SOCKET, self._check)

    async def open(self, app: AsyncApp, stopping: asyncio.Task[bool]) -> None:
        """Until it is open, or `stopping` is done. Raises StartRefused."""
        # Known before it is open, so that it is closed whatever comes, and `/readyz` tells of it.
        handler = self._handler = _Handler(app, self._token, self._acks)
        connecting = asyncio.create_task(self._connect(handler))
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not connecting.done():
            connecting.cancel()
            await asyncio.wait({connecting})
        else:
            connecting.result()

    async def close(self) -> None:
        """First what came is answered: a click that is kept and gets no ack looks lost to its person."""
        handler = self._handler
        if handler is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await handler.idle()
        await handler.close_async()  # type: ignore[no-untyped-call]

    async def keep_address_fresh(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            if self._handler is not None and self._check() is not None:
                # An address is good once, and soon. After a longer outage slack_sdk would try the dead one
                # for ever; having none, it asks for another.
                self._handler.client.wss_uri = None

    def _check(self) -> str | None:
        if self._handler is None:
            return None
        session = self._handler.client.current_session
        return "Slack's Socket Mode is not connected" if session is None or session.closed else None

    async def _connect(self, handler: _Handler) -> None:
        async def connect() -> None:
            try:
                # Asked for here: slack_sdk's connect swallows every error, repeats it for ever, and never
                # asks for a new address once it has one.
                handler.client.wss_uri = await handler.client.issue_new_wss_url()
                handler.client.proxy = proxy_for(handler.client.wss_uri)
                async with asyncio.timeout(_CONNECT_S):
                    await handler.connect_async()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                code = str(error.response.get("error"))
                if code in APP_TOKEN_REFUSED:
                    raise StartRefused(app_token_problem(code)) from error
                raise

        await until_reached(
            connect,
            need=Need.SLACK,
            sentence=lambda _: "Slack's Socket Mode is not connected",
            healing=(SlackClientError, aiohttp.ClientError, TimeoutError, OSError),
            readiness=self._readiness,
            troubles=self._troubles,
        )
