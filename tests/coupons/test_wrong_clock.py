"""A clock that is or was wrong: what waits goes on, nothing is given up or forgotten too early."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from coupons.checkpointing import Checkpointer
from coupons.forgetting import Forgetter
from coupons.model import State
from coupons.posts import LONGEST_PAUSE_MS, Post, PostKind
from coupons.settling import Lookup, LookupResult, settle
from tests.clocks import SetClock, sure
from tests.coupons.office import Office
from tests.coupons.samples import a_request
from tests.coupons.test_settling import DOUBT, NO_BUT_OPEN, NOW, PACE

HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    office = Office(tmp_path / "coupon.db")
    yield office
    await office.ledger.close()


def state_after(unknown_at: int, *, started_at: int, now: int, earliest: int) -> tuple[State, int | None]:
    """A second look finds nothing, and WeChat Pay says no: is that the end?"""
    doubt: dict[str, Any] = {**DOUBT, "unknown_at": unknown_at, "absent_looks": 1}
    after = settle(
        a_request(running=True, **doubt),
        NO_BUT_OPEN,
        Lookup(LookupResult.ABSENT),
        started_at=started_at,
        now=now,
        earliest=earliest,
        pace=PACE,
    ).after
    return after.state, after.unknown_at


def test_an_absence_does_not_count_before_its_time_because_the_clock_jumped() -> None:
    """A coupon shows late in the customer's list: given up now, the agent would send another one."""
    ahead = NOW + 26 * HOUR
    state, _ = state_after(NOW - 1_000, started_at=ahead, now=ahead, earliest=NOW)
    assert state is State.UNKNOWN
    state, _ = state_after(NOW - 600_000, started_at=NOW, now=NOW, earliest=NOW)
    assert state is State.REFUSED


def test_an_absence_counts_in_its_time_though_the_clock_had_been_ahead() -> None:
    assert state_after(NOW + 26 * HOUR, started_at=NOW, now=NOW, earliest=NOW) == (State.UNKNOWN, NOW)


async def test_a_promise_put_off_by_a_clock_that_was_ahead_is_due(office: Office) -> None:
    request = await office.put("customer-number-1", "1001", "", State.PENDING)

    def due(tx: Any) -> int:
        return len(tx.due_posts(PostKind.CARD, office.clock(), 9))

    await office.ledger.write(lambda tx: tx.post(Post(kind=PostKind.CARD, request_id=request.id)))
    [post] = await office.ledger.read(lambda rows: rows.due_posts(PostKind.CARD, office.clock(), 9))
    for later, found in ((LONGEST_PAUSE_MS, 0), (LONGEST_PAUSE_MS + 1, 1), (3 * HOUR, 1)):
        due_at = office.clock() + later
        await office.ledger.write(lambda tx, at=due_at: tx.put_post_off(post.id, at))  # type: ignore[misc]
        assert await office.ledger.read(due) == found


async def test_nobody_is_forgotten_by_a_clock_that_is_in_doubt(office: Office) -> None:
    await office.put("customer-number-1", "1001", "", State.SENT)
    steady = SetClock(0)
    watch = sure(office.clock, steady=steady)
    forgetter = Forgetter(ledger=office.ledger, days=30, clock=watch, on_trouble=print)
    office.clock.now += 31 * DAY
    await forgetter._forget(30)
    assert await office.ledger.read(lambda rows: rows.customer_of("customer-number-1")) == 1
    watch.confirm(office.clock())
    await forgetter._forget(30)
    assert await office.ledger.read(lambda rows: rows.customer_of("customer-number-1")) is None


async def test_a_checkpoint_made_while_the_clock_was_ahead_does_not_silence_the_next(office: Office) -> None:
    checkpointer = Checkpointer(
        ledger=office.ledger,
        sign=lambda seq, _hash, _now: f"line {seq}",
        channel="C0AUDIT",
        every=1000,
        clock=office.clock,
        on_trouble=print,
    )
    office.clock.now += 26 * HOUR
    await office.ledger.write(checkpointer._make)
    assert not await office.ledger.read(checkpointer._is_due)
    office.clock.now -= 26 * HOUR
    assert await office.ledger.read(checkpointer._is_due)
