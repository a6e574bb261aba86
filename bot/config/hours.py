"""[hours] of coupon.toml: what it means as working time, and what cannot be right in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from bot.config.coupon_toml_tables import HoursTable
from coupons.working_hours import WorkingHours

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def working_hours(table: HoursTable) -> WorkingHours:
    """After `hours_problems` found none."""
    return WorkingHours(
        weekdays=frozenset(map(_WEEKDAYS.index, table.days)),
        begins=_minutes(table.begins),
        ends=_minutes(table.ends),
        holidays=frozenset(_all_days(table.holidays)),
        make_up_days=frozenset(_all_days(table.make_up_days)),
        years=frozenset(map(int, table.holidays)),
    )


def hours_problems(table: HoursTable) -> list[str]:
    """As whole sentences."""
    problems = []
    if not table.days:
        problems.append("[hours] days is an empty list; it must name the weekdays that are worked")
    if _minutes(table.begins) >= _minutes(table.ends):
        problems.append(
            f"[hours] from reads {table.begins!r} and to {table.ends!r}; from must be the earlier one"
        )
    wrong = [
        f"[hours.{name}] {year} reads {entry!r}; it must be a day of that year, or its first and last day"
        for name, years in (("holidays", table.holidays), ("make_up_days", table.make_up_days))
        for year, entries in years.items()
        for entry in entries
        if not _days(year, entry)
    ]
    lonely = sorted(table.make_up_days.keys() - table.holidays.keys())
    problems += wrong + [
        f"[hours.make_up_days] has {year}, and [hours.holidays] has not; both are announced together"
        for year in lonely
    ]
    both = {*_all_days(table.holidays)} & {*_all_days(table.make_up_days)}
    return problems + [
        f"[hours] names {day} as a holiday and as a make-up day; it can be only one" for day in sorted(both)
    ]


def _all_days(years: Mapping[str, Sequence[str]]) -> Iterator[date]:
    for year, entries in years.items():
        for entry in entries:
            yield from _days(year, entry)


def _days(year: str, entry: str) -> list[date]:
    """None, where there is no such day, or the last comes before the first."""
    first, _, last = entry.partition("..")
    try:
        begins, ends = (date.fromisoformat(f"{year}-{day}") for day in (first, last or first))
    except ValueError:
        return []
    return [begins + timedelta(days=place) for place in range((ends - begins).days + 1)]


def _minutes(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)
