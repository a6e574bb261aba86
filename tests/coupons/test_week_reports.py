"""The week is promised at its time, once, to who approves then; and once a minute to who asks for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.authority import Authority
from coupons.days import moment
from coupons.errors import DirectoryUnavailable
from coupons.events import Tag
from coupons.policy import DAY_MS, Policy, Rule
from coupons.posts import PostKind
from coupons.recording import Recorded
from coupons.week import WeekTime
from coupons.week_reports import WeekReporter, report_week_to
from tests.clocks import sure
from tests.coupons.office import Office

MONDAY_9 = moment("2026-11-23T09:00:00+08:00") or 0
MONDAYS = WeekTime(0, 9)
POLICY = Policy(
    agents=(), approvers=("S0LEADS",), rules=(Rule(None, 1, ("U0BOSS", "S0LEADS")),), auditors=("U0FIN",)
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    here = Office(tmp_path / "coupon.db")
    here.groups.members_of["S0LEADS"] = frozenset({"U0WANG", "U0ZHAO"})
    yield here
    await here.ledger.close()


async def step(office: Office, at: int, time: WeekTime | None = MONDAYS) -> None:
    office.clock.now = at
    reporter = WeekReporter(
        ledger=office.ledger,
        authority=office.authority(POLICY),
        time=time,
        clock=sure(office.clock),
        on_trouble=_TROUBLES.append,
    )
    await reporter.step()


_TROUBLES: list[BaseException] = []


async def reports(office: Office) -> list[Recorded]:
    return await office.ledger.read(
        lambda rows: [
            event
            for seq in range(1, rows.head()[0] + 1)
            if (event := rows.event(seq)) and event.tag == Tag.WEEK_REPORTED
        ]
    )


@pytest.mark.parametrize(
    ("now", "weekday", "hour", "last"),
    [
        ("2026-11-23T09:00:00+08:00", 0, 9, "2026-11-23T09:00:00+08:00"),
        ("2026-11-23T08:59:59+08:00", 0, 9, "2026-11-16T09:00:00+08:00"),
        ("2026-11-29T23:59:59+08:00", 0, 9, "2026-11-23T09:00:00+08:00"),
        # Still Sunday in London.
        ("2026-11-23T00:30:00+08:00", 0, 0, "2026-11-23T00:00:00+08:00"),
        ("2026-11-24T12:00:00+08:00", 6, 23, "2026-11-22T23:00:00+08:00"),
        ("2027-01-01T12:00:00+08:00", 3, 18, "2026-12-31T18:00:00+08:00"),
    ],
)
def test_the_last_time_that_has_come_by_beijings_clock(now: str, weekday: int, hour: int, last: str) -> None:
    assert WeekTime(weekday, hour).last_before(moment(now) or 0) == moment(last)


async def test_it_is_promised_once_at_its_time_to_all_who_approve(office: Office) -> None:
    await step(office, MONDAY_9 - 1)
    assert await reports(office) == []
    for at in (MONDAY_9, MONDAY_9 + 30_000, MONDAY_9 + 3 * DAY_MS):
        await step(office, at)
    [report] = await reports(office)
    assert report.actor == "system"
    assert report.detail == {
        "since": moment("2026-11-16T00:00:00+08:00"),
        "before": moment("2026-11-23T00:00:00+08:00"),
        "people": ["U0BOSS", "U0WANG", "U0ZHAO"],
    }
    posts = await office.ledger.read(lambda rows: rows.due_posts(PostKind.WEEK, MONDAY_9 + DAY_MS, 9))
    assert [waiting.post.person for waiting in posts] == ["U0BOSS", "U0WANG", "U0ZHAO"]
    await step(office, MONDAY_9 + 7 * DAY_MS)
    assert len(await reports(office)) == 2


async def test_a_bot_that_was_away_is_late_by_a_day_at_most(office: Office) -> None:
    await step(office, MONDAY_9 + DAY_MS)
    assert await reports(office) == []
    await step(office, MONDAY_9 + DAY_MS - 1)
    assert len(await reports(office)) == 1


async def test_without_a_time_or_somebody_to_tell_nothing_is_promised(office: Office) -> None:
    await step(office, MONDAY_9, None)
    assert await reports(office) == []


async def test_who_approves_is_asked_of_slack_then_and_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: Authority) -> frozenset[str]:
        raise DirectoryUnavailable("ratelimited")

    with monkeypatch.context() as patched:
        patched.setattr(Authority, "deciders", away)
        await step(office, MONDAY_9)
    assert isinstance(_TROUBLES.pop(), DirectoryUnavailable)
    assert await reports(office) == []
    await step(office, MONDAY_9 + 30_000)
    assert len(await reports(office)) == 1


async def test_who_asks_twice_within_a_minute_asked_once(office: Office) -> None:
    for at in (0, 59_999, 60_000):
        now = MONDAY_9 + at
        office.clock.now = now
        await office.ledger.write(lambda tx, now=now: report_week_to(tx, "U0WANG", now))  # type: ignore[misc]  # bound now
    await office.ledger.write(lambda tx: report_week_to(tx, "U0ZHAO", MONDAY_9 + 60_000))
    found = await reports(office)
    assert [event.actor for event in found] == ["U0WANG", "U0WANG", "U0ZHAO"]
    assert {event.detail["before"] for event in found} == {moment("2026-11-24T00:00:00+08:00")}
    # And Monday's own has nothing to do with it.
    await step(office, MONDAY_9 + 61_000)
    assert (await reports(office))[-1].actor == "system"
