"""A sheet of a workbook (.xlsx) on a stream of the command line."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Self, TextIO

from coupons.spreadsheet import Cell
from handlers.workbook import DoesNotFit, NewWorkbook
from storage.errors import ExportRefused


class WorkbookSheet:
    """Row by row; the stream gets the whole file at the end, or nothing. Raises ExportRefused."""

    def __init__(self, stream: TextIO, head: Sequence[str]) -> None:
        if stream.isatty():
            raise ExportRefused(
                "a workbook is no text for a terminal; name a new file with --output, or write to one with >"
            )
        self._stream = stream
        self._bytes = io.BytesIO()
        self._book = NewWorkbook(self._bytes)
        self._sheet = self._book.sheet("Sheet1", head)

    def add(self, cells: Iterable[Cell]) -> None:
        try:
            self._sheet.add(cells)
        except DoesNotFit as error:
            raise ExportRefused(f"{error}; ask for fewer, or take csv") from error

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
