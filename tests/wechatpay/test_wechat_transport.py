"""The transport over real sockets: what it writes, how often, and what each of its errors proves."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.wechatpay.raw_server import genuine, read_request, server
from tests.wechatpay.signing_platform import Build
from tests.world import until
from wechatpay.answers import Checked, Failure, FailureKind
from wechatpay.client import Client
from wechatpay.transport import Transport

SEND = "/v3/marketing/busifavor/coupons/send"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

# ---- What it writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/v3/x/%2F%2f%20%7E~!$&'()*,;=:@",
        "/v3/x/../y/./z//w",
        "/v3/x?a=+&a=%2B&b=%20&c=%E5%88%B8&d=%e5",
        "/v3/x?a=1&a=1&&b&c=?/",
        "/v3/x?q=a%3Db%26c%23",
        "/v3/x/%25%41?%41=%25",
    ],
)
async def test_the_target_goes_out_byte_for_byte(build: Build, target: str) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _ = await read_request(reader)
        heard.append(line)
        writer.write(genuine())
        await writer.drain()

    async with server(talk) as address:
        for method, body in (("GET", b""), ("POST", b"{}")):
            assert isinstance(await build(base_url=f"http://{address}").call(method, target, body), Checked)
    assert heard == [f"{method} {target} HTTP/1.1".encode() for method in ("GET", "POST")]


@pytest.mark.parametrize("target", ["/v3/x#y", "/v3/x?", "/v3/x?a=b#"])
async def test_a_target_that_would_lose_a_byte_is_not_sent(build: Build, target: str) -> None:
    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pytest.fail("something was sent")

    async with server(talk) as address:
        came_back = await build(base_url=f"http://{address}").call("GET", target)
    assert isinstance(came_back, Failure)
    assert came_back.kind is FailureKind.NEVER_LEFT


async def test_no_header_is_added_to_what_the_client_says(build: Build) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await read_request(reader))[1])
        writer.write(genuine())
        await writer.drain()

    async with server(talk) as address:
        await build(base_url=f"http://{address}").call("POST", SEND, b'{"a":1}')
    head, body = heard[0].split(b"\r\n\r\n")
    names = sorted(line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:])
    assert names == [
        b"accept",
        b"accept-encoding",
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"user-agent",
        b"wechatpay-serial",
    ]
    assert body == b'{"a":1}'


# ---- How often --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_kept_connection_that_dies_under_a_request_is_unknown_and_nothing_is_written_again(
    build: Build, method: str
) -> None:
    """The server reads the second request on the kept connection and closes: it may have been carried out."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await read_request(reader))[0])
        writer.write(genuine())
        await writer.drain()
        heard.append((await read_request(reader))[0])

    async with server(talk) as address:
        client = build(base_url=f"http://{address}", fallback_url=f"http://{address}")
        body = b"{}" if method == "POST" else b""
        assert isinstance(await client.call(method, SEND, body), Checked)
        came_back = await client.call(method, SEND, body)
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.code) == (FailureKind.AFTER_FIRST_BYTE, "LOST")
    assert len(heard) == 2


async def test_a_kept_connection_closed_before_the_request_is_not_used(build: Build) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        writer.write(genuine())
        await writer.drain()

    async with server(talk) as address:
        client = build(base_url=f"http://{address}")
        for _ in range(3):
            assert isinstance(await client.call("POST", SEND, b"{}"), Checked)
            await until(lambda: not still_open(client) or None)
    assert connections == 3


def still_open(client: Client) -> bool:
    """Whether a kept connection's end has not been read yet."""
    assert isinstance(client._transport, Transport)
    connector = client._transport._opened()
    return any(kept[0].is_connected() for pool in connector._conns.values() for kept in pool)


async def test_connections_are_kept_and_used_again(build: Build) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            writer.write(genuine())
            await writer.drain()

    async with server(talk) as address:
        client = build(base_url=f"http://{address}")
        for _ in range(5):
            assert isinstance(await client.call("POST", SEND, b"{}"), Checked)
        await client.aclose()
    assert connections == 1


async def test_one_connection_brings_answers_of_every_shape(build: Build) -> None:
    """Its parser serves all of them: with a length, in chunks, with hints before it, with no body at all."""
    signed = genuine(b'{"a":1}')
    head, body = signed.split(b"\r\n\r\n")
    chunked = head.replace(b"Content-Length: 7", b"Transfer-Encoding: chunked")
    answers = [
        signed,
        chunked + b"\r\n\r\n3\r\n" + body[:3] + b"\r\n4\r\n" + body[3:] + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + signed,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        signed,
    ]
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for answer in answers:
            await read_request(reader)
            # Byte for byte: no shape may depend on what arrives together.
            for byte in answer:
                writer.write(bytes([byte]))
                await writer.drain()

    async with server(talk) as address:
        client = build(base_url=f"http://{address}")
        came_back = [await client.call("POST", SEND, b"{}") for _ in answers]
    found = [(each.answer.status, each.answer.body) for each in came_back if isinstance(each, Checked)]
    assert found == [(200, b'{"a":1}')] * 3 + [(204, b""), (200, b'{"a":1}')]
    assert connections == 1


@pytest.mark.parametrize("when", ["with the answer", "later"])
async def test_what_nobody_asked_for_is_not_taken_for_the_next_answer(build: Build, when: str) -> None:
    """A second answer on the same connection: the next request goes out on another."""
    connections, sent = 0, asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        mine, stray = genuine(b'{"n":%d}' % connections), genuine(b'{"stray":1}')
        writer.write(mine + stray if when == "with the answer" else mine)
        await writer.drain()
        if when == "later":
            await sent.wait()
            writer.write(stray)
            await writer.drain()
        await reader.read()

    async with server(talk) as address:
        client = build(base_url=f"http://{address}")
        first = await client.call("POST", SEND, b"{}")
        sent.set()
        await until(lambda: True if when == "with the answer" else not clean(client) or None)
        second = await client.call("POST", SEND, b"{}")
        await client.aclose()
    assert [each.answer.body for each in (first, second) if isinstance(each, Checked)] == [
        b'{"n":1}',
        b'{"n":2}',
    ]


def clean(client: Client) -> bool:
    """Whether nothing came on the connections that are kept."""
    assert isinstance(client._transport, Transport)
    pools = client._transport._opened()._conns.values()
    return not any(kept[0].should_close for pool in pools for kept in pool)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"X-A": "1\r\nX-B: 2"}, "line break"),
        ({"X-A": "1\n"}, "line break"),
        ({"Transfer-Encoding": "chunked"}, "whole"),
    ],
)
async def test_a_head_that_could_not_go_out_as_it_stands_is_not_sent(
    headers: dict[str, str], why: str
) -> None:
    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        pytest.fail("something was sent")

    async with server(talk) as address, httpx.AsyncClient(transport=Transport(https=False)) as http:
        with pytest.raises(httpx.UnsupportedProtocol, match=why):
            await http.post(
                f"http://{address}", content=b"{}", headers=headers, extensions={"target": b"/v3/x"}
            )
