"""What an error of the transport proves: that nothing left, or that nobody knows."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest

from tests.wechatpay.raw_server import Talk, genuine, read_request, server
from tests.wechatpay.signing_platform import Build
from tests.wechatpay.test_wechat_transport import OPENID, SEND
from wechatpay.answers import Checked, Failure, FailureKind
from wechatpay.client import Timeouts
from wechatpay.hosts import MAIN_HOST, SECOND_HOST
from wechatpay.transport import Transport

# ---- What its errors prove --------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


async def after_accept(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def within_the_request(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(30)


async def after_the_request(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def after_a_hint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await writer.drain()


async def within_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(HEAD[:25])
    await writer.drain()


async def after_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(HEAD)
    await writer.drain()


async def within_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(HEAD + b"{}")
    await writer.drain()


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
@pytest.mark.parametrize(
    "point",
    [
        after_accept,
        within_the_request,
        after_the_request,
        after_a_hint,
        within_the_head,
        after_the_head,
        within_the_body,
    ],
)
async def test_a_server_that_hangs_up_once_it_was_reached_leaves_the_outcome_unknown(
    build: Build, point: Talk, how: str, *, kept: bool
) -> None:
    """At whatever point; and it is asked once, whatever the connection."""
    heard = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        if kept and not heard:
            heard += 1
            await read_request(reader)
            writer.write(genuine())
            await writer.drain()
        heard += 1
        await point(reader, writer)
        if how == "reset":
            writer.transport.abort()

    async with server(talk) as address:
        client = build(base_url=f"http://{address}", fallback_url=f"http://{address}")
        if kept:
            assert isinstance(await client.call("POST", SEND, b"{}"), Checked)
        came_back = await client.call("POST", SEND, bytes(100_000))
        await client.aclose()
    if kept and point is after_accept:
        # Seen in time, the dead connection is not used, and a new one meets the same.
        assert heard in {2, 3}
    else:
        assert heard == 1 + kept
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.AFTER_FIRST_BYTE, "LOST")


async def test_an_answer_that_stops_in_its_middle_is_a_time_out_of_reading(build: Build) -> None:
    released = asyncio.Event()

    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await within_the_body(reader, writer)
        await released.wait()

    async with server(stop) as address:
        came_back = await build(base_url=f"http://{address}", timeouts=Timeouts(read=0.05)).call(
            "POST", SEND, b"{}"
        )
        released.set()
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.message) == (FailureKind.AFTER_FIRST_BYTE, "ReadTimeout")


async def test_a_handshake_that_never_ends_proves_that_nothing_left(build: Build) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with server(silent) as address:
        client = build(base_url=f"https://{address}", timeouts=Timeouts(connect=0.05))
        came_back = await client.call("POST", SEND, b"{}")
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.message) == (FailureKind.NEVER_LEFT, "ConnectTimeout")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # more than a socket swallows
async def test_a_body_that_nobody_reads_is_a_time_out_of_writing_and_unknown(build: Build) -> None:
    released = asyncio.Event()

    async def deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await released.wait()

    async with server(deaf) as address:
        client = build(base_url=f"http://{address}", timeouts=Timeouts(write=0.05))
        came_back = await client.call("POST", SEND, bytes(32 * 1024 * 1024))
        released.set()
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.AFTER_FIRST_BYTE, "TIMEOUT")
    assert came_back.message == "WriteTimeout"


async def test_a_cancelled_call_closes_its_connection(build: Build) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        arrived.set()
        assert await reader.read() == b""
        gone.set()

    async with server(talk) as address:
        call = asyncio.create_task(build(base_url=f"http://{address}").call("POST", SEND, b"{}"))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(60):
            await gone.wait()


async def test_the_text_of_a_broken_wire_holds_no_openid(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    """aiohttp's own texts quote the URL."""
    caplog.set_level(logging.DEBUG)

    async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()

    async with server(no_http) as address:
        client = build(base_url=f"http://{address}")
        came_back = await client.call("GET", f"/v3/marketing/busifavor/users/{OPENID}/coupons")
    assert isinstance(came_back, Failure)
    assert came_back.message == "RemoteProtocolError: ClientResponseError"
    assert not [record for record in caplog.records if OPENID in record.getMessage()]


async def test_a_transport_never_used_closes_without_a_loop_s_help() -> None:
    await Transport().aclose()


async def test_a_client_of_a_stand_in_loads_no_trusted_certificates_and_speaks_no_https(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(**_: object) -> None:
        raise FileNotFoundError("the trusted certificates")

    monkeypatch.setattr(httpx, "create_ssl_context", missing)
    build(base_url="http://127.0.0.1:1")
    # Where they are needed, the start finds them missing and not the first call.
    for addresses in ({"base_url": MAIN_HOST}, {"base_url": "http://[::1]:1", "fallback_url": SECOND_HOST}):
        with pytest.raises(FileNotFoundError, match="trusted"):
            build(**addresses)
    async with httpx.AsyncClient(transport=Transport(https=False)) as http:
        with pytest.raises(httpx.UnsupportedProtocol, match="http alone"):
            await http.get("https://localhost:1", extensions={"target": b"/v3/x"})


async def test_the_transport_serves_httpx_as_any_other() -> None:
    """Answers keep their bytes, headers and status; compressed ones are undone by httpx."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 404 Not Found\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"2\r\n{\n\r\n1\r\n}\r\n0\r\n\r\n")
        await writer.drain()

    async with server(talk) as address, httpx.AsyncClient(transport=Transport()) as http:
        response = await http.get(f"http://{address}", extensions={"target": b"/v3/x"})
    assert (response.status_code, response.content) == (404, b"{\n}")
    assert response.headers.get_list("x-a") == ["1", "2"]
