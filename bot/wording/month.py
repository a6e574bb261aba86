"""The words and numbers of a month's report, the same on a terminal, on paper and in a spreadsheet."""

from __future__ import annotations

from typing import Final

from coupons.days import beijing_time
from coupons.money import in_yuan
from coupons.month import Month, MonthLine
from handlers.views.words import N_, Words

TABLES: Final = (N_("By agent"), N_("By stock"), N_("By approver"))
COLUMNS: Final = (
    N_("asked"),
    N_("sent"),
    N_("yuan sent"),
    N_("used"),
    N_("yuan used"),
    N_("use not known"),
    N_("refused"),
    N_("ended"),
    N_("doubtful"),
    N_("waiting"),
    N_("median to approve"),
    N_("longest"),
)
NOTES: Final = (
    N_("asked, refused, ended, doubtful, waiting: of the requests of the month, as they stand now."),
    N_("sent, yuan sent: coupons given in the month, whenever asked for; WeChat Pay's bill has the same."),
    N_(
        "used, yuan used: coupons that customers used in the month, whenever they were sent, as far as known."
    ),
    N_("use not known: of those sent in the month; WeChat Pay never told what became of them."),
    N_("refused: by WeChat Pay. ended: declined, withdrawn, expired, closed. doubtful: not known, or held."),
    N_("to approve: from the request to its last approval."),
    N_("By approver, asked is what each approved; a request with two approvals counts at both."),
)
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def cells(words: Words, line: MonthLine) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    counts = (line.refused, line.ended, line.doubtful, line.waiting)
    return (
        f"{line.asked:,}",
        f"{line.sent:,}",
        f"{in_yuan(line.fen):,}",
        f"{line.used:,}",
        f"{in_yuan(line.used_fen):,}",
        f"{line.not_known:,}",
        *(f"{count:,}" for count in counts),
        lasting(words, line.median_ms),
        lasting(words, line.longest_ms),
    )


def lasting(words: Words, ms: int | None) -> str:
    """`4 min`, `3.5 h`, `2.1 d`; a dash for nothing."""
    if ms is None:
        return "–"
    if ms < _MINUTE:
        return words("{n} s", n=ms // 1000)
    if ms < _HOUR:
        return words("{n} min", n=ms // _MINUTE)
    unit, name = (_HOUR, N_("{n} h")) if ms < 2 * _DAY else (_DAY, N_("{n} d"))
    return words(name, n=f"{ms * 10 // unit / 10:.1f}")


def span_of(words: Words, month: Month) -> str:
    return words(
        "{since} to {before}, Beijing time",
        since=beijing_time(month.since),
        before=beijing_time(month.before),
    )


def tied_to(words: Words, month: Month) -> str:
    """Names the events and the head of the log that these figures were read from."""
    head = words("the log whose head is #{seq} {hash}", seq=month.head_seq, hash=month.head_hash)
    if not month.last_seq:
        return words("no event of {log}", log=head)
    return words("events #{first} to #{last} of {log}", first=month.first_seq, last=month.last_seq, log=head)
