"""Whether coupon.toml knows the holidays of this year, and soon enough those of the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.doctor.findings import Finding
from coupons.days import BEIJING
from coupons.working_hours import WorkingHours

_CHECK: Final = "working hours"
#: They are announced in the November before.
_DECEMBER: Final = 12


def examine_hours(hours: WorkingHours | None, now: int) -> Iterator[Finding]:
    """Nothing where none are set: then all time counts."""
    if hours is None:
        return
    today = datetime.fromtimestamp(now / 1000, BEIJING)
    years = [today.year] if today.month < _DECEMBER else [today.year, today.year + 1]
    lacking = [str(year) for year in years if year not in hours.years]
    if not lacking:
        yield Finding.ok(_CHECK, f"holidays of {', '.join(map(str, years))} are listed")
        return
    yield Finding.warn(
        _CHECK,
        f"no holidays are listed for {' and '.join(lacking)}, so reminders count them as working days",
        "add the State Council's list to [hours.holidays] and [hours.make_up_days] in coupon.toml",
    )
