"""Reads a bulk file: from its bytes to lines that may be asked for, cells that are wrong, and remarks. Pure.

It takes seconds for fifty thousand lines, and holds the interpreter: the bot asks `reading_process` for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from coupons.batch import BatchLine, openids_alike, same_asked_twice
from coupons.catalogue import Catalogue
from coupons.csv_rows import GB18030
from handlers.bulk import csv_rows, xlsx_rows
from handlers.bulk.bulk_file import (
    MOST_BYTES,
    MOST_LINES,
    NAMED,
    BadLine,
    BulkFile,
    Column,
    FileRefused,
    FormValues,
    Remark,
    RemarkKind,
    RowList,
    WholeFile,
    Wrong,
)
from handlers.bulk.cells import Odd, Row
from handlers.bulk.columns import Head, count_columns, head_of, letters, text_of
from handlers.bulk.csv_rows import HEAD_WITHIN
from handlers.bulk.line_checks import LineChecks
from handlers.bulk.line_words import ANY_WORDS, LineWords
from handlers.bulk.xlsx_rows import VisibleSheet
from handlers.cleaning import Undone, drop_invisible
from handlers.views.escaping import may_be_openid

_ZIP: Final = b"PK\x03\x04"
#: Excel before 2007, and what Office makes of a workbook with a password (MS-CFB).
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
#: What people send in its place.
_OTHERS: Final = (
    (b"%PDF", ".pdf"),
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"\x1f\x8b", ".gz"),
    (b"Rar!", ".rar"),
    (b"7z\xbc\xaf\x27\x1c", ".7z"),
    (b"<", ".html"),
    (b"\xef\xbb\xbf<", ".html"),
)
_SHOWN: Final = 200
#: One after the other; a sheet has no more rows.
_MOST_BLANK: Final = 1_048_576
_PADDING: Final = frozenset({Wrong.EMPTY_RESULT, Wrong.MERGED})
#: A form that says nothing for all lines.
_NOTHING: Final = FormValues()


def read_lines(
    raw: bytes,
    *,
    catalogue: Catalogue,
    form: FormValues = _NOTHING,
    most_lines: int = MOST_LINES,
    wanted: LineWords = ANY_WORDS,
) -> BulkFile:
    """All of a file, CSV or .xlsx by its bytes: its name says nothing. Raises FileRefused."""
    if len(raw) > MOST_BYTES:
        raise FileRefused(WholeFile.TOO_BIG, limit=MOST_BYTES)
    table = _open(raw)
    above, head = _find_head(table.rows)
    if Column.STOCK not in head.places and form.stock is None:
        raise FileRefused(WholeFile.NO_STOCK, row=head.row)
    checks = LineChecks(head, catalogue, form, delimiter=table.delimiter, wanted=wanted)
    reading = _Reading(head, checks, most_lines)
    reading.above_head(above)
    for row in table.rows:
        reading.take(row)
    if not reading.lines and not reading.bad:
        raise FileRefused(WholeFile.NO_LINES, row=head.row)
    return BulkFile(
        sha256=hashlib.sha256(raw).hexdigest(),
        lines=tuple(reading.lines),
        bad=tuple(reading.bad),
        remarks=(*_about_file(table, head, reading.unnamed), *reading.remarks()),
        sheet=table.sheet.name if table.sheet else "",
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """`delimiter` empty: of a workbook, which then has a `sheet`."""

    rows: Iterator[Row]
    delimiter: str = ""
    encoding: str = ""
    sheet: VisibleSheet | None = None


def _open(raw: bytes) -> _Table:
    if not raw.strip():
        raise FileRefused(WholeFile.EMPTY)
    if raw.startswith(_ZIP):
        sheet = xlsx_rows.find_sheet(raw)
        return _Table(xlsx_rows.read_rows(sheet), sheet=sheet)
    if raw.startswith(_COMPOUND):
        raise FileRefused(WholeFile.PASSWORD if _ENCRYPTED in raw else WholeFile.XLS)
    for mark, name in _OTHERS:
        if raw.startswith(mark):
            raise FileRefused(WholeFile.OTHER_FORMAT, read=name)
    encoding = csv_rows.find_encoding(raw)
    delimiter = csv_rows.find_delimiter(raw, encoding, count_columns)
    return _Table(csv_rows.read_rows(raw, encoding, delimiter), delimiter, encoding)


def _find_head(rows: Iterator[Row]) -> tuple[list[Row], Head]:
    """With the rows above it. Leaves `rows` at the first one under it."""
    above: list[Row] = []
    for row in islice((row for row in rows if not _is_blank(row)), HEAD_WITHIN):
        head = head_of(row)
        if head is not None:
            return above, head
        above.append(row)
    if not above:
        raise FileRefused(WholeFile.EMPTY)
    read = ", ".join(" ".join(drop_invisible(text_of(cell)).split()) for cell in above[0].cells)
    raise FileRefused(WholeFile.NO_HEAD, row=above[0].number, read=read[:_SHOWN])


def _is_blank(row: Row) -> bool:
    """Padding too: formulas filled down whose result is nothing, and what is left of merged cells."""
    return all(
        cell.wrong in _PADDING if isinstance(cell, Odd) else not drop_invisible(text_of(cell)).strip()
        for cell in row.cells
    )


class _Reading:
    """The rows under the head, one by one."""

    def __init__(self, head: Head, checks: LineChecks, most_lines: int) -> None:
        self.lines: list[BatchLine] = []
        self.bad: list[BadLine] = []
        #: Places of columns with content and without a name.
        self.unnamed: set[int] = set()
        self._head = head
        self._checks = checks
        self._most_lines = most_lines
        self._count = 0
        self._above, self._again, self._blank = RowList(), RowList(), RowList()
        #: Blank rows that may be the end of the file.
        self._blank_so_far: list[int] = []

    def above_head(self, rows: Iterable[Row]) -> None:
        """Titles are left alone; what may be a line is not lost in silence."""
        for row in rows:
            openid = next((text for text in map(text_of, row.cells) if may_be_openid(text.strip())), None)
            if openid is None:
                self._above.add(row.number)
            else:
                self.bad.append(BadLine(row=row.number, wrong=Wrong.ABOVE_HEAD, read=openid))

    def take(self, row: Row) -> None:
        if _is_blank(row):
            self._blank_so_far.append(row.number)
            if len(self._blank_so_far) > _MOST_BLANK:
                raise FileRefused(WholeFile.TOO_MANY_LINES, limit=self._most_lines)
            return
        for blank in self._blank_so_far:
            self._blank.add(blank)
        self._blank_so_far.clear()
        if self._head.is_again(row):
            self._again.add(row.number)
            return
        self._count += 1
        if self._count > self._most_lines:
            raise FileRefused(WholeFile.TOO_MANY_LINES, limit=self._most_lines)
        names = self._head.names
        for place, cell in enumerate(row.cells):
            if cell != "" and (place >= len(names) or not names[place]):
                self.unnamed.add(place)
        found = self._checks.read(row)
        if isinstance(found, BatchLine):
            self.lines.append(found)
        else:
            self.bad.extend(found)

    def remarks(self) -> Iterator[Remark]:
        yield from self._above.remark(RemarkKind.ROWS_ABOVE_HEAD)
        yield from self._again.remark(RemarkKind.HEAD_AGAIN)
        yield from self._blank.remark(RemarkKind.BLANK_ROWS)
        yield from self._checks.stock_of_form.remark(RemarkKind.STOCK_OF_FORM)
        for undone in Undone:
            if undone in self._checks.undone:
                yield from self._checks.undone[undone].remark(RemarkKind.UNDONE, undone)
        for kind, groups in (
            (RemarkKind.SAME_ASKED_TWICE, same_asked_twice(self.lines)),
            (RemarkKind.OPENIDS_ALIKE, openids_alike(self.lines)),
        ):
            if groups:
                few = tuple(group[:NAMED] for group in groups[:NAMED])
                yield Remark(kind=kind, count=len(groups), groups=few)


def _about_file(table: _Table, head: Head, unnamed: Iterable[int]) -> Iterator[Remark]:
    sheet = table.sheet
    if table.encoding == GB18030:
        yield Remark(kind=RemarkKind.READ_AS_GB18030)
    not_read = (*head.not_read.values(), *map(letters, sorted(unnamed)))
    if not_read:
        yield Remark(kind=RemarkKind.COLUMNS_NOT_READ, names=not_read)
    if sheet is None:
        return
    if sheet.hidden_sheets:
        yield Remark(kind=RemarkKind.HIDDEN_SHEETS, names=sheet.hidden_sheets)
    hidden = tuple(head.names[place] for place in head.places.values() if sheet.is_hidden_column(place))
    if hidden:
        yield Remark(kind=RemarkKind.HIDDEN_COLUMNS, names=hidden)
    if sheet.scan.has_filter and not sheet.scan.hidden_rows:
        yield Remark(kind=RemarkKind.FILTER)
