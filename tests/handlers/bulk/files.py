"""Bulk files for tests: made by XlsxWriter, then with elements of their XML as other programs write them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter

from coupons.batch import BatchLine
from coupons.catalogue import Catalogue
from coupons.model import CodeMode, Stock
from handlers.bulk.bulk_file import MOST_LINES, BadLine, BulkFile, FileRefused, FormValues, RemarkKind, Wrong
from handlers.bulk.reading import read_lines

LATE = Stock("1212121212", "late-10", "¥10 off, late delivery", 1000, CodeMode.WECHATPAY_MODE)
COLD = Stock("1313131313", "cold-20", "¥20 off, cold meal", 2000, CodeMode.WECHATPAY_MODE)
LONG = Stock("123456789012345678", "long", "¥5 off", 500, CodeMode.WECHATPAY_MODE)
ZEROS = Stock("0012345678", "zeros", "¥5 off", 500, CodeMode.WECHATPAY_MODE)
CATALOGUE = Catalogue((LATE, COLD, LONG, ZEROS))
ANN = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
BEN = "oUpF8uN95-Ptaags6E_roPHg7AG0"
HEAD = ("openid", "stock", "reason", "ticket")
SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = "xl/workbook.xml"


def read(raw: bytes, *, stock: Stock | None = None, most_lines: int = MOST_LINES) -> BulkFile:
    return read_lines(raw, catalogue=CATALOGUE, form=FormValues(stock=stock), most_lines=most_lines)


def of_csv(text: str, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding)


def csv_of(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def workbook(make: Callable[[Any, Any], None], *, head: Sequence[str] = HEAD) -> bytes:
    """`make` gets the workbook and its first sheet, whose head stands in row 1."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for column, name in enumerate(head):
        sheet.write_string(0, column, name)
    make(book, sheet)
    book.close()
    return stream.getvalue()


def table(*rows: Sequence[Any]) -> bytes:
    """Texts as text, numbers as numbers, None as nothing."""

    def make(book: Any, sheet: Any) -> None:
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write(number, column, value)

    return workbook(make)


def with_xml(raw: bytes, part: str, changes: Mapping[str, str]) -> bytes:
    """The workbook with texts of one part replaced; each must be there."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(stream, "w") as target:
        for info in source.infolist():
            data = source.read(info).decode()
            if info.filename == part:
                for old, new in changes.items():
                    assert old in data, old
                    data = data.replace(old, new)
            target.writestr(info.filename, data)
    return stream.getvalue()


def with_row(cells: str, attributes: str = "") -> bytes:
    """A good line in row 2, and row 3 as this XML has it."""
    rows = f'<row r="3"{attributes}>{cells}</row></sheetData>'
    return with_xml(table((ANN, "late-10", "late", "")), SHEET, {"</sheetData>": rows})


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def line(row: int, openid: str, stock: Stock = LATE, reason: str = "", ticket: str = "") -> BatchLine:
    return BatchLine(row, openid, stock, reason, ticket)


#: What a table has in its second row where a test is about the rows below.
GOOD = line(2, ANN, LATE, "late")


def places(found: BulkFile) -> list[tuple[int, str, Wrong]]:
    """Row, column and what is wrong, of each bad cell."""
    return [(bad.row, bad.column, bad.wrong) for bad in found.bad]


def only(found: BulkFile) -> BadLine:
    assert len(found.bad) == 1, places(found)
    return found.bad[0]


def kinds(found: BulkFile) -> set[RemarkKind]:
    return {remark.kind for remark in found.remarks}


def refusal(raw: bytes, *, stock: Stock | None = None, most_lines: int = MOST_LINES) -> FileRefused:
    try:
        found = read(raw, stock=stock, most_lines=most_lines)
    except FileRefused as refused:
        return refused
    raise AssertionError(f"taken: {len(found.lines)} lines, {places(found)}")
