"""What Slack's refusals teach, and how it is forgotten."""

from __future__ import annotations

import pytest

from handlers.post_pace import PostPace
from tests.clocks import SetClock

POSTS, REDRAWS = "/", "redraw/"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_000)


@pytest.fixture
def pace(clock: SetClock) -> PostPace:
    return PostPace(clock)


def test_until_slack_refuses_a_call_nobody_waits(pace: PostPace) -> None:
    assert [pace.took(POSTS) for _ in range(50)] == [0.0] * 50


def test_after_a_refusal_calls_of_that_lane_are_a_second_apart_and_changes_of_cards_a_little_more(
    pace: PostPace,
) -> None:
    for lane in (POSTS, REDRAWS):
        pace.refused(lane, 1)
    assert (pace.took(POSTS), pace.took(REDRAWS), pace.took("/U0LI")) == (1.0, 1.2, 0.0)


def test_a_quiet_minute_forgets_it_and_a_long_closing_is_no_quiet_minute(
    pace: PostPace, clock: SetClock
) -> None:
    pace.refused(POSTS, 90)
    clock.now += 90_000
    assert pace.took(POSTS) == 1.0
    clock.now += 60_999
    assert pace.took(POSTS) == 1.0
    clock.now += 61_000
    assert pace.took(POSTS) == 0.0
    assert pace.took(POSTS) == 0.0


def test_refusals_at_that_pace_make_it_slower_up_to_an_end_and_answers_faster_again(
    pace: PostPace, clock: SetClock
) -> None:
    seen = []
    for _ in range(3):
        pace.refused(POSTS, 1)
        seen.append(pace.took(POSTS))
    assert seen == [1.0, 1.5, pytest.approx(1.5 * 1.5 * 0.98)]
    for _ in range(50):
        pace.refused(POSTS, 1)
    assert pace.took(POSTS) == 30.0
    for _ in range(250):
        clock.now += 30_000
        pace.took(POSTS)
    assert pace.took(POSTS) == 1.0
