"""What was given in some days, as leads see it: on Home, and once a week in a direct message. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from coupons.days import BEIJING, day_start, milliseconds
from coupons.policy import DAY_MS
from coupons.rules import Used

DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """Coupons of one agent, or of one stock, that were sent; `fen`: what they are worth together."""

    #: A user id or a stock_id.
    name: str
    #: Empty of people, whose names the database does not know.
    stock_name: str = ""
    count: int
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Whole days in Beijing; UTC milliseconds. What ended in them counts, whenever it was asked for."""

    since: int
    before: int
    #: The largest sums first.
    agents: Sequence[WeekLine]
    stocks: Sequence[WeekLine]
    #: What was sent on each of the days.
    days: Sequence[Used]
    #: Requests that an approver said no to, lines of batches among them.
    declined: int
    #: From asking to the last approval, of the requests that were sent and of the batches that were approved,
    #: each of which counts once; None: there was none that people approved.
    median_ms: int | None = None
    longest_ms: int | None = None
    #: What customers used in these days, by whom it was asked for, whenever it was sent, as far as WeChat Pay
    #: was asked.
    used: Mapping[str, Used] = field(default_factory=dict)

    @property
    def used_in_all(self) -> Used:
        return Used(
            sum(each.count for each in self.used.values()), sum(each.fen for each in self.used.values())
        )

    @property
    def count(self) -> int:
        return sum(day.count for day in self.days)

    @property
    def fen(self) -> int:
        return sum(day.fen for day in self.days)


def days_until_now(now: int) -> tuple[int, int]:
    """Today and the six days before: first moment, and the first one after."""
    before = day_start(now) + DAY_MS
    return before - DAYS * DAY_MS, before


def days_before(now: int) -> tuple[int, int]:
    """The seven whole days before today."""
    before = day_start(now)
    return before - DAYS * DAY_MS, before


@dataclass(frozen=True, slots=True)
class WeekTime:
    """When it goes out, in Beijing. `weekday`: 0 is Monday."""

    weekday: int
    hour: int

    def last_before(self, now: int) -> int:
        """The last such moment that has come; UTC milliseconds."""
        today = datetime.fromtimestamp(now / 1000, BEIJING)
        moment = today.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        moment -= timedelta(days=(today.weekday() - self.weekday) % 7)
        at = milliseconds(moment)
        return at if at <= now else at - 7 * DAY_MS
