"""The second host: first for a minute after the first failed, in the next call and never in the same."""

from __future__ import annotations

import asyncio

from tests.wechatpay.signing_platform import NOW, Build, Platform, assert_signed_by_us
from wechatpay.answers import Checked, Failure, FailureKind
from wechatpay.client import Timeouts
from wechatpay.hosts import Hosts

SEND = "/v3/marketing/busifavor/coupons/send"


class Clock:
    def __init__(self) -> None:
        self.now = NOW * 1000

    def __call__(self) -> int:
        return self.now


def test_a_host_that_failed_comes_last_for_a_minute() -> None:
    clock = Clock()
    hosts = Hosts(["near", "far"], clock=clock)
    hosts.failed("near")
    for after, order in ((0, "far"), (59_999, "far"), (60_000, "near")):
        clock.now = NOW * 1000 + after
        assert hosts.in_order()[0] == order


def test_when_both_failed_the_one_that_failed_longer_ago_is_first() -> None:
    clock = Clock()
    hosts = Hosts(["near", "far"], clock=clock)
    for failing, then in (("near", "far"), ("far", "near"), ("near", "far")):
        clock.now += 1000
        hosts.failed(failing)
        assert list(hosts.in_order()) == [then, failing]


def test_an_answer_makes_a_host_as_good_as_before() -> None:
    hosts = Hosts(["near", "far"], clock=Clock())
    hosts.failed("near")
    hosts.answered("near")
    assert list(hosts.in_order()) == ["near", "far"]


def test_a_clock_that_was_set_back_does_not_keep_the_nearest_host_away() -> None:
    clock = Clock()
    hosts = Hosts(["near", "far"], clock=clock)
    hosts.failed("near")
    clock.now -= 3_600_000
    assert hosts.in_order()[0] == "near"


def test_a_single_host_is_always_tried() -> None:
    hosts = Hosts(["only"], clock=Clock())
    hosts.failed("only")
    assert list(hosts.in_order()) == ["only"]


async def test_after_a_time_out_the_next_attempt_takes_the_same_bytes_to_the_second_host(
    platform: Platform, build: Build
) -> None:
    """Not within the call: the first host may have given the coupon, and only the caller knows the number."""
    heard = 0

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1
        await reader.read(-1)
        writer.close()

    platform.says(200, {})
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        first = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        clock = Clock()
        client = build(base_url=first, fallback_url=platform.url, timeouts=Timeouts(read=0.05), clock=clock)
        came_back = await client.call("POST", SEND, b'{"a":1}')
        assert isinstance(came_back, Failure)
        assert came_back.kind is FailureKind.AFTER_FIRST_BYTE
        assert platform.heard == []
        again = await client.call("POST", SEND, b'{"a":1}')
        assert isinstance(again, Checked)
        assert again.verified
        assert [(target, body) for _, target, _, body in platform.heard] == [(SEND, b'{"a":1}')]
        assert_signed_by_us(*platform.heard[0])
        assert heard == 1
        clock.now += 60_000  # and the nearest host is tried again
        await client.call("POST", SEND, b'{"a":1}')
        assert heard == 2


async def test_the_request_id_of_an_answer_that_was_lost_half_way_is_kept(build: Build) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nRequest-ID: 08F1-2\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        came_back = await build(base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}").call(
            "GET", "/v3/x"
        )
    assert isinstance(came_back, Failure)
    assert (came_back.kind, came_back.request_id) == (FailureKind.AFTER_FIRST_BYTE, "08F1-2")
