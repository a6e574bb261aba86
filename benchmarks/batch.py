"""A batch from its file to its last coupon, through the bot's own parts, and what it does to others.

Reading and preview, lines into requests, their approval, and sending; while it is sent, people go on asking
for coupons, fifty a second. WeChat Pay's stand-in is a process of its own, and signs its answers ahead.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import fmean

from benchmarks.bare_wire import answers_per_second, number_of
from benchmarks.batch_service import IN_FLIGHT, BatchService
from benchmarks.bulk_files import xlsx_file
from benchmarks.lean_process import lean_platform
from benchmarks.limits import durable_commit_seconds, resident_megabytes, rsa_pairs_per_second
from benchmarks.long_log import openid_of
from benchmarks.report import Load, Row
from benchmarks.stand_in_process import Address
from benchmarks.tls_client import tls_client
from coupons.batches import Batch
from storage.driver import sqlite3
from wechatpay import Busifavor
from wechatpay.issuer import WechatPayIssuer

_SLOW_S = 0.1
_ACKS_PER_SECOND = 50
_STUCK_S = 300.0
_PREVIEW_GOAL_S, _MEMORY_GOAL_MB, _BYTES_GOAL = 10.0, 250.0, 1300.0
_MEMORY_EVERY_S = 0.25


async def run(load: Load) -> list[Row]:
    """Of all lines with answers after 100 ms, and of a fifth of them with answers at once."""
    pairs = rsa_pairs_per_second(load.limit_seconds)
    with tempfile.TemporaryDirectory() as folder:
        commits = durable_commit_seconds(Path(folder), load.limit_seconds)
    slow = await _ran(load.lines, answers_after_s=_SLOW_S, acks=True)
    quick = await _ran(max(load.lines // 5, 1), answers_after_s=0.0, acks=False)
    pair_ms, commit_ms = 1000 / pairs, fmean(commits) * 1000
    lines = f"{load.lines:,} lines"
    took = slow.stages
    first, second = _halves(slow.megabytes)
    return [
        Row(f"batch of {lines}, preview", took["preview"].seconds, "s", _PREVIEW_GOAL_S, "the goal"),
        *(
            Row(f"batch, {stage}, CPU of a line", took[stage].cpu_ms, "ms", pair_ms, "RSA-2048 sign + verify")
            for stage in ("preview", "into requests", "approval", "sending")
        ),
        Row("batch, sends at once, CPU of a line", quick.stages["sending"].cpu_ms, "ms", pair_ms, "the same"),
        Row(
            "batch, lines into requests",
            load.lines / took["into requests"].seconds,
            "/s",
            1000 / commit_ms,
            "durable commits, one by one",
        ),
        Row("batch, sent, answers after 100 ms", slow.per_second, "/s", slow.wire, "the same wire, bare"),
        Row("batch, sent, answers at once", quick.per_second, "/s", quick.wire, "the same wire, bare"),
        Row("batch, sent, answers at once, by RSA", quick.per_second, "/s", pairs, "RSA on one core"),
        Row("acks at 50/s meanwhile, p50", _percentile(slow.acks, 0.5), "ms", commit_ms, "one commit"),
        Row("acks at 50/s meanwhile, p99", _percentile(slow.acks, 0.99), "ms", commit_ms, "one commit"),
        Row("batch, memory at most", max(slow.megabytes), "MB", _MEMORY_GOAL_MB, "the goal"),
        Row("batch, memory while the second half is sent", second, "MB", first, "while the first is"),
        Row("batch, an event with all that is kept", slow.bytes_an_event, "bytes", _BYTES_GOAL, "the goal"),
    ]


@dataclass(frozen=True, slots=True)
class _Stage:
    seconds: float
    #: Of one line.
    cpu_ms: float


@dataclass(slots=True)
class _Ran:
    stages: dict[str, _Stage] = field(default_factory=dict)
    #: Sent, and by a bare client.
    per_second: float = 0.0
    wire: float = 0.0
    acks: list[float] = field(default_factory=list)
    #: While it was sent.
    megabytes: list[float] = field(default_factory=list)
    bytes_an_event: float = 0.0


async def _ran(lines: int, *, answers_after_s: float, acks: bool) -> _Ran:
    ran, sent, all_sent = _Ran(), count(1), asyncio.Event()
    raw = xlsx_file(lines)
    with lean_platform(answers_after_s=answers_after_s) as address, tempfile.TemporaryDirectory() as folder:
        bare = min(lines, 2_000)
        address.sign_ahead([(number_of(number), "") for number in range(bare)])
        ran.wire = await answers_per_second(address, answers=bare, in_flight=IN_FLIGHT)
        async with _service(
            address, Path(folder), lambda: all_sent.set() if next(sent) == lines else None
        ) as service:

            async def stage(name: str, work: Awaitable[None]) -> None:
                cpu, started = _cpu_seconds(), time.perf_counter()
                await work
                seconds, cpu = time.perf_counter() - started, _cpu_seconds() - cpu
                ran.stages[name] = _Stage(seconds, cpu / lines * 1000)

            batch: Batch

            async def preview() -> None:
                nonlocal batch
                batch = await service.preview(raw, "T0SHOP.V1")

            await stage("preview", preview())
            if batch.size != lines:
                raise RuntimeError(f"{batch.size} of {lines} lines may be asked for")
            await stage("into requests", service.submit(batch))
            await stage("approval", service.approve(batch))
            await _sign_ahead(address, service, batch)
            await stage("sending", _send(service, ran, all_sent, lines, acks=acks))
            ran.per_second = lines / ran.stages["sending"].seconds
            await service.finish(batch)
        ran.bytes_an_event = _bytes_an_event(Path(folder) / "coupon.db", lines)
    return ran


@asynccontextmanager
async def _service(
    address: Address, folder: Path, on_outcome: Callable[[], None]
) -> AsyncGenerator[BatchService]:
    async with tls_client(address) as client:
        issuer = WechatPayIssuer(Busifavor(client, appid=address.merchant.appid), appid="wx1")
        service = BatchService(folder / "coupon.db", issuer, on_outcome=lambda *_: on_outcome())
        try:
            yield service
        finally:
            await service.ledger.close()


async def _sign_ahead(address: Address, service: BatchService, batch: Batch) -> None:
    lines = await service.ledger.read(lambda rows: rows.requests_of_batch(batch.id, limit=10**6))
    sends = [(line.out_request_no, line.openid) for line in lines]
    await asyncio.to_thread(address.sign_ahead, sends)


async def _send(service: BatchService, ran: _Ran, all_sent: asyncio.Event, lines: int, *, acks: bool) -> None:
    async with asyncio.timeout(_STUCK_S + lines / 10), asyncio.TaskGroup() as group:
        sending = group.create_task(service.sender.run())
        beside = [group.create_task(_watch_memory(ran.megabytes))]
        if acks:
            beside.append(group.create_task(_go_on_asking(service, ran.acks)))
        await all_sent.wait()
        for task in beside:
            task.cancel()
        service.sender.stop()
        await sending


async def _watch_memory(megabytes: list[float]) -> None:
    while True:
        megabytes.append(resident_megabytes())
        await asyncio.sleep(_MEMORY_EVERY_S)


async def _go_on_asking(service: BatchService, took: list[float]) -> None:
    """Each at its own time, whether the ones before were answered or not; seconds to its durable commit."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int) -> None:
        # From when it was to come: a loop that stands still makes it late, too.
        due = began + number / _ACKS_PER_SECOND
        await service.ask(openid_of(10**7 + number), f"T0SHOP.S{number}")
        took.append(loop.time() - due)

    async with asyncio.TaskGroup() as group:
        for number in count():
            await asyncio.sleep(began + number / _ACKS_PER_SECOND - loop.time())
            group.create_task(one(number))


def _cpu_seconds() -> float:
    """Ours, and that of processes that have ended: of the one that read the file."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _bytes_an_event(path: Path, lines: int) -> float:
    """Once it is closed all is in the one file. Each line made the same events."""
    connection = sqlite3.connect(path)
    try:
        [events] = connection.execute("select count(*) from event").fetchone()
        [sent] = connection.execute("select count(*) from request where state = 'sent'").fetchone()
    finally:
        connection.close()
    if sent != lines:
        raise RuntimeError(f"{sent} of {lines} lines were sent")
    return path.stat().st_size / int(events)


def _halves(values: list[float]) -> tuple[float, float]:
    """The means of the second quarter and of the last: the first one finds caches empty."""
    quarter = max(len(values) // 4, 1)
    return fmean(values[quarter : 2 * quarter] or values), fmean(values[-quarter:])


def _percentile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000
