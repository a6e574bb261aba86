"""The HTTP side's sockets: anybody may knock, and nobody keeps `/healthz` from answering.

aiohttp waits for the head of a request for as long as the other side likes. So a connection has some seconds
to bring one whole head, from its opening or from its last answer on; and when there are too many, the one
that has waited longest without bringing any makes room. Bodies are timed by those who read them.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

_HEAD_WITHIN_S: Final = 10.0
#: No route of ours has a longer body, and each reads it in less.
_MOST: Final = 256
_BACKLOG: Final = 128
#: Of a bad moment: seconds for open answers at the end.
_SHUTDOWN_S: Final = 5.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Connection(asyncio.Protocol):
    """aiohttp's own protocol, with a clock beside it."""

    def __init__(self, inner: web.RequestHandler, door: Door) -> None:
        self._inner = inner
        self._door = door
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has no other
        self._transport = transport
        self._inner.connection_made(transport)
        self._door.opened(self._inner, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.closed(self._inner)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> None:
        self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def drop(self) -> None:
        """Without a word: whoever has sent no request waits for no answer."""
        if self._transport is not None:
            self._transport.abort()


class Door:
    """Which connections are open, and which of them have not brought a request yet.

    `most`: connections at a time. `head_within_s`: seconds for the head of a request.
    """

    def __init__(self, *, most: int, head_within_s: float = _HEAD_WITHIN_S) -> None:
        self._most = most
        self._head_within_s = head_within_s
        self._open: dict[object, _Connection] = {}
        #: Those without a request, the one that waits longest first.
        self._waiting: dict[object, asyncio.TimerHandle] = {}
        #: Those with one, at work or still reading its body.
        self._working: dict[object, web.Request] = {}

    def opened(self, key: object, connection: _Connection) -> None:
        self._open[key] = connection
        self._wait(key)
        if len(self._open) > self._most:
            self._drop(self._least_missed())

    def closed(self, key: object) -> None:
        self._open.pop(key, None)
        self._working.pop(key, None)
        self._stop_waiting(key)

    @web.middleware
    async def times(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """As a middleware: while a handler works, its connection waits for no head."""
        key = request.protocol
        self._stop_waiting(key)
        self._working[key] = request
        try:
            return await handler(request)
        finally:
            self._working.pop(key, None)
            if key in self._open:
                self._wait(key)

    def _least_missed(self) -> object:
        """Who has brought no whole request for the longest time; the newest, when all others have."""
        oldest, newest = next(iter(self._waiting)), next(reversed(self._open))
        if oldest is not newest:
            return oldest
        reading = (key for key, request in self._working.items() if not request.content.is_eof())
        return next(reading, newest)

    def _wait(self, key: object) -> None:
        self._stop_waiting(key)
        loop = asyncio.get_running_loop()
        self._waiting[key] = loop.call_later(self._head_within_s, self._drop, key)

    def _stop_waiting(self, key: object) -> None:
        timer = self._waiting.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _drop(self, key: object) -> None:
        self._stop_waiting(key)
        connection = self._open.pop(key, None)
        if connection is not None:
            connection.drop()


def most_connections() -> int:
    """A quarter of the descriptors: the database, Slack and WeChat Pay need theirs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(min(_MOST, soft // 4), 8)


@asynccontextmanager
async def serve(
    app: web.Application, host: str, port: int, *, door: Door | None = None
) -> AsyncIterator[list[str]]:
    """Serve `app`, which must not run yet; yields the addresses. Raises OSError: nothing can listen there."""
    door = door or Door(most=most_connections())
    app.middlewares.append(door.times)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    server = runner.server
    if server is None:
        raise RuntimeError("aiohttp has set up no server")
    try:
        listening = await asyncio.get_running_loop().create_server(
            lambda: _Connection(server(), door),
            host,
            port,
            # Taken in one go, before the first of them is counted.
            backlog=min(_BACKLOG, most_connections() // 2),
        )
        try:
            yield [f"{name[0]}:{name[1]}" for name in (each.getsockname() for each in listening.sockets)]
        finally:
            listening.close()
    finally:
        await runner.cleanup()
