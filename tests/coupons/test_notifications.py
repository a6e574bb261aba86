"""A notified coupon makes the sending loop look, over a real database; WeChat Pay's list decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.bells import Bells
from bot.clock import utc_ms
from coupons.asking import created
from coupons.events import ApprovalGiven, RequestApproved
from coupons.lifecycle import move
from coupons.model import CodeMode, Draft, Request, State, Stock
from coupons.notifications import OWN_CHANNEL, Notifications, Received
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Place, Transaction
from coupons.sender import Sender
from coupons.settling import Lookup, LookupResult, Pace, settle_lookup
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.coupons.samples import OPENID, a_request
from tests.empty_database import empty_database

#: No attempt is repeated while a test lasts.
PACE = Pace(pauses_s=(600,), tries=8)
LOST = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="LOST")
STOCK = Stock("1212121212", "late-10", "late", 1000, CodeMode.WECHATPAY_MODE)
DIRECT = Received(
    event="COUPON.SEND",
    stock_id=STOCK.stock_id,
    coupon_code="C1",
    send_channel=OWN_CHANNEL,
    send_time="2026-11-23T10:00:00+08:00",
    openid=OPENID,
)


@dataclass
class Far:
    """WeChat Pay: its answers get lost, and its lists are said one after another when they are let go."""

    lists: list[str | None] = field(default_factory=list)
    sends: int = 0
    lookups: int = 0
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    looking: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        raise NotImplementedError

    async def send(self, body: bytes, *, earlier_open: bool, place: Place) -> Outcome:
        async with place:
            self.sends += 1
            self.sent.set()
            await self.answers.wait()
            return LOST

    async def find_coupon(self, *, openid: str, stock_id: str, out_request_no: str) -> str | None:
        self.lookups += 1
        self.looking.set()
        await self.answers.wait()
        return self.lists.pop(0)


@dataclass
class Room:
    ledger: SqliteLedger
    bells: Bells
    notifications: Notifications
    far: Far

    async def a_row(self, state: State, number: str = "n1") -> int:
        """A request in that state; in UNKNOWN, its attempt may have given the coupon."""

        def make(tx: Transaction) -> int:
            draft = Draft(
                out_request_no=number,
                requester="U0LI",
                openid=OPENID,
                stock=STOCK,
                reason="",
                approvals_needed=1,
                created_at=1,
                expires_at=2,
                body=b"{}",
            )
            request, _ = tx.add_requests([draft])[0]
            tx.append(created(request).done_by("U0LI", request.id))
            tx.append(ApprovalGiven(count=1, needed=1).done_by("U0WANG", request.id))
            tx.append(RequestApproved(approvals=["U0WANG"]).done_by("U0WANG", request.id))
            approved = tx.save(request, move(request, State.APPROVED, now=1, due_at=1))
            if state is State.APPROVED:
                return request.id
            later, opened = utc_ms() + 600_000, int(state is State.UNKNOWN)
            after = move(
                approved, State.SENDING, now=1, attempts=1, open_attempts=opened, tries=1, due_at=later
            )
            sending = tx.save(approved, after)
            if state is State.UNKNOWN:
                tx.save(sending, move(sending, State.UNKNOWN, now=1))
            return request.id

        return await self.ledger.write(make)

    async def row(self, number: int) -> Request:
        request = await self.ledger.read(lambda rows: rows.request(number))
        assert request is not None
        return request

    async def settled(self, number: int) -> Request:
        async with asyncio.timeout(60):
            while (found := await self.row(number)).state is not State.SENT:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        troubles: list[BaseException] = []
        sender = Sender(
            ledger=self.ledger,
            issuer=self.far,
            clock=sure(utc_ms),
            bell=self.bells.sending,
            pace=PACE,
            holder="here-1",
            on_outcome=lambda _request, _outcome: None,
            on_trouble=troubles.append,
        )
        loop = asyncio.create_task(sender.run())
        try:
            yield
        finally:
            self.far.answers.set()
            sender.stop()
            await loop
        assert troubles == []


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Room]:
    bells = Bells()
    ledger = SqliteLedger(empty_database(tmp_path / "coupon.db"), clock=utc_ms, on_commit=bells.ring)
    try:
        yield Room(ledger, bells, Notifications(ledger=ledger, clock=utc_ms), Far())
    finally:
        await ledger.close()


async def test_told_before_the_answer_is_lost_it_is_looked_for_at_once(room: Room) -> None:
    room.far.lists = ["C1"]
    number = await room.a_row(State.APPROVED)
    async with room.sending():
        await room.far.sent.wait()
        assert await room.notifications.hear(DIRECT)
        assert room.far.lookups == 0
        room.far.answers.set()
        assert (await room.settled(number)).coupon_code == "C1"
    assert (room.far.sends, room.far.lookups) == (1, 1)


async def test_what_was_told_before_a_crash_is_looked_for_after_it(room: Room) -> None:
    room.far.lists = ["C1"]
    room.far.answers.set()
    number = await room.a_row(State.UNKNOWN)
    assert await room.notifications.hear(DIRECT)
    async with room.sending():
        await room.settled(number)
    assert (room.far.sends, room.far.lookups) == (0, 1)


async def test_a_lookup_that_a_crash_ends_is_begun_again(room: Room) -> None:
    room.far.lists = [None]
    number = await room.a_row(State.UNKNOWN)
    async with room.sending():
        await room.notifications.hear(DIRECT)
        await room.far.looking.wait()
        # What a crash would leave here is still to be looked for, only later.
        look_at = (await room.row(number)).look_at
        assert look_at is not None
        assert look_at > utc_ms()
    assert (await room.row(number)).look_at is None


async def test_told_again_while_looking_it_is_looked_up_once_more(room: Room) -> None:
    """The second coupon may be the one that the first look was too early for."""
    room.far.lists = [None, "C2"]
    number = await room.a_row(State.UNKNOWN)
    async with room.sending():
        await room.notifications.hear(DIRECT)
        await room.far.looking.wait()
        await room.notifications.hear(replace(DIRECT, coupon_code="C2"))
        room.far.answers.set()
        assert (await room.settled(number)).coupon_code == "C2"
    assert (room.far.sends, room.far.lookups) == (0, 2)


async def test_a_notification_is_heard_once(room: Room) -> None:
    number = await room.a_row(State.UNKNOWN)
    assert await room.notifications.hear(DIRECT)
    before = await room.row(number)
    assert not await room.notifications.hear(DIRECT)
    assert await room.row(number) == before
    assert await room.notifications.hear(replace(DIRECT, event="COUPON.OTHER"))


async def test_without_an_openid_only_what_a_call_of_ours_gave_wakes_and_a_burst_is_one_lookup(
    room: Room,
) -> None:
    number = await room.a_row(State.UNKNOWN)
    h5 = "BUSICOUPON_SEND_CHANNEL_H5"
    await room.notifications.hear(replace(DIRECT, coupon_code="A", openid=None, send_channel=h5))
    assert (await room.row(number)).look_at is None
    before = utc_ms()
    await room.notifications.hear(replace(DIRECT, coupon_code="B", openid=None))
    first = (await room.row(number)).look_at
    assert first is not None
    assert first >= before + 1_000
    await room.notifications.hear(replace(DIRECT, coupon_code="C", openid=None))
    assert (await room.row(number)).look_at == first
    # Who is named goes first.
    await room.notifications.hear(replace(DIRECT, coupon_code="D"))
    sooner = (await room.row(number)).look_at
    assert sooner is not None
    assert sooner < first


@pytest.mark.parametrize("state", [State.APPROVED, State.SENDING])
async def test_a_request_without_an_open_attempt_is_left_alone(room: Room, state: State) -> None:
    number = await room.a_row(state)
    before = await room.row(number)
    await room.notifications.hear(DIRECT)
    assert await room.row(number) == before


UNKNOWN = a_request(state=State.UNKNOWN, attempts=1, tries=1, open_attempts=1, due_at=9_000, look_at=5)


def test_absence_after_a_notification_counts_for_nothing() -> None:
    step = settle_lookup(UNKNOWN, Lookup(LookupResult.ABSENT), now=10, earliest=10, latest=10, pace=PACE)
    assert step.after == replace(UNKNOWN, look_at=None)


HELD = replace(UNKNOWN, state=State.HELD)


def test_two_lookups_of_what_is_held_count_only_the_quiet_time_apart_by_a_clock_that_may_be_wrong() -> None:
    def looked_up(request: Request, earliest: int, latest: int) -> Request:
        absent = Lookup(LookupResult.ABSENT)
        return settle_lookup(request, absent, now=latest, earliest=earliest, latest=latest, pace=PACE).after

    first = looked_up(HELD, 0, 1_000)
    assert (first.absent_looks, first.unknown_at, first.look_at) == (1, 1_000, 1_000 + PACE.lookup_pause_ms)
    # The wall clock jumped; what is known of it says that hardly any time went by.
    early = looked_up(first, 2_000, 9_000_000)
    assert early.absent_looks == 1
    assert early.look_at is not None
    second = looked_up(first, 1_000 + PACE.quiet_ms, 1_000 + PACE.quiet_ms)
    assert (second.absent_looks, second.look_at, second.state) == (2, None, State.HELD)


async def test_a_notification_wakes_what_is_held_and_what_was_not_there_before_counts_no_more(
    room: Room,
) -> None:
    room.far.lists = ["C1"]
    room.far.answers.set()
    number = await room.a_row(State.UNKNOWN)

    def hold(tx: Transaction) -> None:
        request = tx.request(number)
        assert request is not None
        tx.save(request, move(request, State.HELD, now=1, due_at=None, absent_looks=2))

    await room.ledger.write(hold)
    assert await room.notifications.hear(DIRECT)
    assert (await room.row(number)).absent_looks == 0
    async with room.sending():
        assert (await room.settled(number)).coupon_code == "C1"
    assert room.far.sends == 0


def test_a_list_that_was_not_to_be_had_is_asked_for_again_after_the_usual_pause() -> None:
    step = settle_lookup(UNKNOWN, Lookup(LookupResult.UNAVAILABLE), now=10, earliest=10, latest=10, pace=PACE)
    assert step.after == replace(UNKNOWN, look_at=600_010)


def test_without_a_list_what_is_held_is_looked_for_again_after_the_longest_pause() -> None:
    """Its tries stand still: after one try it would be looked for, told and drawn anew each second."""
    held = replace(UNKNOWN, state=State.HELD, tries=1, due_at=None)
    step = settle_lookup(held, Lookup(LookupResult.UNAVAILABLE), now=10, earliest=10, latest=10, pace=Pace())
    assert step.after.look_at == 600_010


def test_a_coupon_found_is_sent_and_nothing_more_is_due() -> None:
    after = settle_lookup(
        UNKNOWN, Lookup(LookupResult.FOUND, "C1"), now=10, earliest=10, latest=10, pace=PACE
    ).after
    assert (after.state, after.coupon_code, after.due_at, after.look_at) == (State.SENT, "C1", None, None)
