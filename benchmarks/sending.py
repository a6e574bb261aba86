"""The sending loop end to end: approved requests in a real file, signed calls over TLS, outcomes durable.

Each request is on the disk as approved; each attempt's event is committed before its call, and each outcome
after it. The stand-in is a process of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.lean_process import lean_platform
from benchmarks.limits import rsa_pairs_per_second
from benchmarks.report import Load, Row
from benchmarks.stand_in_process import STOCK_ID
from benchmarks.tls_client import tls_client
from bot.bells import Bells
from bot.clock import steady_ms, utc_ms
from coupons.batches import BatchState, NewBatch, move_batch
from coupons.clock_watch import ClockWatch
from coupons.events import RequestApproved, RequestCreated
from coupons.lifecycle import move
from coupons.model import CodeMode, Draft, State, Stock
from coupons.policy import DAY_MS
from coupons.ports import Transaction
from coupons.recording import SYSTEM
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from wechatpay import Busifavor
from wechatpay.issuer import WechatPayIssuer

_IN_FLIGHT = 64
_SLOW_S = 0.1
#: The rate of coupon.toml would be measured else.
_UNBOUND = 1e6
_STUCK_S = 300.0
_STOCK = Stock(STOCK_ID, "late-10", "¥10 off", 1000, CodeMode.WECHATPAY_MODE)


async def run(load: Load) -> list[Row]:
    """Sends a second that end as `sent`, with answers after 100 ms and at once, and what one costs."""
    pairs = rsa_pairs_per_second(load.limit_seconds)
    quick = await _sent(load.sends // 3)
    slow = await _sent(load.slow_sends, answers_after_s=_SLOW_S)
    wire = min(_IN_FLIGHT / _SLOW_S, pairs)
    return [
        Row("sending, answers after 100 ms", slow.per_second, "/s", wire, "64 every 100 ms, or RSA"),
        Row("sending, answers at once", quick.per_second, "/s", pairs, "RSA-2048 sign + verify, one core"),
        Row("sending, CPU of each", quick.cpu_ms, "ms", 1000 / pairs, "RSA-2048 sign + verify"),
    ]


@dataclass(frozen=True, slots=True)
class _Ran:
    per_second: float
    cpu_ms: float


async def _sent(requests: int, *, answers_after_s: float = 0.0) -> _Ran:
    with lean_platform(answers_after_s=answers_after_s) as address, tempfile.TemporaryDirectory() as folder:
        bells = Bells()
        ledger = SqliteLedger(Path(folder) / "coupon.db", clock=utc_ms, on_commit=bells.ring)
        try:
            async with tls_client(address) as client:
                issuer = WechatPayIssuer(Busifavor(client, appid=address.merchant.appid), appid="wx1")
                await ledger.write(_running_batch)
                await _approve(ledger, issuer, requests)
                return await _send_all(ledger, issuer, bells, requests)
        finally:
            await ledger.close()


def _running_batch(tx: Transaction) -> None:
    batch, _ = tx.add_batch(
        NewBatch(
            delivery="bench",
            requester="U0LI",
            file_id="",
            file_name="bench.csv",
            stock_id=STOCK_ID,
            reason="",
            ticket="",
            asked_at=utc_ms(),
        )
    )
    for state in (BatchState.PENDING, BatchState.APPROVED, BatchState.RUNNING):
        batch = tx.save_batch(batch, move_batch(batch, state, now=utc_ms()))


async def _approve(ledger: SqliteLedger, issuer: WechatPayIssuer, requests: int) -> None:
    for first in range(0, requests, 1000):
        numbers = range(first, min(first + 1000, requests))
        await ledger.write(partial(_approved, issuer=issuer, numbers=numbers))


def _approved(tx: Transaction, *, issuer: WechatPayIssuer, numbers: range) -> None:
    now = utc_ms()
    for request, _ in tx.add_requests([_draft(issuer, number, now) for number in numbers]):
        created = RequestCreated(
            customer=request.customer,
            stock_id=request.stock_id,
            stock_name=request.stock_name,
            value_fen=request.value_fen,
            reason=request.reason,
            ticket="",
            approvals_needed=0,
            body_sha256=hashlib.sha256(request.body).hexdigest(),
            rule=1,
            raised=(),
            duplicate_of=None,
            follows=None,
            out_request_no=request.out_request_no,
        )
        tx.append(created.done_by("U0LI", request.id))
        tx.append(RequestApproved(approvals=(), rule=1).done_by(SYSTEM, request.id))
        tx.save(request, move(request, State.APPROVED, now=now, due_at=now))


def _draft(issuer: WechatPayIssuer, number: int, now: int) -> Draft:
    openid, out_request_no = f"oUpF8uMuAJO_M2pxb1Q9{number:08d}", f"bench{number:027d}"
    return Draft(
        out_request_no=out_request_no,
        requester="U0LI",
        openid=openid,
        stock=_STOCK,
        reason="the parcel came four days late",
        approvals_needed=0,
        created_at=now,
        expires_at=now + DAY_MS,
        body=issuer.compose(
            out_request_no=out_request_no, openid=openid, stock_id=STOCK_ID, code_mode=_STOCK.code_mode
        ),
        rule=1,
        batch=1,
    )


async def _send_all(ledger: SqliteLedger, issuer: WechatPayIssuer, bells: Bells, requests: int) -> _Ran:
    sent = 0
    done = asyncio.Event()

    def count(*_: object) -> None:
        nonlocal sent
        sent += 1
        if sent == requests:
            done.set()

    clock = ClockWatch(utc_ms, steady=steady_ms)
    clock.confirm(utc_ms())
    sender = Sender(
        ledger=ledger,
        issuer=issuer,
        clock=clock,
        bell=bells.sending,
        holder="benchmark",
        pace=Pace(in_flight=_IN_FLIGHT, per_second=_UNBOUND),
        on_outcome=count,
        on_trouble=_raise,
    )
    cpu, started = time.process_time(), time.perf_counter()
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(_STUCK_S + requests / 10):
        await done.wait()
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    sender.stop()
    await running
    if await ledger.read(lambda rows: rows.next_send_due()) is not None:
        raise RuntimeError("not every request was sent")
    return _Ran(requests / elapsed, cpu / requests * 1000)


def _raise(error: BaseException) -> None:
    raise error
