"""When a clock is believed: a row of what happens to it, and what is known after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from coupons.clock_watch import JUMP_MS, TOLERANCE_MS, ClockWatch, DoubtKind
from tests.clocks import SetClock

NOW = 1_795_400_000_000
HOUR = 3_600_000


class Clocks:
    """A machine's two clocks, and the watch over them, started a moment ago."""

    def __init__(self) -> None:
        self.wall, self.steady = SetClock(NOW), SetClock(5_000)
        self.watch = ClockWatch(self.wall, steady=self.steady)

    def passes(self, ms: int) -> None:
        self.wall.now += ms
        self.steady.now += ms

    @property
    def kind(self) -> DoubtKind | None:
        doubt = self.watch.doubt
        return doubt and doubt.kind


@pytest.fixture
def clocks() -> Clocks:
    clocks = Clocks()
    clocks.watch.confirm(NOW)
    return clocks


def test_nobody_believes_a_clock_that_nobody_has_confirmed() -> None:
    clocks = Clocks()
    assert clocks.kind is DoubtKind.START
    assert clocks.watch.sure() is None
    clocks.watch.confirm(NOW - TOLERANCE_MS)
    assert (clocks.kind, clocks.watch.sure()) == (None, NOW)


def test_time_that_passes_and_the_small_steps_of_ntp_are_nothing(clocks: Clocks) -> None:
    for step in (0, 1, -1, JUMP_MS - 1, 1 - JUMP_MS, JUMP_MS - 1, JUMP_MS - 1):
        clocks.passes(HOUR)
        clocks.wall.now += step
        assert (clocks.kind, clocks.watch.sure()) == (None, clocks.wall.now)
        assert clocks.watch.earliest() == clocks.watch.latest() == clocks.wall.now


@pytest.mark.parametrize("jump", [JUMP_MS, -JUMP_MS, 26 * HOUR, -26 * HOUR])
def test_a_jump_is_doubted_and_what_is_expected_bounds_the_time(clocks: Clocks, jump: int) -> None:
    clocks.wall.now += jump
    clocks.passes(35_000)
    doubt = clocks.watch.doubt
    assert doubt is not None
    assert (doubt.kind, doubt.ahead_ms, clocks.watch.sure()) == (DoubtKind.JUMPED, jump, None)
    true = NOW + 35_000
    assert (clocks.watch.earliest(), clocks.watch.latest()) == (
        min(true, true + jump),
        max(true, true + jump),
    )
    # Set right again: it is where it was expected, whoever confirms it.
    clocks.wall.now -= jump
    assert (clocks.kind, clocks.watch.sure()) == (None, true)


def test_after_a_sleep_that_the_steady_clock_did_not_see_others_confirm_the_time(clocks: Clocks) -> None:
    clocks.wall.now += 8 * HOUR
    assert clocks.kind is DoubtKind.JUMPED
    clocks.watch.confirm(NOW + 8 * HOUR + 2_000)
    assert (clocks.kind, clocks.watch.sure()) == (None, NOW + 8 * HOUR)
    clocks.passes(HOUR)
    assert clocks.kind is None


def test_a_jump_that_others_contradict_stays_doubted(clocks: Clocks) -> None:
    clocks.wall.now += 3 * HOUR
    assert clocks.kind is DoubtKind.JUMPED
    clocks.watch.confirm(NOW)
    assert clocks.kind is DoubtKind.JUMPED


@pytest.mark.parametrize("off", [TOLERANCE_MS + 1, -TOLERANCE_MS - 1, 26 * HOUR, -26 * HOUR])
def test_a_start_with_a_wrong_clock_is_known_by_others_and_mended_by_setting_it(off: int) -> None:
    clocks = Clocks()
    clocks.watch.confirm(NOW + off)
    doubt = clocks.watch.doubt
    assert doubt is not None
    assert (doubt.kind, doubt.ahead_ms) == (DoubtKind.CONTRADICTED, -off)
    assert {clocks.watch.earliest(), clocks.watch.latest()} == {NOW, NOW + off}
    clocks.wall.now += off
    clocks.watch.confirm(NOW + off)
    assert clocks.watch.sure() == NOW + off


def test_a_clock_behind_the_log_is_doubted_until_others_confirm_it() -> None:
    clocks = Clocks()
    clocks.watch.compare_log(NOW + JUMP_MS - 1)
    assert clocks.kind is DoubtKind.START
    clocks.watch.compare_log(NOW + 26 * HOUR)
    doubt = clocks.watch.doubt
    assert doubt is not None
    assert (doubt.kind, doubt.ahead_ms) == (DoubtKind.BEHIND_LOG, -26 * HOUR)
    # The log may be what is wrong: it was written while the clock was ahead.
    clocks.watch.confirm(NOW)
    assert clocks.kind is None


def test_one_odd_word_is_outweighed_by_the_next(clocks: Clocks) -> None:
    clocks.watch.confirm(NOW - HOUR)
    assert clocks.kind is DoubtKind.CONTRADICTED
    clocks.watch.confirm(NOW)
    assert clocks.kind is None


def test_in_a_moment_it_is_one_time_on_its_own_thread(clocks: Clocks) -> None:
    with clocks.watch.moment():
        assert clocks.watch() == NOW
        clocks.wall.now += HOUR
        assert clocks.watch() == NOW
        with ThreadPoolExecutor(1) as other:
            assert other.submit(clocks.watch).result() == NOW + HOUR
    assert clocks.watch() == NOW + HOUR
    with clocks.watch.moment():
        assert clocks.watch() == NOW + HOUR
