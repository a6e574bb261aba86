"""Working time, in Beijing: which moments count for reminders, and how much of a span does.

Holidays and the working days that make up for them (调休) are announced for each year in the November before.
They are therefore lists that people keep: what no list says of a year, nobody here guesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Final

from coupons.days import BEIJING, milliseconds

_MINUTE_MS: Final = 60_000
_DAY: Final = timedelta(days=1)
#: No working day in so many: then there is none to wait for.
_LONGEST_GAP_DAYS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """The same hours on each working day."""

    #: Monday is 0.
    weekdays: frozenset[int]
    #: Minutes since midnight; the second may be 1440.
    begins: int
    ends: int
    holidays: frozenset[date] = frozenset()
    #: Days that are worked although their weekday says otherwise.
    make_up_days: frozenset[date] = frozenset()
    #: Of which the lists are there.
    years: frozenset[int] = frozenset()

    def is_working_day(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day.weekday() in self.weekdays and day not in self.holidays

    def opens(self, at: int) -> int:
        """`at` itself in working time, else when that next begins; `at` where it never does. UTC ms."""
        return next((max(begins, at) for begins, ends in self._spans(at) if at < ends), at)

    def after(self, at: int, worked_ms: int) -> int:
        """When so much working time has passed since `at`; by the wall clock where there is none."""
        left = worked_ms
        for begins, ends in self._spans(at):
            begun = max(begins, at)
            if begun >= ends:
                continue
            if left < ends - begun:
                return begun + left
            left -= ends - begun
        return at + worked_ms

    def worked(self, since: int, until: int) -> int:
        """Milliseconds of working time between two moments; 0 where the second is the earlier one."""
        worked = 0
        for begins, ends in self._spans(since):
            if begins >= until:
                break
            worked += max(min(ends, until) - max(begins, since), 0)
        return worked

    def year_without_list(self, at: int) -> int | None:
        """The year of this moment, if its holidays are not listed."""
        year = datetime.fromtimestamp(at / 1000, BEIJING).year
        return None if year in self.years else year

    def _spans(self, at: int) -> Iterator[tuple[int, int]]:
        """Working time from the day of `at` on, first to last; it ends where no working day comes."""
        day, gap = datetime.fromtimestamp(at / 1000, BEIJING).date(), 0
        while gap < _LONGEST_GAP_DAYS and day.year < MAXYEAR:
            gap += 1
            if self.is_working_day(day):
                gap = 0
                midnight = milliseconds(datetime(day.year, day.month, day.day, tzinfo=BEIJING))
                yield midnight + self.begins * _MINUTE_MS, midnight + self.ends * _MINUTE_MS
            day += _DAY
