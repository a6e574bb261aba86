"""A sheet of a workbook (.xlsx) whose texts are text: no formula, no link, no rounded number."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Self, TextIO

from xlsxwriter import Workbook

from coupons.spreadsheet import Cell
from storage.errors import ExportRefused

#: Of the format itself; XlsxWriter leaves out, or cuts, what is more, and only returns a number.
_MOST_ROWS: Final = 1_048_576
_LONGEST_CELL: Final = 32_767
#: A number in a sheet is a double.
_MOST_DIGITS: Final = 15


class WorkbookSheet:
    """Row by row; the stream gets the whole file at the end, or nothing. Raises ExportRefused."""

    def __init__(self, stream: TextIO, head: Sequence[str]) -> None:
        if stream.isatty():
            raise ExportRefused(
                "a workbook is no text for a terminal; name a new file with --output, or write to one with >"
            )
        self._stream = stream
        self._bytes = io.BytesIO()
        # Each row goes to a temporary file, so that a long log needs no memory.
        self._book = Workbook(self._bytes, {"constant_memory": True})
        self._yuan = self._book.add_format({"num_format": "0.00"})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self.add(head)

    def add(self, cells: Iterable[Cell]) -> None:
        if self._row == _MOST_ROWS:
            raise ExportRefused(
                f"a sheet holds {_MOST_ROWS:,} rows, and there are more; ask for fewer, or take csv"
            )
        for column, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                self._sheet.write_number(self._row, column, float(cell), self._yuan)
            elif isinstance(cell, int) and len(str(abs(cell))) <= _MOST_DIGITS:
                self._sheet.write_number(self._row, column, cell)
            elif cell is not None:
                self._text(column, str(cell))
        self._row += 1

    def _text(self, column: int, text: str) -> None:
        if len(text) > _LONGEST_CELL:
            raise ExportRefused(
                f"row {self._row + 1} has a cell of {len(text):,} characters, and a sheet holds "
                f"{_LONGEST_CELL:,}; take csv"
            )
        self._sheet.write_string(self._row, column, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # In any case: it takes the temporary file away.
        self._book.close()
        if kind is not None:
            return
        self._stream.flush()
        self._stream.buffer.write(self._bytes.getvalue())
        self._stream.buffer.flush()


def write_sheet(stream: TextIO, head: Sequence[str], rows: Iterable[Iterable[Cell]]) -> None:
    """All of it. Raises ExportRefused."""
    with WorkbookSheet(stream, head) as sheet:
        for row in rows:
            sheet.add(row)
