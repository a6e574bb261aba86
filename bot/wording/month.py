"""The words and numbers of a month's report, the same on a terminal, on paper and in a spreadsheet."""

from __future__ import annotations

from typing import Final

from coupons.days import beijing_time
from coupons.money import in_yuan
from coupons.month import Month, MonthLine

TABLES: Final = ("By agent", "By stock", "By approver")
COLUMNS: Final = (
    "asked",
    "sent",
    "yuan sent",
    "refused",
    "ended",
    "doubtful",
    "waiting",
    "median to approve",
    "longest",
)
NOTES: Final = (
    "asked, refused, ended, doubtful, waiting: of the requests of the month, as they stand now.",
    "sent, yuan sent: coupons given in the month, whenever asked for; WeChat Pay's bill has the same.",
    "refused: by WeChat Pay. ended: declined, withdrawn, expired, closed. doubtful: not known, or held.",
    "to approve: from the request to its last approval.",
    "By approver, asked is what each approved; a request with two approvals counts at both.",
)
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def cells(line: MonthLine) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    counts = (line.refused, line.ended, line.doubtful, line.waiting)
    return (
        f"{line.asked:,}",
        f"{line.sent:,}",
        f"{in_yuan(line.fen):,}",
        *(f"{count:,}" for count in counts),
        lasting(line.median_ms),
        lasting(line.longest_ms),
    )


def lasting(ms: int | None) -> str:
    """`4 min`, `3.5 h`, `2.1 d`; a dash for nothing."""
    if ms is None:
        return "–"
    if ms < _MINUTE:
        return f"{ms // 1000} s"
    if ms < _HOUR:
        return f"{ms // _MINUTE} min"
    unit, name = (_HOUR, "h") if ms < 2 * _DAY else (_DAY, "d")
    return f"{ms * 10 // unit / 10:.1f} {name}"


def span_of(month: Month) -> str:
    return f"{beijing_time(month.since)} to {beijing_time(month.before)}, Beijing time"


def tied_to(month: Month) -> str:
    """By which an auditor finds the log that these figures were read from."""
    events = f"events #{month.first_seq} to #{month.last_seq}" if month.last_seq else "no event"
    return f"{events} of the log whose head is #{month.head_seq} {month.head_hash}"
