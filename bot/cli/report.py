"""`coupon-bot audit report`: a month's coupons as a table, a spreadsheet, or a page to print."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TextIO

import click

from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.outputs import stream_of
from bot.cli.record_access import record
from bot.wording.language import words_of
from bot.wording.month import COLUMNS, NOTES, TABLES, cells, span_of, tied_to
from bot.wording.month_page import page
from bot.wording.terminal_table import plain, width
from coupons import days
from coupons.audit_events import AuditReported
from coupons.encodings import MARK
from coupons.month import Month, MonthLine
from coupons.spreadsheet import MONTH_COLUMNS, lines, month_rows
from handlers.views.words import N_, Words
from storage.store import Store

FORMATS = ("table", "csv", "xlsx", "html")


@click.command("report")
@click.option(
    "--month", "label", required=True, metavar="YYYY-MM", help="In Beijing time, as WeChat Pay's bills."
)
@click.option("--format", "kind", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", default="-", help="A new file; otherwise, or with -, standard output.")
@DATABASE
def report(label: str, kind: str, output: str, store: Store) -> None:
    """Count a month's coupons by agent, stock and approver.

    Requests, coupons, yuan, refusals, and how long approval took.
    """
    must_exist(store)
    try:
        since, before = days.month(label)
    except ValueError:
        refuse([f"--month reads {label!r}; it must be a year and a month, like 2026-10"])
    with stream_of(output) as stream:
        found = store.report(since=since, before=before)
        record(store, AuditReported(month=label, format=kind))
        _write(found, label, kind, stream)


def _write(found: Month, label: str, kind: str, stream: TextIO) -> None:
    if kind == "html":
        stream.write(page(words_of(os.environ), found, label))
    elif kind == "csv":
        stream.write(MARK + lines([MONTH_COLUMNS, *month_rows(label, found)]))
    elif kind == "xlsx":
        # Here, since the other formats need none of it.
        from bot.cli.workbook import write_sheet  # noqa: PLC0415

        write_sheet(stream, MONTH_COLUMNS, month_rows(label, found))
    else:
        stream.writelines(f"{line}\n" for line in _tables(words_of(os.environ), found, label))


def _parts(found: Month) -> tuple[tuple[str, str, Sequence[MonthLine]], ...]:
    return (
        (TABLES[0], N_("agent"), [*found.agents, found.total]),
        (TABLES[1], N_("stock"), [*found.stocks, found.total]),
        (TABLES[2], N_("approver"), found.approvers),
    )


def _tables(words: Words, found: Month, label: str) -> Iterator[str]:
    yield f"{label}: {span_of(words, found)}"
    for heading, first, part in _parts(found):
        yield ""
        yield words(heading)
        rows: list[tuple[str, ...]] = [(words(first), *map(words, COLUMNS))]
        rows += [
            (plain(f"{line.name} {line.stock_name}".strip()) or words("all"), *cells(words, line))
            for line in part
        ]
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        for name, *numbers in rows:
            filled = (
                " " * (most - width(cell)) + cell for cell, most in zip(numbers, widths[1:], strict=True)
            )
            yield "  ".join((name + " " * (widths[0] - width(name)), *filled))
    yield ""
    yield from map(words, NOTES)
    yield tied_to(words, found)
