"""A month of coupons, as finance counts it: by who asked, by stock, by who approved. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One agent, stock or approver. What became of a request is as it stands when the report is made.

    Asked for in the month, by `created_at`: `asked`, `refused`, `ended` (declined, withdrawn, expired or
    closed), `doubtful` (unknown or held), `waiting` (not decided or not sent yet). Sent in the month, by
    `closed_at`: `sent` and `fen`, and of these `not_known`, of which WeChat Pay never told what became. Used
    in the month, whenever sent, as far as is known: `used` and `used_fen`. Approved in the month: times to
    the last approval in milliseconds, None without any.
    """

    name: str
    #: A stock's name; empty of people, whose names the database does not know.
    stock_name: str = ""
    asked: int = 0
    sent: int = 0
    fen: int = 0
    refused: int = 0
    ended: int = 0
    doubtful: int = 0
    waiting: int = 0
    median_ms: int | None = None
    longest_ms: int | None = None
    used: int = 0
    used_fen: int = 0
    not_known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`since` and `before` in UTC milliseconds; the head ties the figures to the log they were read from."""

    since: int
    before: int
    agents: Sequence[MonthLine]
    stocks: Sequence[MonthLine]
    #: Under `asked`, what each approved; a request that needed two counts at both.
    approvers: Sequence[MonthLine]
    total: MonthLine
    #: Events of the month, by seq; 0 when there are none.
    first_seq: int
    last_seq: int
    head_seq: int
    head_hash: str


def median(values: Sequence[int]) -> int | None:
    """The lower one of two in the middle: whole milliseconds, that somebody really waited."""
    return sorted(values)[(len(values) - 1) // 2] if values else None
