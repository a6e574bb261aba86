"""Strangers at the door, over real sockets: `/healthz` answers whatever they leave half done."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.health import health_app
from bot.http_side import Door, most_connections, serve
from bot.metrics import Metrics
from bot.readiness import Readiness

MOST = 12
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half: "
HALF_A_BODY = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served(*, head_within_s: float = 30.0) -> AsyncGenerator[tuple[str, int]]:
    app = health_app(Readiness(), Metrics().registry)

    async def body(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app.router.add_post("/body", body)
    door = Door(most=MOST, head_within_s=head_within_s)
    async with serve(app, "127.0.0.1", 0, door=door) as [address]:
        host, _, port = address.rpartition(":")
        yield host, int(port)


async def lives(place: tuple[str, int]) -> bool:
    """As monitoring asks: a connection of its own, and not much patience."""
    host, port = place
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{host}:{port}/healthz", timeout=aiohttp.ClientTimeout(total=2.0)) as answer,
    ):
        return answer.status == 200


async def left(place: tuple[str, int], begun: bytes) -> Connection:
    """A connection on which something was begun and not ended."""
    reader, writer = await asyncio.open_connection(*place)
    writer.write(begun)
    await writer.drain()
    return reader, writer


async def ended(connection: Connection) -> bool:
    """Whether the other side has closed it."""
    try:
        async with asyncio.timeout(60):
            return await connection[0].read() == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    finally:
        connection[1].close()


@pytest.mark.parametrize("begun", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["nothing", "head", "body"])
async def test_it_lives_while_many_more_than_fit_leave_their_requests_half_done(begun: bytes) -> None:
    async with served() as place:
        connections = []
        for _ in range(5):
            connections += [await left(place, begun) for _ in range(MOST)]
            assert await lives(place)
        # The newest stay: they may still bring the rest.
        assert await ended(connections[0])
        assert not connections[-1][0].at_eof()
        for _, writer in connections:
            writer.close()


async def test_a_head_that_does_not_come_in_time_ends_the_connection() -> None:
    async with served(head_within_s=0.2) as place:
        assert await ended(await left(place, HALF_A_HEAD))
        assert await ended(await left(place, b""))
        assert await lives(place)


async def test_a_slow_head_in_time_is_answered_and_the_next_on_the_same_connection_too() -> None:
    async with served(head_within_s=60.0) as place:
        reader, writer = await left(place, b"GET /healthz HTTP/1.1\r\nHo")
        writer.write(b"st: a\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"ok\n")
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"ok\n")
        writer.close()


async def test_a_body_that_is_being_read_is_not_timed_as_a_head() -> None:
    async with served(head_within_s=0.1) as place:
        reader, writer = await left(place, HALF_A_BODY)
        await asyncio.sleep(0.3)
        writer.write(b"x" * 96)
        assert (await reader.readuntil(b"100")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_an_answer_on_its_way_is_not_dropped_for_those_who_come_after() -> None:
    """Its body is here, so it is worth more than any newcomer."""
    app, gate = health_app(Readiness(), Metrics().registry), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await request.read()
        await gate.wait()
        return web.Response(text="done")

    app.router.add_post("/slow", slow)
    async with serve(app, "127.0.0.1", 0, door=Door(most=3)) as [address]:
        host, _, port = address.rpartition(":")
        place = host, int(port)
        whole = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfull"
        working = [await left(place, whole) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert await ended(await left(place, HALF_A_HEAD))
        gate.set()
        for reader, writer in working:
            assert b"200 OK" in await reader.readuntil(b"done")
            writer.close()


@pytest.mark.parametrize(("soft", "most"), [(1024, 256), (256, 64), (16, 8), (resource.RLIM_INFINITY, 256)])
def test_there_are_fewer_connections_than_descriptors(
    monkeypatch: pytest.MonkeyPatch, soft: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, soft))
    assert most_connections() == most
