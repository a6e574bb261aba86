"""What stands on Home beside requests, as much of each as is read at most: batches, decisions, the week."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coupons.batches import BatchState
from coupons.days import day_start
from coupons.events import Tag
from coupons.model import Request
from coupons.rules import Used
from coupons.week import Week, WeekLine
from handlers.views.batch_card import BatchOnCard
from handlers.views.home import LATELY
from handlers.views.home_decided import Decided
from tests.handlers.batch_samples import BATCH, SHOWN
from tests.handlers.views_samples import NOW, event

URL = "https://shop.slack.com/"
DAY = 86_400_000


def open_batches(many: int, typed: str = "late parcels.xlsx") -> dict[str, Any]:
    """For an Overview: those that wait, those under way, and one's own."""

    def of(state: BatchState, first: int) -> tuple[BatchOnCard, ...]:
        batches = (
            replace(BATCH, id=first + number, state=state, file_name=typed, closed_by="U0LI")
            for number in range(many)
        )
        return tuple(replace(SHOWN, batch=batch) for batch in batches)

    return {
        "batches": of(BatchState.PENDING, 7),
        "batches_under_way": of(BatchState.PAUSED, 200),
        "my_batches": of(BatchState.RUNNING, 400),
    }


def decisions(row: Request, many: int, typed: str = "late parcels.xlsx") -> tuple[Decided, ...]:
    done = replace(BATCH, state=BatchState.DONE, file_name=typed)
    each = (
        Decided(event(Tag.APPROVAL_GIVEN, "U0WANG"), row),
        Decided(event(Tag.REQUEST_DECLINED, "U0WANG"), row),
        Decided(event(Tag.APPROVAL_WITHDRAWN, "U0WANG", count=0, needed=2), row),
        Decided(event(Tag.APPROVAL_GIVEN, "U0WANG", batch=7), done),
        Decided(event(Tag.BATCH_DECLINED, "U0WANG", batch=7), done),
    )
    return (each * many)[: min(many, LATELY)]


def week(many: int, stock_name: str = "¥10 off, late delivery") -> Week:
    """`many` agents and stocks; nobody approved anything where there is none."""
    counts = range(many, 0, -1)
    since = day_start(NOW) - 6 * DAY
    return Week(
        since=since,
        before=since + 7 * DAY,
        agents=[WeekLine(name=f"U0AGENT{n:03}", count=n, fen=n * 1000) for n in counts],
        stocks=[
            WeekLine(name=f"12121212{n:02}", stock_name=stock_name, count=n, fen=n * 1000) for n in counts
        ],
        days=[Used(n, n * 1000) if many else Used() for n in (0, 3, 12, 1, 0, 4, 2)],
        declined=many,
        median_ms=252_000 if many else None,
        longest_ms=7_800_000 if many else None,
        used={"U0AGENT001": Used(many, many * 500)} if many else {},
    )
