"""A pause of sending stops time: what waits has, after it, what it had before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.asking import Submitted
from coupons.checkpointing import Posted, compare_posted
from coupons.events import Tag
from coupons.model import Pause, State
from coupons.policy import DAY_MS, Escalation, Policy
from coupons.posts import PostKind
from tests.coupons.office import Office

HOUR = 3_600_000
POLICY = Policy(
    agents=(),
    approvers=("U0WANG",),
    reminders_ms=(2 * HOUR,),
    escalation=Escalation(after_ms=4 * HOUR, mention="U0ZHAO"),
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    office = Office(tmp_path / "coupon.db")
    yield office
    await office.ledger.close()


async def asked(office: Office, delivery: str) -> int:
    found = await office.asking(POLICY).submit(office.ask(delivery, f"customer-number-{delivery}", "1001"))
    assert isinstance(found, Submitted)
    return found.request.id


async def pause(office: Office) -> None:
    assert isinstance(await office.desk(POLICY).pause("U0WANG", pause=True), Pause)


async def resume(office: Office) -> None:
    assert await office.desk(POLICY).pause("U0WANG", pause=False) is None


async def turn(office: Office) -> None:
    """What the loops do at this moment."""
    await office.desk(POLICY).expire(office.clock())
    await office.reminder(POLICY).step()


async def left(office: Office, number: int) -> int:
    request = await office.request(number)
    assert request.state is State.PENDING
    return request.expires_at - office.clock()


async def test_nothing_expires_and_nobody_is_called_while_it_lasts_and_each_goes_on_after_it(
    office: Office,
) -> None:
    earlier = await asked(office, "1")
    office.clock.now += HOUR
    await pause(office)
    office.clock.now += 10 * HOUR
    during = await asked(office, "2")
    for _ in range(40):
        office.clock.now += HOUR
        await turn(office)
    await resume(office)
    await turn(office)
    assert (await left(office, earlier), await left(office, during)) == (23 * HOUR, 24 * HOUR)
    assert await office.tags(earlier) == await office.tags(during) == [Tag.REQUEST_CREATED]
    # Called to mind after two and four hours of waiting, the pause not counted.
    reminded = []
    for hour in range(1, 24):
        office.clock.now += HOUR
        await turn(office)
        events = await office.events(earlier)
        if len(events) > 1 + len(reminded) and hour < 23:
            reminded.append((hour, events[-1].detail["waited_ms"], events[-1].detail.get("mention")))
    assert reminded == [(1, 2 * HOUR, None), (3, 4 * HOUR, "U0ZHAO")]
    assert (await office.request(earlier)).state is State.EXPIRED
    assert await left(office, during) == HOUR


async def test_pauses_add_up(office: Office) -> None:
    number = await asked(office, "1")
    for _ in range(3):
        office.clock.now += HOUR
        await pause(office)
        office.clock.now += 30 * HOUR
        await resume(office)
        await turn(office)
    assert await left(office, number) == 21 * HOUR


async def test_the_pause_of_a_restored_file_stops_time_too(office: Office) -> None:
    number = await asked(office, "1")
    now = office.clock()
    lost = [Posted(99, "ab" * 32)]
    await office.ledger.write(lambda tx: compare_posted(tx, lost, channel="C0AUDIT", now=now))
    office.clock.now += 3 * DAY_MS
    await turn(office)
    await resume(office)
    await turn(office)
    assert await left(office, number) == DAY_MS


async def test_a_pause_that_seems_to_begin_in_the_future_leaves_each_its_whole_time(office: Office) -> None:
    number = await asked(office, "1")
    office.clock.now += 26 * HOUR
    await pause(office)
    office.clock.now -= 25 * HOUR
    await resume(office)
    assert await left(office, number) == DAY_MS


async def test_the_cards_of_all_that_is_open_are_drawn_anew_at_both_ends(office: Office) -> None:
    states = [State.PENDING, State.APPROVED, State.SENDING, State.UNKNOWN, State.HELD]
    every = [state for state in State if state is not State.UNDONE]
    numbers = [(await office.put(f"customer-{state}", "1001", "", state)).id for state in every]
    for number in numbers:
        await office.ledger.write(lambda tx, n=number: tx.set_card(n, "C0APPROVE", f"{n}.0"))  # type: ignore[misc]
    unposted = await asked(office, "new")
    for change in (pause, resume):
        await change(office)
        posts = await office.ledger.read(
            lambda rows: [
                (kind, each.post.request_id, each.version)
                for kind in (PostKind.REDRAW, PostKind.CARD)
                for each in rows.due_posts(kind, office.clock(), 99)
            ]
        )
        version = 1 + int(change is resume)
        opened = [number for number, state in zip(numbers, every, strict=True) if state in states]
        assert posts == [
            *((PostKind.REDRAW, number, version) for number in reversed(opened)),
            (PostKind.CARD, unposted, version + 1),
        ]
