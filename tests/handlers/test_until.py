"""Until when somebody is away, as people type it; Beijing time is 2026-12-01, a Tuesday, 15:00."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.absence import LONGEST_ABSENCE_MS
from coupons.days import BEIJING, beijing_time, milliseconds
from handlers.absence_words import Away, Back
from handlers.parsing import Misread, parse
from handlers.until import Unclear, Why, read_until

NOW = milliseconds(datetime(2026, 12, 1, 15, 0, tzinfo=BEIJING))


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        *((text, "12-05 23:59") for text in ("2026-12-05", "2026/12/5", "20261205", "12-05", "１２－０５")),
        *(
            (text, "12-05 23:59")
            for text in ("5th", "5号", "5日", "12月5日", "十二月五日", "Dec 5", "5 December")
        ),
        *((text, "12-04 23:59") for text in ("friday", "Fri", "周五", "星期五", "until friday", "到周五")),
        *((text, "12-04 15:00") for text in ("3d", "3 days", "3天", "三天", "in 3 days", "3天后")),
        *((text, "12-15 15:00") for text in ("2w", "两周", "2个星期")),
        *((text, "12-01 19:00") for text in ("4h", "4 hours", "4小时")),
        *((text, "12-05 14:00") for text in ("12-05 14:00", "12-05T14:00", "12-05 2pm", "12月5日下午2点")),
        *((text, "12-04 15:30") for text in ("周五下午3点半", "周五15:30", "friday 3:30pm", "周五 15点30分")),
        ("今晚8点", "12-01 20:00"),
        ("tomorrow 9am", "12-02 09:00"),
        ("明天", "12-02 23:59"),
        ("18:00", "12-01 18:00"),
        ("下周五", "12-11 23:59"),
        ("25/12", "12-25 23:59"),
        ("12-05 24:00", "12-05 23:59"),
        ("中午12点", ""),
        ("12am", ""),
    ],
)
def test_what_people_type_is_read_as_they_mean_it(typed: str, until: str) -> None:
    found = read_until(typed, NOW)
    if not until:
        assert isinstance(found, Unclear)
        assert found.why is Why.PAST
        return
    assert not isinstance(found, Unclear), found
    assert beijing_time(found)[5:16] == until


def test_a_date_soon_after_new_year_is_next_years() -> None:
    found = read_until("01-05", NOW)
    assert isinstance(found, int)
    assert beijing_time(found).startswith("2027-01-05")


@pytest.mark.parametrize(
    ("typed", "why", "days"),
    [
        ("", Why.MISSING, ""),
        ("soon", Why.UNREADABLE, ""),
        ("9", Why.UNREADABLE, ""),
        ("friday 25:00", Why.UNREADABLE, ""),
        ("半天", Why.UNREADABLE, ""),
        ("2026-02-30", Why.NO_SUCH_DAY, ""),
        ("1000d", Why.TOO_LONG, ""),
        ("2028-01-01", Why.TOO_LONG, ""),
        # Half of the world puts the day first; today's weekday may be today's or next week's.
        ("5/12", Why.AMBIGUOUS, "05-12 12-05"),
        ("12.5", Why.AMBIGUOUS, "12-05 05-12"),
        ("tuesday", Why.AMBIGUOUS, "12-01 12-08"),
        ("周二", Why.AMBIGUOUS, "12-01 12-08"),
        ("next friday", Why.AMBIGUOUS, "12-04 12-11"),
        ("2026-11-30", Why.PAST, "11-30"),
        ("11-05", Why.PAST, "11-05"),
        ("本周一", Why.PAST, "11-30"),
        ("9:00", Why.PAST, "12-01"),
    ],
)
def test_what_may_mean_two_moments_or_a_past_one_is_not_guessed_at(typed: str, why: Why, days: str) -> None:
    found = read_until(typed, NOW)
    assert isinstance(found, Unclear)
    assert found.why is why
    assert " ".join(beijing_time(at)[5:10] for at in (found.first, found.second) if at is not None) == days


@given(st.text(max_size=40), st.integers(0, 4_000_000_000_000))
def test_whatever_is_typed_it_is_a_moment_to_come_or_a_reason(typed: str, now: int) -> None:
    found = read_until(typed, now)
    assert isinstance(found, Unclear) or now < found <= now + LONGEST_ABSENCE_MS


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("away friday <@U0WANG|wang>", Away("friday", ("U0WANG",))),
        ("away <@U0WANG> 12-05 14:00", Away("12-05 14:00", ("U0WANG",))),
        ("AWAY\u00a03d", Away("3d")),
        ("away", Away("")),
        ("away 3d <@U0WANG|wang> <@U0LI|li>", Away("3d", ("U0WANG", "U0LI"))),
        # What Slack made no mention of, or one of a group, is nobody who could decide.
        ("away 3d @wang", Away("3d", (), "@wang")),
        ("away 3d <!subteam^S0LEADS|@leads>", Away("3d", (), "@leads")),
        ("back", Back()),
    ],
)
def test_who_is_named_is_whom_slack_names(text: str, understood: object) -> None:
    assert parse(text) == understood
    assert isinstance(parse("back tomorrow"), Misread)
