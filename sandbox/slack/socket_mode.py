"""Socket Mode: tickets, links, envelopes and their acks, and links that close, break or fall silent."""

import asyncio
import contextlib
import json
import random
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.caller import Arguments, Caller
from sandbox.slack.deliveries import OPERATION_TIMEOUT, Delivery
from sandbox.slack.errors import JSON
from sandbox.slack.state import State

MAX_LINKS = 10
TICKET_SECONDS = 60.0
PING_SECONDS = 10.0
CLOSE_SECONDS = {"warning": 10.0, "refresh_requested": 1.0}
USUAL_LIFE_SECONDS = 18_060


@dataclass(slots=True)
class _Pending:
    delivery: Delivery
    started: float
    acked: asyncio.Future[Any]


@dataclass(slots=True)
class Link:
    """One open WebSocket. A `leaving` link was told to go and gets nothing new while there is another; a
    `silent` one looks open but neither sends nor answers anything."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False
    silent: bool = False
    pending: dict[str, deque[_Pending]] = field(default_factory=dict)

    async def send(self, frame: JSON) -> None:
        if not self.silent:
            await self.socket.send_str(json.dumps(frame, ensure_ascii=False))

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


class Sockets:
    def __init__(self, state: State, ack_seconds: float, seed: int = 0) -> None:
        self._state = state
        self._ack_seconds = ack_seconds
        self._dice = random.Random(seed)
        self._tickets: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self.links: list[Link] = []
        self.ws_url = ""

    def open_url(self, caller: Caller, arguments: Arguments) -> JSON:  # noqa: ARG002 - a method
        """apps.connections.open: a URL whose ticket lets one link in, once, soon."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = self._state.clock()
        return {"url": f"{self.ws_url}?ticket={ticket}&app_id={caller.state.setup.app_id}"}

    async def deliver(self, delivery: Delivery) -> None:
        """To exactly one link, picked at random; with none open, to the next that opens, within the 3
        seconds."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._ack_seconds):
                pending = await self._send(delivery, started)
                delivery.answer = await pending.acked
        except TimeoutError:
            delivery.error = OPERATION_TIMEOUT
        delivery.elapsed = time.monotonic() - started

    async def disconnect(
        self, reason: str = "refresh_requested", link: Link | None = None, *, within: float | None = None
    ) -> None:
        """Send the frame Slack sends, and close the link `within` so many seconds if the client has not.

        Without `within`: ten seconds after `warning`, one after `refresh_requested`, else at once.
        Without a link: all of them.
        """
        seconds = CLOSE_SECONDS.get(reason, 0.0) if within is None else within
        for each in [link] if link else list(self.links):
            each.leaving = True
            await each.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            if seconds:
                task = asyncio.create_task(_close_later(each, seconds))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                await each.socket.close()

    def cut(self, link: Link | None = None) -> None:
        """Break the connection with no goodbye. Without a link: all of them."""
        for each in [link] if link else list(self.links):
            each.abort()

    def silence(self, link: Link | None = None) -> None:
        """From now on nothing comes over the link, not even an answer to a ping, though it stays open."""
        for each in [link] if link else self.links:
            each.silent = True

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in list(self.links):
            link.silent = False
            await link.socket.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`/link`: a client comes with its ticket."""
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or self._state.clock() - issued > TICKET_SECONDS:
            return web.Response(status=404, text="ticket unknown, used or too old")
        # Pings are answered by hand: a silent link must not.
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self._count += 1
        link = Link(self._count, socket, request)
        if len(self.links) >= MAX_LINKS:
            await link.send({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return socket
        self.links.append(link)
        await link.send(self._hello())
        self._state.changes.note("socket_opened", link=link.number)
        pinging = asyncio.create_task(_ping(link))
        try:
            await self._receive(link)
        finally:
            pinging.cancel()
            self.links.remove(link)
            self._state.changes.note("socket_closed", link=link.number)
        return socket

    def _hello(self) -> JSON:
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "debug_info": {"host": "sandbox", "approximate_connection_time": USUAL_LIFE_SECONDS},
            "connection_info": {"app_id": self._state.setup.app_id},
        }

    async def _send(self, delivery: Delivery, started: float) -> _Pending:
        """Puts the envelope on a link; one that breaks under our hands is passed over for the next."""
        while True:
            link = await self._pick()
            pending = _Pending(delivery, started, asyncio.get_running_loop().create_future())
            link.pending.setdefault(delivery.id, deque()).append(pending)
            delivery.link = link.number
            try:
                await link.send(_envelope(delivery))
            except ConnectionError:
                link.leaving = True
                await asyncio.sleep(0)
                continue
            return pending

    async def _pick(self) -> Link:
        return await self._state.changes.wait_for(self._any_link, self._ack_seconds)

    def _any_link(self) -> Link | None:
        usable = [link for link in self.links if not link.socket.closed]
        fresh = [link for link in usable if not link.leaving]
        return self._dice.choice(fresh or usable) if usable else None

    async def _receive(self, link: Link) -> None:
        async for frame in link.socket:
            if link.silent:
                continue
            if frame.type is WSMsgType.PING:
                await link.socket.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._acknowledge(link, frame.data)

    def _acknowledge(self, link: Link, text: str) -> None:
        """An ack counts on the link its envelope went out on, and once."""
        try:
            ack = json.loads(text)
            envelope_id = ack["envelope_id"]
        except (ValueError, KeyError, TypeError):
            self._state.changes.note("stray_frame", link=link.number)
            return
        waiting = link.pending.get(envelope_id)
        if not waiting:
            self._state.changes.note("stray_ack", link=link.number, id=envelope_id)
            return
        pending = waiting.popleft()
        if pending.acked.done():
            pending.delivery.late_after = time.monotonic() - pending.started
            self._state.changes.note("late_ack", link=link.number, id=envelope_id)
        else:
            pending.acked.set_result(ack.get("payload") if pending.delivery.accepts_answer else None)


async def _close_later(link: Link, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await link.socket.close()


async def _ping(link: Link) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await asyncio.sleep(PING_SECONDS)
            if not link.silent:
                await link.socket.ping(b"Ping from sandbox")


def _envelope(delivery: Delivery) -> JSON:
    envelope: JSON = {
        "type": delivery.kind.value,
        "envelope_id": delivery.id,
        "accepts_response_payload": delivery.accepts_answer,
        "payload": delivery.payload,
    }
    if delivery.kind.value == "events_api":
        envelope |= {
            "retry_attempt": delivery.retry_attempt,
            "retry_reason": "timeout" if delivery.retry_attempt else "",
        }
    return envelope
