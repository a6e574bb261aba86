"""Our WeChat Pay client alone: signed sends over TLS on loopback, 64 in flight, answers checked."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from benchmarks.limits import rsa_pairs_per_second
from benchmarks.report import Load, Row
from benchmarks.stand_in_process import STOCK_ID, Address, stand_in
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.keys import load_merchant, load_public_key, read_apiv3_key
from wechatpay.outcome import Kind
from wechatpay.send_request import compose_send

_IN_FLIGHT = 64
_SLOW_S = 0.1


@dataclass(frozen=True, slots=True)
class _Measured:
    per_second: float
    cpu_ms: float


async def run(load: Load) -> list[Row]:
    """Sends per second, and what one costs this process."""
    pairs = rsa_pairs_per_second(load.limit_seconds)
    with stand_in() as address:
        quick = await _measure(address, load.sends)
    with stand_in(answers_after_s=_SLOW_S) as address:
        slow = await _measure(address, load.slow_sends)
    return [
        Row("sends, 64 in flight", quick.per_second, "/s", pairs, "RSA-2048 sign + verify, one core"),
        Row("sends, CPU of each", quick.cpu_ms, "ms", 1000 / pairs, "RSA-2048 sign + verify"),
        Row(
            "sends, answers after 100 ms",
            slow.per_second,
            "/s",
            min(_IN_FLIGHT / _SLOW_S, pairs),
            "64 every 100 ms, or RSA where slower",
        ),
    ]


async def _measure(address: Address, sends: int) -> _Measured:
    async with _client(address) as client:
        busifavor = Busifavor(client, appid=address.merchant.appid)
        # Connections and their handshakes first: they are kept for all that follow.
        await _send_all(busifavor, _bodies(address, "warm", _IN_FLIGHT))
        cpu, started = time.process_time(), time.perf_counter()
        await _send_all(busifavor, _bodies(address, "send", sends))
        elapsed = time.perf_counter() - started
        return _Measured(sends / elapsed, (time.process_time() - cpu) / sends * 1000)


async def _send_all(busifavor: Busifavor, bodies: Iterator[bytes]) -> None:
    async def worker() -> None:
        for body in bodies:
            outcome = await busifavor.send(body, earlier_open=False)
            if outcome.kind is not Kind.SENT or not outcome.verified:
                raise RuntimeError(f"a send was not answered as it should: {outcome}")

    async with asyncio.TaskGroup() as group:
        for _ in range(_IN_FLIGHT):
            group.create_task(worker())


def _bodies(address: Address, name: str, count: int) -> Iterator[bytes]:
    return iter(
        [
            compose_send(
                appid=address.merchant.appid,
                openid=f"oUpF8uMuAJO_M2pxb1Q9{number:08d}",
                stock_id=STOCK_ID,
                out_request_no=f"{name}-{number:024d}",
            )
            for number in range(count)
        ]
    )


def _client(address: Address) -> Client:
    account = address.merchant
    merchant = load_merchant(
        mchid=account.mchid, serial_no=account.serial_no, private_key=account.private_key_pem
    )
    public_key = load_public_key(key_id=account.public_key_id, pem=account.public_key_pem, merchant=merchant)
    return Client(
        merchant=merchant,
        apiv3_key=read_apiv3_key(account.apiv3_key),
        clock=lambda: time.time_ns() // 1_000_000,
        public_keys=[public_key],
        base_url=address.url,
        # The client's usual transport, but for the certificate it trusts.
        transport=httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cadata=address.certificate_pem)),
    )
