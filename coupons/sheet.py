"""Requests as rows of a spreadsheet: the same columns on the command line, in Slack and in the browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from coupons.audit_words import Found
from coupons.days import told

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
#: With one of these at its start a spreadsheet takes a cell for a formula, and runs it
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(cell: str) -> str:
    """The same text, which no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def row(found: Found) -> tuple[str, ...]:
    """The customer by the number that events name; never the openid."""
    request = found.request
    cells = (
        str(request.id),
        request.state,
        told(request.created_at),
        request.requester,
        str(request.customer),
        request.stock_id,
        request.stock_name,
        f"{request.value_fen // 100}.{request.value_fen % 100:02}",
        request.ticket,
        request.reason,
        " ".join(found.approvers),
        told(request.closed_at) if request.closed_at is not None else "",
        request.closed_by or "",
        request.decline_reason,
        request.coupon_code or "",
        request.out_request_no,
        request.problem,
    )
    return tuple(safe(str(cell)) for cell in cells)


def as_csv(rows: Iterable[Sequence[str]], *, head: Sequence[str] = COLUMNS) -> str:
    """With the mark by which spreadsheets know UTF-8: without it they show Chinese as question marks."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows(rows)
    return "\ufeff" + stream.getvalue()
