"""Bulk files as people give them, of any number of lines."""

from __future__ import annotations

import csv
import io

import xlsxwriter

from benchmarks.long_log import openid_of

_HEAD = ("openid", "stock", "reason", "ticket")


def csv_file(count: int) -> bytes:
    """UTF-8, with commas."""
    stream = io.StringIO()
    csv.writer(stream).writerows([_HEAD, *_lines(count)])
    return stream.getvalue().encode()


def xlsx_file(count: int) -> bytes:
    """One sheet, all cells text."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, line in enumerate([_HEAD, *_lines(count)]):
        for column, text in enumerate(line):
            sheet.write_string(number, column, text)
    book.close()
    return stream.getvalue()


def _lines(count: int) -> list[tuple[str, str, str, str]]:
    return [(openid_of(number), "late-10", f"包裹迟到 {number}", f"T-{number}") for number in range(count)]
