"""Requests as rows of a spreadsheet: the same columns on the command line, in Slack and in the browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from coupons.days import beijing_time
from coupons.encodings import MARK
from coupons.money import in_yuan
from coupons.recording import Recorded

if TYPE_CHECKING:
    from coupons.audit_words import Found
    from coupons.month import Month

COLUMNS = (
    "request",
    "state",
    "asked_at_beijing",
    "requester",
    "customer",
    "stock_id",
    "stock_name",
    "value_yuan",
    "ticket",
    "reason",
    "approvers",
    "closed_at_beijing",
    "closed_by",
    "decline_reason",
    "coupon_code",
    "out_request_no",
    "problem",
)
EVENT_COLUMNS = ("seq", "at_beijing", "tag", "actor", "request", "detail")
MONTH_COLUMNS = (
    *("month", "by", "name", "stock_name", "asked", "sent", "yuan_sent", "refused", "ended", "doubtful"),
    *("waiting", "median_to_approve_s", "longest_to_approve_s", "used", "yuan_used", "use_not_known"),
)
#: A cell: numbers are added up by whoever gets them, everything else is text. None: an empty one.
Cell = str | int | Decimal | None

#: With one of these at its start a spreadsheet takes a cell for a formula, and runs it
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: What a spreadsheet takes for a number, a time or a sum of money, and writes in its own way when it saves:
#: LibreOffice makes 3.56449295215799E+021 of a coupon code, 7 of 007, 1.00E+05 of 1E5, 02/01/26 of 1/2.
_LIKE_A_NUMBER: Final = re.compile(
    r"(?=\D*\d)[\d\s.,:/%()$€¥￥'年月日时分秒+-]+|(?=[.,]?\d)[\d.,]+E[+-]?\d+|"
    r"(?=\D*\d)(\d{1,4}[\s./-]*)?(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|"
    r"sep(tember)?|oct(ober)?|nov(ember)?|dec(ember)?)[\s./,-]*\d{0,4}|"
    r"[\d:]+\s*[ap]m|true|false",
    re.IGNORECASE,
)
#: Excel shows a number of twelve digits as 1.23457E+11, and saves what it shows.
_MOST_DIGITS: Final = 11
#: These come through: a number as it is written anyway, and a month, day or time as this program writes one.
_SAFE: Final = re.compile(
    r"0|[1-9]\d{0,10}|\d{4}-\d\d(-\d\d( \d\d:\d\d(:\d\d)?)?)?", re.ASCII
)  # fmt: skip
_QUOTED: Final = re.compile(r'="(.*)"', re.DOTALL)


def safe(cell: str) -> str:
    """The same text, which no spreadsheet runs as a formula, and none ruins as a number.

    The back-tick is how WeChat Pay's own bills keep spreadsheets away; both Excel and LibreOffice leave it.
    """
    if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA):
        return f"'{cell}"
    ruined = _LIKE_A_NUMBER.fullmatch(cell.strip()) and not _SAFE.fullmatch(cell)
    return f"`{cell}" if ruined else cell


def unguarded(cell: str) -> str:
    """What the cell says, without what keeps spreadsheets from touching it: ours, WeChat Pay's, Excel's."""
    quoted = _QUOTED.fullmatch(cell.strip())
    return (quoted[1] if quoted else cell).strip().lstrip("`'").strip()


def guarded(cell: object) -> object:
    """For a CSV file: the one guard of all that this program writes."""
    if cell is None:
        return ""
    if isinstance(cell, int) and len(str(abs(cell))) > _MOST_DIGITS:
        return f"`{cell}"
    return safe(cell) if isinstance(cell, str) else cell


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV."""
    stream = io.StringIO()
    csv.writer(stream).writerows(map(guarded, row) for row in rows)
    return stream.getvalue()


def row(found: Found | Recorded) -> tuple[Cell, ...]:
    """Under COLUMNS or EVENT_COLUMNS. Not guarded yet.

    The customer by the number that events name; never the openid.
    """
    if isinstance(found, Recorded):
        detail = json.dumps(dict(found.detail), ensure_ascii=False, sort_keys=True)
        return (found.seq, beijing_time(found.ts), str(found.tag), found.actor, found.request_id, detail)
    request = found.request
    return (
        request.id,
        str(request.state),
        beijing_time(request.created_at),
        request.requester,
        request.customer,
        request.stock_id,
        request.stock_name,
        in_yuan(request.value_fen),
        request.ticket,
        request.reason,
        " ".join(found.approvers),
        None if request.closed_at is None else beijing_time(request.closed_at),
        request.closed_by,
        request.decline_reason,
        request.coupon_code,
        request.out_request_no,
        request.problem,
    )


def month_rows(label: str, found: Month) -> Iterator[tuple[Cell, ...]]:
    """Under MONTH_COLUMNS; times in seconds. Not guarded yet."""
    for by, part in (("agent", found.agents), ("stock", found.stocks), ("approver", found.approvers)):
        for line in part:
            counts = (line.asked, line.sent, in_yuan(line.fen), line.refused, line.ended, line.doubtful)
            times = (None if ms is None else ms // 1000 for ms in (line.median_ms, line.longest_ms))
            used = (line.used, in_yuan(line.used_fen), line.not_known)
            yield (label, by, line.name, line.stock_name, *counts, line.waiting, *times, *used)


def as_csv(rows: Iterable[Sequence[Cell]], *, head: Sequence[str] = COLUMNS) -> str:
    """A whole file, with the mark by which spreadsheets know UTF-8."""
    return MARK + lines([head, *rows])
