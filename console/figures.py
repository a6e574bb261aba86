"""The numbers of the start page and of the charts, of a month or of some days: never of all time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from console import svg
from console.language import N_, WORDS, words
from console.log_database import LogDatabase
from console.person_names import People
from console.ports import Outside
from coupons.days import BEIJING, milliseconds, span
from coupons.money import in_yuan

_DAY_MS: Final = 86_400_000
_TOP: Final = 20
_NUMBER: Final = re.compile(r"\d{5,}")
_CUT: Final = 60

_TOTALS: Final = """
select state, count(*) as n, sum(value_fen) as fen from request
where created_at >= :since and created_at < :before and undoes is null group by state
"""
#: By the day on which it was asked for: that has an index, and most are sent within minutes.
_SENT: Final = """
select (created_at / 1000 + 28800) / 86400 as day, requester, stock_name, reason, count(*) as n,
    sum(value_fen) as fen
from request where created_at >= :since and created_at < :before and state = 'sent'
    and undone_by is null
group by 1, 2, 3, 4
"""
#: By the day on which the customer did; where WeChat Pay does not say, on which we learned of it.
_USED: Final = """
select (coalesce(coupon_state.happened_at, coupon_state.changed_at) / 1000 + 28800) / 86400 as day,
    request.stock_name, count(*) as n, sum(request.value_fen) as fen
from coupon_state join request on request.id = coupon_state.request_id
where coupon_state.state = 'USED'
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) >= :since
    and coalesce(coupon_state.happened_at, coupon_state.changed_at) < :before
group by 1, 2
"""
_REFUSED: Final = """
select (created_at / 1000 + 28800) / 86400 as day, problem, count(*) as n
from request where created_at >= :since and created_at < :before and state = 'refused'
    and undoes is null
group by 1, 2
"""
_APPROVED: Final = """
select max(approval.at) - request.created_at as took
from request join approval on approval.request_id = request.id
where request.created_at >= :since and request.created_at < :before
    and request.undoes is null
    and request.state in ('approved', 'sending', 'sent', 'unknown', 'refused', 'held')
group by request.id
"""
_MINUTES: Final = (
    (1, N_("under 1 min")),
    (5, N_("1 to 5 min")),
    (15, N_("5 to 15 min")),
    (60, N_("15 to 60 min")),
)
_LONGER: Final = N_("over a day")
_HEADS: Final = {"stock": N_("stock"), "agent": N_("agent"), "reason": N_("reason")}
_HOURS: Final = ((4, N_("1 to 4 h")), (12, N_("4 to 12 h")), (24, N_("12 to 24 h")))


@dataclass(frozen=True, slots=True)
class Chart:
    """`drawing` is SVG, made here; `rows` say the same in numbers."""

    name: str
    title: str
    about: str
    drawing: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class StateTotal:
    state: str
    count: int
    fen: int


class Figures:
    def __init__(self, outside: Outside, database: LogDatabase, people: People) -> None:
        self._outside = outside
        self._people = people
        self._database = database

    async def this_month(self) -> tuple[str, Mapping[str, StateTotal]]:
        """The month's name, and what came of the requests made in it, by state."""
        name = self._now().strftime("%Y-%m")
        since, before = span(name)
        rows = await self._rows(_TOTALS, since, before)
        return name, {row["state"]: StateTotal(row["state"], row["n"], row["fen"]) for row in rows}

    async def charts(self, days: int) -> Sequence[Chart]:
        """Of the last so many days, today included."""
        today = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        first = today - timedelta(days=days - 1)
        since, before = milliseconds(first), milliseconds(today + timedelta(days=1))
        names = [(first + timedelta(days=place)).strftime("%m-%d") for place in range(days)]
        start = (since // 1000 + 28_800) // 86_400
        sent = await self._rows(_SENT, since, before)
        await self._people.learn({row["requester"] for row in sent})
        people = [{**dict(row), "requester": self._people.shown_as(row["requester"])} for row in sent]
        refused = await self._rows(_REFUSED, since, before)
        used = await self._rows(_USED, since, before)
        took = [row["took"] for row in await self._rows(_APPROVED, since, before)]
        return [
            _per_day(
                "sent-per-day",
                words("Coupons sent per day"),
                words("By the day they were asked for."),
                sent,
                names,
                start,
            ),
            _per_day(
                "used-per-day",
                words("Coupons used per day"),
                words("As far as WeChat Pay was asked, whenever they were sent."),
                used,
                names,
                start,
            ),
            _fen("stock", words("Given per stock"), sent, "stock_name"),
            replace(_fen("stock", words("Used per stock"), used, "stock_name"), name="used-fen-per-stock"),
            self._took(took),
            _fen("agent", words("Given per agent"), people, "requester"),
            _fen("reason", words("Given per reason"), sent, "reason"),
            _codes(refused),
            _per_day("refused-per-day", words("Refused by WeChat Pay per day"), "", refused, names, start),
        ]

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._outside.clock() / 1000, BEIJING)

    async def _rows(self, sql: str, since: int, before: int) -> Sequence[Mapping[str, Any]]:
        found = await self._database.execute(sql, {"since": since, "before": before}, page_size=1)
        return list(found.rows)

    def _took(self, took: Sequence[int]) -> Chart:
        limits = [(minutes * 60_000, name) for minutes, name in _MINUTES]
        limits += [(hours * 3_600_000, name) for hours, name in _HOURS]
        counts = dict.fromkeys([name for _, name in limits] + [_LONGER], 0)
        for each in took:
            counts[next((name for limit, name in limits if each < limit), _LONGER)] += 1
        bars = [(words(name), n) for name, n in counts.items()]
        middle = WORDS.get().duration(int(median(took))) if took else ""
        about = words("Until the last approval. Median {time}.", time=middle) if took else ""
        title = words("Time to approve")
        return Chart(
            "time-to-approve",
            title,
            about,
            svg.rows(title, bars),
            (words("time"), words("requests")),
            [(name, f"{n:,}") for name, n in bars] if took else [],
        )


def _per_day(
    key: str, title: str, about: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str], start: int
) -> Chart:
    counts = [0] * len(names)
    for row in rows:
        counts[row["day"] - start] += row["n"]
    bars = list(zip(names, counts, strict=True))
    return Chart(
        key,
        title,
        about,
        svg.columns(title, bars),
        (words("day"), words("requests")),
        [(name, f"{n:,}") for name, n in bars],
    )


def _fen(what: str, title: str, rows: Sequence[Mapping[str, Any]], column: str) -> Chart:
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        # A reason in two lines is one bar, and so is one that differs only by an order's number.
        name = " ".join(str(row[column]).split())
        if what == "reason":
            name = _NUMBER.sub("…", name)
        n, fen = counts.get(name, (0, 0))
        counts[name] = n + row["n"], fen + row["fen"]
    top = sorted(counts.items(), key=lambda item: (-item[1][1], item[0]))[:_TOP]
    bars = [(name, fen) for name, (_, fen) in top]
    about = words("In yuan.")
    if len(counts) > _TOP:
        about = words("The {top} largest of {count}, in yuan.", top=_TOP, count=f"{len(counts):,}")
    if what == "reason":
        about += " " + words("Reasons that differ only by a long number are one.")
    return Chart(
        f"fen-per-{what}",
        title,
        about,
        svg.rows(title, bars, shown=[f"{in_yuan(fen):,}" for _, fen in bars]),
        (words(_HEADS[what]), words("coupons"), words("yuan")),
        [(name, f"{n:,}", f"{in_yuan(fen):,}") for name, (n, fen) in top],
    )


def _codes(rows: Sequence[Mapping[str, Any]]) -> Chart:
    counts: dict[str, int] = {}
    for row in rows:
        name = str(row["problem"])[:_CUT] or words("without a code")
        counts[name] = counts.get(name, 0) + row["n"]
    bars = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    title = words("Refused by WeChat Pay, by code")
    table = [(name, f"{n:,}") for name, n in bars]
    return Chart(
        "refused-by-code", title, "", svg.rows(title, bars), (words("code"), words("requests")), table
    )
