"""Working time in Beijing: what of a span counts, and when so much of it has passed."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.asking import Submitted
from coupons.days import BEIJING, milliseconds
from coupons.events import Tag
from coupons.policy import DAY_MS, Escalation, Policy
from coupons.working_hours import WorkingHours
from tests.coupons.office import Office

HOUR = 3_600_000
#: The first week of October is a holiday, and the Saturday after it is worked.
HOURS = WorkingHours(
    weekdays=frozenset(range(5)),
    begins=9 * 60,
    ends=18 * 60,
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    make_up_days=frozenset({date(2026, 10, 10)}),
    years=frozenset({2026}),
)


def at(text: str) -> int:
    return milliseconds(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BEIJING))


@pytest.mark.parametrize(
    ("since", "hours", "then"),
    [
        ("09-28 09:00", 1, "09-28 10:00"),
        ("09-28 17:30", 1, "09-29 09:30"),
        ("09-28 20:00", 1, "09-29 10:00"),
        ("09-28 06:00", 9, "09-29 09:00"),
        # Friday to Monday; over the holiday, whose make-up day counts.
        ("09-25 17:00", 2, "09-28 10:00"),
        ("09-30 17:00", 2, "10-08 10:00"),
        ("10-09 17:00", 2, "10-10 10:00"),
    ],
)
def test_so_much_working_time_has_passed_then(since: str, hours: int, then: str) -> None:
    assert HOURS.after(at(since), hours * HOUR) == at(then)
    assert HOURS.worked(at(since), at(then)) == hours * HOUR
    assert HOURS.worked(at(then), at(since)) == 0
    assert HOURS.opens(at(since)) <= at(then)


def test_a_year_without_its_list_is_not_known() -> None:
    assert HOURS.year_without_list(at("12-31 23:59")) is None
    assert HOURS.year_without_list(at("12-31 23:59") + 60_000) == 2027


def test_where_no_day_is_worked_the_wall_clock_counts() -> None:
    never = WorkingHours(weekdays=frozenset(), begins=540, ends=1080)
    assert never.after(0, 5) == 5
    assert never.opens(7) == 7


@given(st.integers(at("01-01 00:00"), at("12-01 00:00")), st.integers(0, 40 * HOUR))
def test_what_has_passed_by_then_is_what_was_waited_for(since: int, worked: int) -> None:
    then = HOURS.after(since, worked)
    assert HOURS.worked(since, then) == worked
    assert HOURS.opens(then) == then


async def test_reminders_and_escalation_count_working_time(
    office: Office,
) -> None:
    """Asked on a Friday evening: the first reminder is Monday's; the year without its list is told once."""
    policy = Policy(
        agents=(),
        approvers=("U0WANG",),
        expiry_ms=7 * DAY_MS,
        reminders_ms=(HOUR, 2 * HOUR),
        escalation=Escalation(after_ms=2 * HOUR, mention="U0BOSS"),
        hours=WorkingHours(weekdays=frozenset(range(5)), begins=540, ends=1080),
    )
    office.clock.now = at("09-25 17:30")
    found = await office.asking(policy).submit(office.ask("1", "oCustomer-0000000000000000", "1001"))
    assert isinstance(found, Submitted)
    reminder, seen = office.reminder(policy), []
    for moment in ("09-25 18:40", "09-28 08:59", "09-28 09:31", "09-28 10:31"):
        office.clock.now = at(moment)
        await reminder.step()
        events = [each for each in await office.events(found.request.id) if each.tag == Tag.REQUEST_REMINDED]
        seen.append(len(events))
    assert seen == [0, 0, 1, 2]
    assert [(each.detail["mention"], each.detail.get("no_list_for")) for each in events] == [
        (None, 2026),
        ("U0BOSS", None),
    ]
    assert events[0].detail["worked_ms"] == HOUR + 60_000
    # Nobody is there, and it is evening: called when working time begins.
    office.clock.now = at("09-28 19:00")
    await office.absences(policy).begin("U0WANG", until=at("10-20 09:00"), deputy=None)
    await reminder.step()
    assert (await office.request(found.request.id)).remind_at == at("09-29 09:00")
