"""A broken wire over real sockets: what each way of breaking proves, and which hosts are tried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from tests.wechatpay.signing_platform import Build, Platform, assert_signed_by_us, sign
from wechatpay.answers import Answer, Checked, Failure, FailureKind
from wechatpay.client import Client, Timeouts
from wechatpay.errors import BadSetting, NoAnswer, NotSent
from wechatpay.hosts import MAIN_HOST, SECOND_HOST

SEND = "/v3/marketing/busifavor/coupons/send"
ODD = "/v3/x/AB%20C%2F1%3D2%7C3%5C4?appid=wx1&b=%E5%88%B8&a=+&a=~"


# ---- A broken wire ----------------------------------------------------------------------------------------


@asynccontextmanager
async def raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server of bytes, to break the protocol with; connections are cut when `answer` returns."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def free_address() -> str:
    """Where nobody listens."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"127.0.0.1:{port}"


async def failure(client: Client) -> Failure:
    came_back = await client.call("POST", SEND, b"{}")
    assert isinstance(came_back, Failure)
    return came_back


async def test_a_refused_connection_proves_that_nothing_left(build: Build) -> None:
    found = await failure(build(base_url=f"http://{await free_address()}"))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")
    assert found.message.startswith("ConnectError")


async def test_a_failed_tls_handshake_proves_that_nothing_left(build: Build) -> None:
    async def no_tls(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(no_tls) as address:
        found = await failure(build(base_url=f"https://{address}"))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


async def cut_after_request(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def cut_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def cut_in_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n{"code":"RULE')
    await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await writer.drain()


async def bad_gzip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    await writer.drain()


@pytest.mark.parametrize("broken", [cut_after_request, cut_at_once, cut_in_the_answer, no_http, bad_gzip])
async def test_whatever_breaks_after_the_connection_stands_leaves_the_outcome_unknown(
    build: Build, broken: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async with raw_server(broken) as address:
        found = await failure(build(base_url=f"http://{address}"))
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "LOST")


async def test_an_answer_that_never_begins_is_a_time_out(build: Build) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with raw_server(silent) as address:
        found = await failure(build(base_url=f"http://{address}", timeouts=Timeouts(read=0.05)))
    assert (found.kind, found.code, found.message) == (FailureKind.AFTER_FIRST_BYTE, "TIMEOUT", "ReadTimeout")


async def test_an_answer_that_trickles_for_ever_hits_the_whole_deadline(build: Build) -> None:
    """Each byte arrives in time, so no single time-out of httpx would ever fire."""
    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async with raw_server(trickle) as address:
        async with asyncio.timeout(60):  # a broken deadline must fail this test, not hang it
            found = await failure(build(base_url=f"http://{address}", timeouts=Timeouts(whole=0.1)))
        await gone.wait()  # and the connection was given up, not left behind
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "TIMEOUT")
    assert "0.1 s" in found.message


async def test_an_answer_that_never_ends_is_given_up(build: Build) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65536)
            await writer.drain()

    async with raw_server(flood) as address:
        found = await failure(build(base_url=f"http://{address}"))
    assert (found.kind, found.code) == (FailureKind.AFTER_FIRST_BYTE, "TOO_LONG")


async def test_no_free_connection_proves_that_nothing_left(build: Build) -> None:
    class Busy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.PoolTimeout("", request=request)

    found = await failure(build(transport=Busy()))
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError(5, "secret"), ValueError("secret")])
async def test_whatever_else_a_transport_throws_becomes_unknown_and_is_not_quoted(
    build: Build, error: Exception
) -> None:
    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise error

    found = await failure(build(transport=Odd()))
    assert (found.kind, found.code, found.message) == (
        FailureKind.AFTER_FIRST_BYTE,
        "LOST",
        type(error).__name__,
    )


async def test_looking_over_a_broken_wire_raises_and_says_whether_anything_left(build: Build) -> None:
    with pytest.raises(NotSent):
        await build(base_url=f"http://{await free_address()}").get(ODD)
    async with raw_server(cut_after_request) as address:
        with pytest.raises(NoAnswer):
            await build(base_url=f"http://{address}").get(ODD)


async def test_a_cancelled_call_ends_at_once_and_leaves_the_client_usable(
    client: Client, platform: Platform
) -> None:
    arrived, released = asyncio.Event(), asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        arrived.set()
        await released.wait()
        return web.Response()

    platform.answers[:] = [hang, platform.signed(200, b"{}")]
    call = asyncio.create_task(client.call("GET", ODD))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    released.set()
    came_back = await client.call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified


# ---- The second host --------------------------------------------------------------------------------------


async def test_when_the_first_host_cannot_be_reached_the_second_gets_the_same_signed_request(
    platform: Platform, build: Build
) -> None:
    platform.says(200, {})
    client = build(base_url=f"http://{await free_address()}", fallback_url=platform.url)
    came_back = await client.call("POST", SEND, b'{"a":1}')
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert_signed_by_us(*platform.heard[0])


async def test_when_bytes_may_have_left_the_second_host_gets_nothing(
    platform: Platform, build: Build
) -> None:
    platform.says(200, {})
    async with raw_server(cut_after_request) as address:
        found = await failure(build(base_url=f"http://{address}", fallback_url=platform.url))
    assert found.kind is FailureKind.AFTER_FIRST_BYTE
    assert platform.heard == []


async def test_an_answer_of_the_first_host_is_an_answer_also_when_it_is_trouble(
    platform: Platform, build: Build
) -> None:
    platform.says(503, {}, signer=None)
    await build(base_url=platform.url, fallback_url=platform.url).call("GET", ODD)
    assert platform.targets == [ODD]


# ---- Addresses --------------------------------------------------------------------------------------------


async def test_a_stand_in_on_loopback_is_never_behind_the_company_s_proxy(
    platform: Platform, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://{await free_address()}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, nobody)
        monkeypatch.setenv(name.lower(), nobody)
    platform.says(200, {})
    assert isinstance(await build(base_url=platform.url).call("GET", ODD), Checked)
    found = await failure(build(base_url=MAIN_HOST))  # the public host is: nobody there, and nothing left
    assert (found.kind, found.code) == (FailureKind.NEVER_LEFT, "CONNECT")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://api.mch.weixin.qq.com", "must begin with https://; 'http' was read"),
        ("https://gateway.example/wechat", "scheme and host only"),
        ("https://user:pass@api.mch.weixin.qq.com", "scheme and host only"),
        ("https://api.mch.weixin.qq.com/?a=b", "scheme and host only"),
        ("api.mch.weixin.qq.com", "scheme and host only"),
        ("", "scheme and host only"),
        ("https://[", "scheme and host only"),
        ("https://api.mch.weixin.qq.com:https", "must be like https://api.mch.weixin.qq.com"),
        ("http://10.0.0.1:8080", "must begin with https://"),
    ],
)
def test_an_address_that_cannot_be_right_gets_one_sentence(build: Build, address: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence) as error:
        build(base_url=address)
    assert "pass" not in str(error.value)
    with pytest.raises(BadSetting):
        build(fallback_url=address)


@pytest.mark.parametrize(
    "address", [MAIN_HOST, SECOND_HOST, f"{MAIN_HOST}/", "http://localhost:1", "http://[::1]:1"]
)
async def test_public_hosts_and_stand_ins_on_loopback_are_accepted(build: Build, address: str) -> None:
    build(base_url=address)


async def test_a_transport_of_ones_own_gets_the_signed_target_by_httpx_s_extension(build: Build) -> None:
    targets: list[bytes] = []

    class Own(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            targets.append(request.extensions["target"])
            return httpx.Response(200, content=b"{}", headers=sign("wechatpay_public_key", b"{}"))

    came_back = await build(transport=Own()).call("GET", ODD)
    assert isinstance(came_back, Checked)
    assert came_back.verified
    assert isinstance(came_back.answer, Answer)
    assert targets == [ODD.encode()]
