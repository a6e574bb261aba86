"""Claims in one commit, two lanes, a rate, one brake, and a pause that takes effect at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from coupons.loops import Bell
from coupons.model import CodeMode, Pause, Request, State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Place, Reading, Topic, Transaction
from coupons.posts import PostKind
from coupons.recording import Recorded
from coupons.sender import Sender
from coupons.settling import Pace
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.clocks import SetClock, sure
from tests.coupons.batch_office import put_running
from tests.coupons.office import NOW
from tests.coupons.test_leases import approved

SENT = Outcome(kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code="C")
TOO_FAST = Outcome(
    kind=Kind.REFUSED, verified=True, attempt_open=False, remedy=Remedy.SLOWER, status=429, code="FREQUENCY"
)


class Wire:
    """Answers when it may, and knows what is on it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.answer: Callable[[str], Outcome] = lambda number: SENT
        self.on_it: set[str] = set()
        self.most = 0
        self.calls: list[str] = []

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        raise NotImplementedError

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            number = body.decode().split('"')[3]
            assert number not in self.on_it
            self.calls.append(number)
            self.on_it.add(number)
            self.most = max(self.most, len(self.on_it))
            try:
                await self.may_answer.wait()
            finally:
                self.on_it.discard(number)
            outcome = self.answer(number)
            return outcome if outcome is not SENT else _with_code(number)

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        return None


def _with_code(number: str) -> Outcome:
    return Outcome(
        kind=Kind.SENT, verified=True, attempt_open=False, remedy=Remedy.NONE, coupon_code=f"C{number}"
    )


class Shop:
    """A sender over a real file, whose commits are counted."""

    def __init__(self, path: Path) -> None:
        self.clock, self.steady, self.bell, self.wire = SetClock(NOW), SetClock(0), Bell(), Wire()
        self.troubles: list[BaseException] = []
        self.path = path
        self.ledger = SqliteLedger(path, clock=self.clock, on_commit=self._ring)

    def _ring(self, topics: frozenset[Topic]) -> None:
        if Topic.REQUESTS in topics:
            self.bell.ring()

    def sender(self, pace: Pace) -> Sender:
        return Sender(
            ledger=self.ledger,
            issuer=self.wire,
            clock=sure(self.clock, steady=self.steady),
            bell=self.bell,
            holder="here-1",
            pace=pace,
            on_outcome=lambda _request, _outcome: None,
            on_trouble=self.troubles.append,
        )

    async def add(self, *numbers: str, batch: int | None = None, stock_id: str = "1212121212") -> None:
        def add(tx: Transaction) -> None:
            if batch is not None:
                put_running(tx, numbers, stock_id=stock_id, delivery=f"T0SHOP.V{batch}")
                return
            for number in numbers:
                approved(tx, number=number, stock_id=stock_id)

        await self.ledger.write(add)

    async def states(self) -> Counter[State]:
        def states(rows: Reading) -> Counter[State]:
            found = (rows.request(number) for number in range(1, rows.highest_number() + 1))
            return Counter(request.state for request in found if request)

        return await self.ledger.read(states)

    async def request(self, number: int) -> Request:
        request = await self.ledger.read(lambda rows: rows.request(number))
        assert request is not None
        return request

    def passes(self, ms: int) -> None:
        self.clock.now += ms
        self.steady.now += ms


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    shop = Shop(tmp_path / "coupon.db")
    try:
        yield shop
        assert shop.troubles == []
    finally:
        await shop.ledger.close()
    verify(shop.path, thorough=True)


async def turn(sender: Sender) -> None:
    """A step, after which its calls are on the wire."""
    await sender.step()
    for _ in range(3):
        await asyncio.sleep(0)


async def ended(sender: Sender) -> None:
    """Whatever was on the wire has its outcome on the disk."""
    await sender.drain()
    await asyncio.sleep(0)


async def test_all_that_may_leave_is_claimed_in_one_commit_before_its_calls(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(14)), batch=1)
    sender, write, writes = shop.sender(Pace(in_flight=8)), shop.ledger.write, 0

    async def counted(work: object, *, later: bool = False) -> object:
        nonlocal writes
        writes += 1
        assert shop.wire.calls == []
        return await write(work, later=later)  # type: ignore[arg-type]  # whatever it is

    shop.ledger.write = counted  # type: ignore[method-assign,assignment]  # counts
    shop.wire.may_answer.clear()
    await turn(sender)
    shop.ledger.write = write  # type: ignore[method-assign]  # no more
    assert (writes, shop.wire.most) == (1, 7)
    assert await shop.states() == {State.SENDING: 11, State.APPROVED: 3}
    # Nothing more is claimed as long as no place is free.
    await turn(sender)
    assert len(shop.wire.calls) == 7
    shop.wire.may_answer.set()
    await ended(sender)
    await turn(sender)
    await ended(sender)
    assert await shop.states() == {State.SENT: 14}
    assert max(Counter(shop.wire.calls).values()) == 1


async def test_a_single_request_does_not_wait_behind_a_batch(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(30)), batch=1)
    sender = shop.sender(Pace(in_flight=8))
    shop.wire.may_answer.clear()
    await turn(sender)
    await shop.add("alone")
    await turn(sender)
    # Although every place that a batch may take is taken, and older lines of it are due.
    assert "alone" in shop.wire.on_it
    shop.wire.may_answer.set()
    await ended(sender)


async def test_a_place_is_free_once_the_answer_came_although_its_outcome_waits_for_the_disk(
    shop: Shop,
) -> None:
    await shop.add(*(f"a{number}" for number in range(6)))
    sender, write, disk = shop.sender(Pace(in_flight=4)), shop.ledger.write, asyncio.Event()
    shop.wire.may_answer.clear()
    for _ in range(2):
        await turn(sender)
        assert len(shop.wire.on_it) == 4

    async def slow(work: object, *, later: bool = False) -> object:
        if isinstance(work, partial) and work.func == sender._attempts.finish_all:
            await disk.wait()
        return await write(work, later=later)  # type: ignore[arg-type]  # whatever it is

    shop.ledger.write = slow  # type: ignore[method-assign,assignment]  # outcomes wait
    shop.wire.may_answer.set()
    for _ in range(3):
        await turn(sender)
    assert len(shop.wire.calls) == 6
    assert await shop.states() == {State.SENDING: 6}
    disk.set()
    await ended(sender)
    shop.ledger.write = write  # type: ignore[method-assign]  # no more
    assert await shop.states() == {State.SENT: 6}


async def test_nothing_is_claimed_for_which_there_is_no_place_because_too_many_outcomes_wait(
    shop: Shop,
) -> None:
    """As when WeChat Pay answers at once that it does not know, and slowly what a customer has."""
    numbers = [f"a{number}" for number in range(14)]
    await shop.add(*numbers)
    sender, write, disk = shop.sender(Pace(in_flight=2)), shop.ledger.write, asyncio.Event()

    async def slow(work: object, *, later: bool = False) -> object:
        if isinstance(work, partial) and work.func == sender._attempts.finish_all:
            await disk.wait()
        return await write(work, later=later)  # type: ignore[arg-type]  # whatever it is

    shop.ledger.write = slow  # type: ignore[method-assign,assignment]  # outcomes wait
    for _ in range(8):
        await turn(sender)
    # Each that was claimed is called: else nobody would ever work on it, and its lease never end.
    assert await shop.states() == {State.SENDING: len(shop.wire.calls), State.APPROVED: 14 - 8}
    disk.set()
    await ended(sender)
    shop.ledger.write = write  # type: ignore[method-assign]  # no more
    for _ in range(3):
        await turn(sender)
        await ended(sender)
    assert sorted(shop.wire.calls) == sorted(numbers)
    assert await shop.states() == {State.SENT: 14}


async def test_of_what_the_rate_lets_go_single_requests_are_the_first(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(30)), batch=1)
    await shop.add("a1", "a2")
    sender = shop.sender(Pace(in_flight=64, per_second=30))
    await turn(sender)
    assert shop.wire.calls == ["a1", "a2", "n0"]
    due_s = await sender.step()
    await turn(sender)
    assert len(shop.wire.calls) == 3
    assert due_s is not None
    assert due_s < 1
    for _ in range(10):
        shop.passes(100)
        await turn(sender)
    await ended(sender)
    assert len(shop.wire.calls) == 32


async def test_a_batch_posts_nothing_by_the_line(shop: Shop) -> None:
    await shop.add("n1", batch=1)
    sender = shop.sender(Pace())
    await turn(sender)
    await ended(sender)
    assert await shop.states() == {State.SENT: 1}
    posts = await shop.ledger.read(
        lambda rows: [post for kind in PostKind for post in rows.due_posts(kind, 2 * NOW, 9)]
    )
    assert [(each.post.kind, each.post.batch) for each in posts] == [(PostKind.BATCH_CARD, 1)]


async def test_too_fast_stops_its_stock_is_no_try_of_any_request_and_goes_on_by_itself(shop: Shop) -> None:
    pace = Pace(pauses_s=(1,), too_fast_s=(1, 2, 60), tries=2, in_flight=8)
    await shop.add(*(f"n{number}" for number in range(20)), batch=1, stock_id="99")
    await shop.add("other", batch=2)
    shop.wire.answer = lambda number: SENT if number == "other" else TOO_FAST
    sender = shop.sender(pace)
    for pause_ms in (1_000, 2_000):
        before = len(shop.wire.calls)
        await turn(sender)
        await ended(sender)
        refused = set(shop.wire.calls[before:]) - {"other"}
        assert len(refused) == 11
        # Not one more of this stock leaves until its pause is over; another stock goes on.
        await turn(sender)
        await ended(sender)
        shop.passes(pause_ms - 1)
        await turn(sender)
        await ended(sender)
        assert set(shop.wire.calls[before:]) - {"other"} == refused
        shop.passes(1)
    assert (await shop.request(21)).state is State.SENT
    tried = [await shop.request(number) for number in range(1, 21)]
    assert {request.tries for request in tried} == {0}
    shop.wire.answer = lambda number: SENT
    shop.passes(1_000)
    for _ in range(20):
        await turn(sender)
        await ended(sender)
        shop.passes(200)
    assert await shop.states() == {State.SENT: 21}


async def test_a_single_request_of_a_stock_that_waits_waits_too(shop: Shop) -> None:
    await shop.add("n1")
    shop.wire.answer = lambda number: TOO_FAST if number == "n1" else SENT
    sender = shop.sender(Pace(pauses_s=(1,), too_fast_s=(1,), tries=9))
    await turn(sender)
    await ended(sender)
    await shop.add("n2")
    await turn(sender)
    assert shop.wire.calls == ["n1"]
    shop.passes(1_000)
    await turn(sender)
    await ended(sender)
    assert sorted(shop.wire.calls) == ["n1", "n1", "n2"]


async def test_what_stays_too_fast_ends_with_a_person(shop: Shop) -> None:
    await shop.add("n1")
    shop.wire.answer = lambda number: TOO_FAST
    sender = shop.sender(Pace(pauses_s=(1,), too_fast_s=(1, 2), tries=2))
    for time in range(4):
        for _ in range(3):
            await turn(sender)
            await ended(sender)
        assert len(shop.wire.calls) == min(time + 1, 3)
        shop.passes(2_000)
    assert (await shop.request(1)).state is State.HELD


async def test_a_pause_stops_everything_that_has_not_left(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(20)), batch=1)
    sender = shop.sender(Pace(in_flight=8))
    await turn(sender)
    left = len(shop.wire.calls)
    await shop.ledger.write(lambda tx: tx.set_pause(Pause("U0WANG", NOW, "wrong stock")))
    await ended(sender)
    for _ in range(3):
        await turn(sender)
    assert len(shop.wire.calls) == left == 11
    # Also what was read as due before it, and is claimed after it.
    assert await shop.ledger.write(lambda tx: sender._attempts.begin_all(tx, [20])) == []
    await shop.ledger.write(lambda tx: tx.set_pause(None))
    for _ in range(3):
        await turn(sender)
        await ended(sender)
    assert await shop.states() == {State.SENT: 20}


async def test_one_that_cannot_be_begun_keeps_no_other_from_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.add("n1", "n2", "n3")
    sender = shop.sender(Pace())
    begin = sender._attempts._begin

    def fails(tx: Transaction, before: Request, *events: Sequence[Recorded]) -> Request | None:
        if before.id == 2:
            raise ValueError("a bug")
        return begin(tx, before, *events)

    monkeypatch.setattr(sender._attempts, "_begin", fails)
    await turn(sender)
    await ended(sender)
    assert sorted(shop.wire.calls) == ["n1", "n3"]
    assert {str(trouble) for trouble in shop.troubles} == {"a bug"}
    shop.troubles.clear()
    assert (await shop.request(2)).state is State.APPROVED
