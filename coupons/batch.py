"""Many requests that are asked for at once: their lines, and what these add up to. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coupons.model import Stock


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One coupon that is asked for; `row` is where the requester finds it in the own file."""

    row: int
    #: Not in the repr, which may reach a log.
    openid: str = field(repr=False)
    stock: Stock
    reason: str
    ticket: str


@dataclass(frozen=True, slots=True)
class AskedLately:
    """The newest counted request for each customer (openid) and stock_id, and with each ticket."""

    by_stock: Mapping[tuple[str, str], int] = field(repr=False)
    by_ticket: Mapping[str, int]


def asked_before(lines: Iterable[BatchLine], lately: AskedLately) -> Mapping[int, int]:
    """By the row of a line: the number of a request that asked for the same stock for the same customer."""
    found = ((line.row, lately.by_stock.get((line.openid, line.stock.stock_id))) for line in lines)
    return {row: number for row, number in found if number is not None}


def same_asked_twice(lines: Iterable[BatchLine]) -> tuple[tuple[int, ...], ...]:
    """The rows that ask for the same stock for the same customer, in the order of the file."""
    rows = defaultdict(list)
    for line in lines:
        rows[line.openid, line.stock.stock_id].append(line.row)
    return tuple(tuple(each) for each in rows.values() if len(each) > 1)


def openids_alike(lines: Iterable[BatchLine]) -> tuple[tuple[int, ...], ...]:
    """The rows whose openids differ in nothing but letter case, each openid by its first row.

    To a spreadsheet's lookups they are one person, so one of the rows may have another customer's cells.
    """
    first: dict[str, int] = {}
    for line in lines:
        first.setdefault(line.openid, line.row)
    alike = defaultdict(list)
    for openid, row in first.items():
        alike[openid.lower()].append(row)
    return tuple(tuple(rows) for rows in alike.values() if len(rows) > 1)
