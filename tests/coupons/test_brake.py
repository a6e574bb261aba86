"""One brake for all calls: a rate, halved by "too fast", and pauses of the stock that was too fast."""

from __future__ import annotations

import pytest

from coupons.brake import Brake
from tests.clocks import SetClock

PAUSES = (1.0, 2.0, 4.0)


def brake(per_second: float = 100.0) -> tuple[Brake, SetClock]:
    steady = SetClock(0)
    return Brake(per_second=per_second, pauses_s=PAUSES, steady=steady), steady


def leaves_in(held: Brake, steady: SetClock, ms: int) -> int:
    """How many calls leave, looked at every ten milliseconds."""
    left = 0
    for _ in range(ms // 10):
        steady.now += 10
        free = held.free()
        held.took(free)
        left += free
    return left


@pytest.mark.parametrize("per_second", [7.0, 100.0, 400.0])
def test_no_more_leave_than_the_rate_allows(per_second: float) -> None:
    held, steady = brake(per_second)
    assert per_second * 9 <= leaves_in(held, steady, 10_000) <= per_second * 10.1 + 1
    # What did not leave while nothing was there is not caught up.
    steady.now += 3_600_000
    assert held.free() <= max(per_second * 0.1, 1)


def test_it_says_when_the_next_may_leave() -> None:
    held, steady = brake(2.0)
    held.took(held.free())
    steady.now += held.next_free_ms() - 2
    assert held.free() == 0
    steady.now += 2
    assert held.free() == 1


def test_a_stock_that_was_too_fast_waits_longer_each_time_and_the_others_go_on() -> None:
    held, steady = brake()
    for pause_s in (1, 2, 4, 4):
        # All that were on the wire together are refused together.
        lasts = [held.too_fast("A", None) for _ in range(16)]
        assert set(lasts) == {pause_s == 4}
        assert (list(held.closed()), held.opens_in_ms("A"), held.opens_in_ms("B")) == (
            ["A"],
            pause_s * 1000,
            0,
        )
        steady.now += pause_s * 1000
        assert list(held.closed()) == []


def test_an_answer_from_before_the_pause_ends_it_not_and_one_after_it_makes_the_next_short_again() -> None:
    held, steady = brake()
    held.too_fast("A", None)
    held.was_taken("A")
    assert list(held.closed()) == ["A"]
    steady.now += 1_000
    held.was_taken("A")
    held.too_fast("A", None)
    assert held.opens_in_ms("A") == 1_000


@pytest.mark.parametrize(("asked_s", "ms"), [(None, 1_000), (0.2, 1_000), (3.0, 3_000), (3_600.0, 4_000)])
def test_it_waits_as_long_as_wechat_pay_asks_and_no_longer_than_the_longest(
    asked_s: float | None, ms: int
) -> None:
    held, _ = brake()
    held.too_fast("A", asked_s)
    assert held.opens_in_ms("A") == held.next_free_ms() == ms


def test_the_rate_of_all_is_halved_once_for_those_refused_together_and_comes_back_by_itself() -> None:
    held, steady = brake()
    for stock in ("A", "B", "A"):
        held.too_fast(stock, None)
    assert leaves_in(held, steady, 1_000) == pytest.approx(50, abs=12)
    held.too_fast("A", None)
    assert leaves_in(held, steady, 1_000) == pytest.approx(26, abs=8)
    steady.now += 60_000
    held.took(held.free())
    assert leaves_in(held, steady, 1_000) == pytest.approx(100, abs=2)


def test_it_never_stops_altogether() -> None:
    held, steady = brake(2.0)
    for _ in range(20):
        held.too_fast("A", None)
        steady.now += 1_000
    assert leaves_in(held, steady, 3_000) >= 2
