"""One process at a time posts in a lane; what Slack closed is closed for all of them, and after a restart."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.leases import LEASE_MS, RENEW_MS, SAFE_MS
from coupons.posts import LONGEST_PAUSE_MS, Post, PostKind, WaitingPost
from handlers.lane_leases import LaneLeases
from storage.ledger import SqliteLedger
from tests.clocks import SetClock
from tests.storage.records import rows

LANE, OTHER = "/", "/U0LI"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_800_000_000_000)


@pytest.fixture
async def ledger(tmp_path: Path, clock: SetClock) -> AsyncGenerator[SqliteLedger]:
    ledger = opened(tmp_path, clock)
    yield ledger
    await ledger.close()


def opened(folder: Path, clock: SetClock) -> SqliteLedger:
    return SqliteLedger(folder / "coupon.db", clock=clock, on_commit=lambda _topics: None)


def of(holder: str, ledger: SqliteLedger, clock: SetClock) -> LaneLeases:
    return LaneLeases(holder=holder, ledger=ledger, steady=clock)


async def posted(ledger: SqliteLedger) -> WaitingPost:
    await ledger.write(lambda tx: tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=1)))
    [waiting] = await ledger.read(lambda read: read.due_posts(PostKind.NEWS, read.lease_clock(), 9))
    return waiting


async def test_a_lane_has_one_holder_until_its_lease_is_over(ledger: SqliteLedger, clock: SetClock) -> None:
    first, second = of("first", ledger, clock), of("second", ledger, clock)
    assert await first.hold([LANE]) == {LANE: 0.0}
    clock.now += 1_000
    assert await second.hold([LANE, OTHER]) == {LANE: 5.0, OTHER: 0.0}
    assert [leases.holds(lane) for leases in (first, second) for lane in (LANE, OTHER)] == [
        True,
        False,
        False,
        True,
    ]
    clock.now += LEASE_MS - 1_000
    assert await second.hold([LANE]) == {LANE: 0.0}
    assert await first.hold([LANE]) == {LANE: 6.0}


async def test_a_lane_that_is_renewed_stays_and_one_that_is_not_is_given_up_before_another_may_take_it(
    ledger: SqliteLedger, clock: SetClock
) -> None:
    first, second = of("first", ledger, clock), of("second", ledger, clock)
    await first.hold([LANE])
    for _ in range(5):
        clock.now += RENEW_MS
        # Nothing new: it was ours all the time.
        assert await first.hold([LANE]) == {}
    assert (await second.hold([LANE]))[LANE] == LEASE_MS / 1000
    clock.now += SAFE_MS - 1
    assert first.holds(LANE)
    clock.now += 1
    assert not first.holds(LANE)
    assert (await second.hold([LANE]))[LANE] == (LEASE_MS - SAFE_MS) / 1000


async def test_who_was_frozen_until_another_took_the_lane_begins_no_post(
    ledger: SqliteLedger, clock: SetClock
) -> None:
    first, second = of("first", ledger, clock), of("second", ledger, clock)
    waiting = await posted(ledger)
    await first.hold([LANE])
    clock.now += LEASE_MS
    await second.hold([LANE])
    assert await ledger.write(lambda tx: first.begins(tx, waiting)) is False
    assert await ledger.read(lambda read: read.may_be_posted(waiting.post.key)) is False
    assert await ledger.write(lambda tx: second.begins(tx, waiting)) is True
    assert await ledger.read(lambda read: read.may_be_posted(waiting.post.key)) is True


async def test_what_slack_closed_is_closed_for_whoever_holds_the_lane_next(
    ledger: SqliteLedger, clock: SetClock
) -> None:
    first, second = of("first", ledger, clock), of("second", ledger, clock)
    await first.hold([LANE])
    await first.close(LANE, 30)
    clock.now += LEASE_MS
    assert await second.hold([LANE]) == {LANE: 24.0}


async def test_a_start_takes_the_lanes_of_the_last_one_at_once_and_knows_what_slack_closed(
    tmp_path: Path, clock: SetClock
) -> None:
    before = opened(tmp_path, clock)
    dead = of("dead", before, clock)
    await dead.hold([LANE, OTHER])
    await dead.close(OTHER, 30)
    await before.close()
    ledger = opened(tmp_path, clock)
    assert rows(tmp_path / "coupon.db", "select name from lease") == [("lane /U0LI",)]
    assert await of("new", ledger, clock).hold([LANE, OTHER]) == {LANE: 0.0, OTHER: 30.0}
    await ledger.close()


async def test_a_closing_that_was_noted_while_the_clock_was_ahead_closes_nothing(
    ledger: SqliteLedger, clock: SetClock
) -> None:
    first, second = of("first", ledger, clock), of("second", ledger, clock)
    await first.hold([LANE])
    await first.close(LANE, LONGEST_PAUSE_MS / 1000)
    clock.now += LEASE_MS
    assert (await second.hold([LANE]))[LANE] == (LONGEST_PAUSE_MS - LEASE_MS) / 1000
    clock.now -= 3_600_000
    assert (await of("third", ledger, clock).hold([LANE]))[LANE] == 0.0
