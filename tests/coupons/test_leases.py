"""A live attempt is never called interrupted, and one that ended is never booked as another one's."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coupons.errors import StorageUnavailable
from coupons.events import RequestApproved, RequestCreated, Tag
from coupons.leases import LEASE_MS, RENEW_MS, SAFE_MS
from coupons.lifecycle import move
from coupons.loops import Bell
from coupons.model import CodeMode, Draft, Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.policy import DAY_MS
from coupons.ports import Place, Transaction
from coupons.posts import PostKind
from coupons.recording import SYSTEM, Recorded
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import SetClock, sure
from tests.coupons.office import NOW, a_stock

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SENT = Outcome(kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code="C1")
LOST = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")
NO = Outcome(
    kind=Kind.REFUSED,
    verified=True,
    attempt_open=False,
    remedy=Remedy.FINAL,
    said_no=True,
    code="RULELIMIT",
)


@dataclass
class Wire:
    """WeChat Pay, whose answers come when the test says so."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Queue[Outcome] = field(default_factory=asyncio.Queue)
    calls: int = 0
    lookups: int = 0

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return b"{}"

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            self.calls += 1
            self.asked.set()
            return await self.answers.get()

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        self.lookups += 1
        return "C1"


class Replica:
    """A sender as another process has it: with its own work in flight, its own clock, and its own wire."""

    def __init__(self, name: str, ledger: SqliteLedger, clock: SetClock) -> None:
        self.wire, self.steady, self.troubles = Wire(), SetClock(0), list[BaseException]()
        self.sender = Sender(
            ledger=ledger,
            issuer=self.wire,
            clock=sure(clock, steady=self.steady),
            bell=Bell(),
            holder=name,
            pace=Pace(pauses_s=(1,)),
            on_outcome=lambda _request, _outcome: None,
            on_trouble=self.troubles.append,
        )

    async def begin(self) -> None:
        """A step, after which its attempt is on the wire."""
        self.wire.asked.clear()
        await self.sender.step()
        async with asyncio.timeout(60):
            await self.wire.asked.wait()

    async def answer(self, outcome: Outcome) -> None:
        """It comes, and what it makes of the request is on disk."""
        self.wire.answers.put_nowait(outcome)
        await self.sender._rounds.drain(within_s=5)
        await asyncio.sleep(0)  # what the end of a task calls stands in the queue


class Shop:
    """One request, approved, and two replicas that could send it."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, SetClock(NOW)
        self.open()

    def open(self) -> None:
        self.ledger = SqliteLedger(self.path, clock=self.clock, on_commit=lambda _: None)
        self.here, self.there = (
            Replica(f"{name}-{self.clock.now}", self.ledger, self.clock) for name in ("here", "there")
        )

    def passes(self, ms: int) -> None:
        self.clock.now += ms
        for replica in (self.here, self.there):
            replica.steady.now += ms

    async def request(self) -> Request:
        request = await self.ledger.read(lambda rows: rows.request(1))
        assert request is not None
        return request

    async def change(self, **values: Any) -> None:
        await self.ledger.write(lambda tx: tx.save(_there(tx), replace(_there(tx), **values)))

    async def story(self) -> list[str]:
        """Tags, and of an attempt also its number and what came of it."""
        return [_short(event) for event in await self.ledger.read(lambda rows: rows.events_of(1))][2:]


def _there(tx: Transaction) -> Request:
    request = tx.request(1)
    assert request is not None
    return request


def _draw_card(tx: Transaction) -> None:
    for post in tx.due_posts(PostKind.CARD, 2 * NOW, 9):
        tx.finish_post(post.id, post.version)


def _short(event: Recorded) -> str:
    detail = (event.detail.get(name) for name in ("attempt", "kind", "code"))
    return " ".join([event.tag, *(str(each) for each in detail if each)])


def approved(tx: Transaction, *, number: str = "cb1", stock_id: str = "1212121212") -> None:
    """A request, let pass by a rule, and the events that tell of it."""
    body = f'{{"out_request_no":"{number}","openid":"{OPENID}"}}'.encode()
    draft = Draft(
        out_request_no=number,
        requester="U0LI",
        openid=OPENID,
        stock=a_stock(stock_id),
        reason="late",
        approvals_needed=0,
        created_at=NOW,
        expires_at=NOW + DAY_MS,
        body=body,
        rule=1,
    )
    [(request, _)] = tx.add_requests([draft])
    created = RequestCreated(
        customer=request.customer,
        stock_id=request.stock_id,
        stock_name=request.stock_name,
        value_fen=request.value_fen,
        reason="late",
        ticket="",
        approvals_needed=0,
        body_sha256=hashlib.sha256(body).hexdigest(),
        rule=1,
        raised=(),
        duplicate_of=None,
        follows=None,
        out_request_no=number,
    )
    tx.append(created.done_by("U0LI", request.id))
    tx.append(RequestApproved(approvals=(), rule=1).done_by(SYSTEM, request.id))
    tx.save(request, move(request, State.APPROVED, now=NOW, due_at=NOW))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    shop = Shop(tmp_path / "coupon.db")
    await shop.ledger.write(approved)
    try:
        yield shop
        for replica in (shop.here, shop.there):
            assert replica.troubles == []
    finally:
        await shop.ledger.close()
    verify(shop.path, thorough=True)


async def test_an_attempt_of_half_a_minute_is_left_alone_by_another_replica(shop: Shop) -> None:
    await shop.here.begin()
    await shop.there.sender.step()
    for _ in range(30_000 // RENEW_MS):
        shop.passes(RENEW_MS)
        assert await shop.here.sender.step() == RENEW_MS / 1000
        await shop.there.sender.step()
    await shop.here.answer(SENT)
    assert await shop.story() == ["attempt:started 1", "attempt:finished 1 sent", "request:sent"]
    assert (shop.there.wire.calls, (await shop.request()).coupon_code) == (0, "C1")


async def test_it_keeps_its_lease_while_the_bot_drains(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coupons.sender.RENEW_MS", 10)
    await shop.here.begin()
    shop.here.sender.stop()
    draining = asyncio.create_task(shop.here.sender.drain())
    # Read before the time passes: renewed in between, it would be the same ever after.
    before = (await shop.request()).running_until
    shop.passes(LEASE_MS - 1)
    async with asyncio.timeout(60):
        while (await shop.request()).running_until == before:  # noqa: ASYNC110 - no call tells of it
            await asyncio.sleep(0.01)
    shop.passes(LEASE_MS - 1)
    await shop.there.sender.step()
    await shop.here.answer(SENT)
    await draining
    assert await shop.story() == ["attempt:started 1", "attempt:finished 1 sent", "request:sent"]


async def test_a_frozen_replicas_attempt_is_taken_over_when_its_lease_is_over_and_not_before(
    shop: Shop,
) -> None:
    await shop.here.begin()
    shop.passes(LEASE_MS - 1)
    due_s = await shop.there.sender.step()
    assert await shop.story() == ["attempt:started 1"]
    # It is looked at again by itself, at the very moment.
    assert due_s == pytest.approx(0.02)
    shop.passes(1)
    await shop.there.sender.step()
    assert await shop.story() == [
        "attempt:started 1",
        "attempt:finished 1 unknown INTERRUPTED",
        "request:unknown INTERRUPTED",
    ]
    await shop.here.answer(LOST)


async def test_a_clock_that_jumps_ends_no_lease_of_ones_own(shop: Shop) -> None:
    await shop.here.begin()
    for jump in (DAY_MS, -2 * DAY_MS):
        shop.clock.now += jump
        await shop.here.sender.step()
    assert await shop.story() == ["attempt:started 1"]
    await shop.here.answer(SENT)


async def test_a_lease_that_was_renewed_after_somebody_read_that_it_was_over_is_not_over(shop: Shop) -> None:
    await shop.here.begin()
    shop.passes(LEASE_MS)
    left = await shop.request()
    await shop.here.sender.step()
    await shop.ledger.write(partial(shop.there.sender._attempts.interrupt, left=left))
    assert await shop.story() == ["attempt:started 1"]
    await shop.here.answer(SENT)


async def test_a_late_outcome_changes_nothing_of_the_attempt_that_runs_now(shop: Shop) -> None:
    await shop.here.begin()
    shop.passes(LEASE_MS)
    await shop.there.sender.step()
    shop.passes(1_000)
    await shop.there.begin()
    second = await shop.request()
    assert (second.attempts, second.running, second.running_by) == (2, True, f"there-{NOW}")

    await shop.here.answer(SENT)
    now = await shop.request()
    assert (now.attempts, now.running, now.running_by, now.state) == (
        2,
        True,
        second.running_by,
        State.UNKNOWN,
    )
    assert (now.open_attempts, now.look_at) == (2, shop.clock.now)
    assert (await shop.story())[3:] == ["attempt:started 2", "attempt:late 1 sent"]

    # Attempt 2 ends with its own outcome, and the look that attempt 1 gave reason for follows.
    await shop.there.answer(LOST)
    assert (await shop.story())[5:] == ["attempt:finished 2 unknown TIMEOUT"]
    await shop.there.sender.step()
    await shop.there.sender.drain()
    assert (await shop.story())[6:] == ["coupon:looked_up", "request:sent"]
    assert shop.there.wire.lookups == 1


async def test_a_late_no_or_silence_is_kept_and_gives_no_reason_to_look(shop: Shop) -> None:
    for outcome in (NO, LOST):
        await shop.here.begin()
        shop.passes(LEASE_MS)
        await shop.there.sender.step()
        await shop.here.answer(outcome)
        now = await shop.request()
        assert (now.state, now.look_at, now.running) == (State.UNKNOWN, None, False)
        shop.passes(1_000)
    story = await shop.story()
    assert [each for each in story if each.startswith("attempt:late")] == [
        "attempt:late 1 refused RULELIMIT",
        "attempt:late 2 unknown TIMEOUT",
    ]


async def test_a_late_yes_to_what_ended_without_a_coupon_calls_for_people(shop: Shop) -> None:
    await shop.here.begin()
    shop.passes(LEASE_MS)
    await shop.there.sender.step()
    await shop.change(state=State.CLOSED, closed_at=shop.clock.now, closed_by="U0WANG", due_at=None)
    await shop.here.answer(SENT)
    [late] = await shop.ledger.read(lambda rows: rows.events_of(1, {Tag.ATTEMPT_LATE}))
    await shop.ledger.write(_draw_card)  # replies wait for it
    steps = await shop.ledger.read(lambda rows: rows.due_posts(PostKind.REPLY, shop.clock.now, 9))
    assert late.seq in {step.post.seq for step in steps}
    assert (await shop.request()).state is State.CLOSED
    # The state was changed without an event, which `verify` would find.
    await shop.change(state=State.UNKNOWN, closed_at=None, closed_by=None)


async def test_a_late_yes_to_what_is_held_lets_nobody_close_it(shop: Shop) -> None:
    await shop.here.begin()
    shop.passes(LEASE_MS)
    await shop.there.sender.step()
    await shop.change(state=State.HELD, absent_looks=2, due_at=None)
    await shop.here.answer(SENT)
    now = await shop.request()
    assert (now.absent_looks, now.look_at) == (0, shop.clock.now)
    await shop.change(state=State.UNKNOWN)


async def test_who_was_frozen_before_the_call_makes_none(shop: Shop) -> None:
    write = shop.ledger.write

    async def frozen(work: Any, **options: Any) -> Any:
        done = await write(work, **options)
        shop.here.steady.now += SAFE_MS
        return done

    shop.ledger.write = frozen  # type: ignore[method-assign]  # a process stopped after its commit
    await shop.here.sender.step()
    await shop.here.sender.drain()
    shop.ledger.write = write  # type: ignore[method-assign]  # and goes on
    assert (shop.here.wire.calls, await shop.story()) == (0, ["attempt:started 1"])
    shop.passes(LEASE_MS)
    await shop.here.sender.step()
    assert (await shop.story())[1] == "attempt:finished 1 unknown INTERRUPTED"


async def test_a_restart_takes_up_at_once_what_the_dead_process_left(shop: Shop) -> None:
    await shop.here.begin()
    dead = shop.here.sender
    await shop.ledger.close()
    shop.open()
    await shop.there.sender.step()
    assert (await shop.story())[1] == "attempt:finished 1 unknown INTERRUPTED"
    dead.stopping = True
    for task in dead._rounds._tasks.values():
        task.cancel()


@pytest.mark.parametrize("kept", [True, False])
async def test_an_outcome_that_the_database_did_not_take_is_brought_to_it_again(
    shop: Shop, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coupons.sender._AGAIN_S", 0.0)
    await shop.here.begin()
    write, failed = shop.ledger.write, False

    async def fails_once(work: Any, **options: Any) -> Any:
        nonlocal failed
        if failed:
            return await write(work, **options)
        failed = True
        if kept:
            await write(work, **options)
        raise StorageUnavailable("the disk is full")

    shop.ledger.write = fails_once  # type: ignore[method-assign]  # the database is away for a moment
    await shop.here.answer(SENT)
    assert await shop.story() == ["attempt:started 1", "attempt:finished 1 sent", "request:sent"]
    assert [str(trouble) for trouble in shop.here.troubles] == ["the disk is full"]
    shop.here.troubles.clear()
