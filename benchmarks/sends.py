"""Our WeChat Pay client alone: signed sends over TLS on loopback, 64 in flight, answers checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.lean_process import lean_platform
from benchmarks.limits import resident_megabytes, rsa_pairs_per_second
from benchmarks.report import Load, Row
from benchmarks.stand_in_process import STOCK_ID, Address
from benchmarks.tls_client import tls_client
from benchmarks.wechatpayv3_sends import wechatpayv3_sends_per_second
from wechatpay import Busifavor, SendState, compose_send

_IN_FLIGHT = 64
_ROUNDS = 9
_SLOW_S = 0.1


@dataclass(frozen=True, slots=True)
class _Round:
    """Bare RSA and sends, one right after the other: a shared machine is not equally fast all the time."""

    pairs_per_second: float
    sends_per_second: float
    cpu_ms: float

    @property
    def cpu_pairs(self) -> float:
        """What one send costs, counted in bare signatures made and checked."""
        return self.cpu_ms * self.pairs_per_second / 1000


async def run(load: Load) -> list[Row]:
    """Sends per second, what one costs this process, whether memory grows, and the same by wechatpayv3."""
    with lean_platform() as address:
        rounds, before, after = await _quick(address, load)
        theirs = wechatpayv3_sends_per_second(address, load.sends // _ROUNDS)
    with lean_platform(answers_after_s=_SLOW_S) as address:
        slow = await _slow(address, load.slow_sends)
    middle = sorted(rounds, key=lambda each: each.cpu_pairs)[len(rounds) // 2]
    pairs, ours = middle.pairs_per_second, middle.sends_per_second
    rows = [
        Row("sends, 64 in flight", ours, "/s", pairs, "RSA-2048 sign + verify, one core"),
        Row("sends, CPU of each", middle.cpu_ms, "ms", 1000 / pairs, "RSA-2048 sign + verify"),
        Row(
            "sends, answers after 100 ms",
            slow,
            "/s",
            min(_IN_FLIGHT / _SLOW_S, pairs),
            "64 every 100 ms, or RSA where slower",
        ),
        Row("sends, memory after the last", after, "MB", before, "memory after a third of them"),
    ]
    if theirs is not None:
        rows.append(Row("sends, wechatpayv3 with 64 threads", theirs, "/s", ours, "ours, same server"))
    return rows


async def _quick(address: Address, load: Load) -> tuple[list[_Round], float, float]:
    rounds, resident = [], []
    each = load.sends // _ROUNDS
    async with tls_client(address) as client:
        busifavor = Busifavor(client, appid=address.merchant.appid)
        # Connections and their handshakes first: they are kept for all that follow.
        await _send_all(busifavor, _bodies(address, "warm", _IN_FLIGHT))
        for number in range(_ROUNDS):
            pairs = rsa_pairs_per_second(load.limit_seconds / _ROUNDS)
            cpu, started = time.process_time(), time.perf_counter()
            await _send_all(busifavor, _bodies(address, f"send{number}", each))
            elapsed = time.perf_counter() - started
            rounds.append(_Round(pairs, each / elapsed, (time.process_time() - cpu) / each * 1000))
            resident.append(resident_megabytes())
    return rounds, resident[_ROUNDS // 3], resident[-1]


async def _slow(address: Address, sends: int) -> float:
    async with tls_client(address) as client:
        busifavor = Busifavor(client, appid=address.merchant.appid)
        await _send_all(busifavor, _bodies(address, "warm", _IN_FLIGHT))
        started = time.perf_counter()
        await _send_all(busifavor, _bodies(address, "send", sends))
        return sends / (time.perf_counter() - started)


async def _send_all(busifavor: Busifavor, bodies: Iterator[bytes]) -> None:
    async def worker() -> None:
        for body in bodies:
            outcome = await busifavor.send(body, earlier_open=False)
            if outcome.state is not SendState.SENT or not outcome.verified:
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
