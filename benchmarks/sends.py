"""Sends of our client over TLS on loopback, 64 in flight, against bare RSA signing and verifying."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, rsa_ms
from benchmarks.stand_in import STOCK_ID
from bot.wiring import utc_ms
from wechatpay.busifavor import Busifavor
from wechatpay.client import Client
from wechatpay.keys import load_merchant, load_public_key, read_apiv3_key
from wechatpay.outcome import Kind
from wechatpay.send_request import compose_send

_IN_FLIGHT = 64
_SENDS = 2_000
_SLOW_S = 0.1


async def run(share: float) -> list[Figure]:
    limit_ms = rsa_ms()
    per_second, cpu_ms = await _measure(int(_SENDS * share), 0.0)
    slow_per_second, _ = await _measure(int(_SENDS * share / 2), _SLOW_S)
    return [
        Figure(
            "sends/s, TLS, 64 in flight", per_second, "bare RSA sign + verify /s, one core", 1000 / limit_ms
        ),
        Figure("CPU ms a send, our process", cpu_ms, "bare RSA sign + verify, CPU ms", limit_ms),
        Figure("sends/s, answers take 100 ms", slow_per_second, "what the wire allows", _IN_FLIGHT / _SLOW_S),
    ]


async def _measure(sends: int, slow_s: float) -> tuple[float, float]:
    """Sends a second, and CPU milliseconds of this process for each."""
    with tempfile.TemporaryDirectory() as folder:
        async with _stand_in(Path(folder), slow_s) as known, _client(Path(folder), known) as client:
            busifavor = Busifavor(client, appid=known["appid"])
            await _send_all(busifavor, known["appid"], min(sends, _IN_FLIGHT), "warm")
            cpu, wall = time.process_time(), time.perf_counter()
            await _send_all(busifavor, known["appid"], sends, "bench")
            return sends / (time.perf_counter() - wall), (time.process_time() - cpu) / sends * 1000


async def _send_all(busifavor: Busifavor, appid: str, sends: int, prefix: str) -> None:
    numbers = count()

    async def worker() -> None:
        while (number := next(numbers)) < sends:
            body = compose_send(
                appid=appid,
                openid=f"oBench{number:022d}",
                stock_id=STOCK_ID,
                out_request_no=f"{prefix}{number:010d}",
            )
            outcome = await busifavor.send(body, earlier_open=False)
            if outcome.kind is not Kind.SENT:
                raise RuntimeError(f"a send of the benchmark was {outcome.kind}: {outcome.code}")

    await asyncio.gather(*(worker() for _ in range(_IN_FLIGHT)))


def _client(folder: Path, known: dict[str, Any]) -> Client:
    merchant = load_merchant(
        mchid=known["mchid"], serial_no=known["serial_no"], private_key=known["private_key"]
    )
    key = load_public_key(key_id=known["public_key_id"], pem=known["public_key"], merchant=merchant)
    # Certificates are checked as in earnest, against the stand-in's own.
    context = ssl.create_default_context(cafile=str(folder / "tls.pem"))
    return Client(
        merchant=merchant,
        apiv3_key=read_apiv3_key(known["apiv3_key"]),
        clock=utc_ms,
        public_keys=[key],
        base_url=known["url"],
        transport=httpx.AsyncHTTPTransport(verify=context),
    )


@asynccontextmanager
async def _stand_in(folder: Path, slow_s: float) -> AsyncGenerator[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.stand_in",
        str(folder),
        str(slow_s),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()
