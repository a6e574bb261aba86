"""[hours] of coupon.toml: what it means, what cannot be right in it, and a year that it does not know."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from bot.config.coupon_toml import load_coupon_toml
from bot.config.toml_tables import CouponTomlProblems
from bot.doctor.findings import Level
from bot.doctor.hours import examine_hours
from coupons.days import BEIJING, milliseconds
from coupons.working_hours import WorkingHours

EXAMPLE = Path(__file__).parents[2] / "coupon.toml"
HEAD = 'approval_channel = "C0APPROVE"\n[roles]\napprovers = ["U0WANG"]\n'
SMALLEST = f'{HEAD}[hours]\nfrom = "09:00"\nto = "18:00"\n'


def load(folder: Path, text: str) -> WorkingHours | None:
    path = folder / "coupon.toml"
    path.write_text(text, encoding="utf-8")
    return load_coupon_toml(path).policy.hours


def test_the_example_names_the_days_of_2026(tmp_path: Path) -> None:
    """As the State Council announced them in November 2025."""
    example = EXAMPLE.read_text(encoding="utf-8")
    lines = example.partition("# [hours]")[2].partition("\n\n")[0].splitlines()
    table = "\n".join(["[hours]", *(line.removeprefix("# ") for line in lines[1:])])
    hours = load(tmp_path, f"{example}\n{table}\n")
    assert hours is not None
    worked = [day for day in range(1, 13) if hours.is_working_day(date(2026, 10, day))]
    assert worked == [8, 9, 10, 12]
    assert not hours.is_working_day(date(2026, 2, 23))
    assert hours.is_working_day(date(2026, 2, 28))
    assert (hours.begins, hours.ends, hours.years) == (540, 1080, {2026})


def test_without_it_all_time_counts(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD) is None


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            '[hours]\nfrom = "18:00"\nto = "09:00"',
            "[hours] from reads '18:00' and to '09:00'; from must be",
        ),
        (
            '[hours]\nfrom = "9"\nto = "18:00"',
            "[hours] from reads '9'; it must be a time in Beijing like",
        ),
        (
            '[hours]\nto = "18:00"',
            "[hours] from is missing; it must be when work begins",
        ),
        (f"{SMALLEST}days = []", "[hours] days is an empty list"),
        (f'{SMALLEST}days = ["monday"]', "[hours] days 1 reads 'monday'; it must be 'mon', 'tue'"),
        (f'{SMALLEST}[hours.holidays]\n2027 = ["02-30"]', "[hours.holidays] 2027 reads '02-30'"),
        (
            f'{SMALLEST}[hours.holidays]\n2027 = ["10-07..10-01"]',
            "2027 reads '10-07..10-01'",
        ),
        (f'{SMALLEST}[hours.holidays]\n2027 = ["1 May"]', "reads '1 May'; it must be a day like 10-01"),
        (f'{SMALLEST}[hours.make_up_days]\n2027 = ["10-10"]', "has 2027, and [hours.holidays] has not"),
        (
            f'{SMALLEST}[hours.holidays]\n2027 = ["10-01"]\n[hours.make_up_days]\n2027 = ["10-01"]',
            "[hours] names 2027-10-01 as a holiday and as a make-up day",
        ),
        (f"{SMALLEST}form = 1", "unknown key 'form' in [hours]; the nearest is 'from'"),
        (f"{SMALLEST}holiday = 1", "unknown key 'holiday' in [hours]; the nearest is 'holidays'"),
    ],
)
def test_what_cannot_be_right_is_told_with_its_place(tmp_path: Path, table: str, sentence: str) -> None:
    text = table if "approval_channel" in table else f"{HEAD}{table}"
    with pytest.raises(CouponTomlProblems) as error:
        load(tmp_path, text)
    assert any(sentence in problem for problem in error.value.problems), error.value.problems


@pytest.mark.parametrize(
    ("day", "years", "level", "seen"),
    [
        ("2026-11-30", {2026}, Level.OK, "2026"),
        ("2026-12-01", {2026}, Level.WARN, "no holidays are listed for 2027,"),
        ("2027-01-01", {2026}, Level.WARN, "no holidays are listed for 2027,"),
        ("2026-12-01", {2026, 2027}, Level.OK, "2026, 2027"),
        ("2026-12-31", set(), Level.WARN, "for 2026 and 2027,"),
    ],
)
def test_doctor_names_a_year_without_its_list(day: str, years: set[int], level: Level, seen: str) -> None:
    hours = WorkingHours(weekdays=frozenset(range(5)), begins=540, ends=1080, years=frozenset(years))
    now = milliseconds(datetime.fromisoformat(day).replace(tzinfo=BEIJING))
    [finding] = examine_hours(hours, now)
    assert finding.level is level
    assert seen in finding.seen
    assert [*examine_hours(None, now)] == []
