"""The rows of the one visible sheet of an .xlsx file: values by python-calamine, what it hides by our scan.

Both must agree on what a cell holds; where they do not, the cell is named and not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from io import BytesIO
from math import isfinite
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from handlers.bulk import xlsx_scan
from handlers.bulk.bulk_file import FileRefused, WholeFile, Wrong
from handlers.bulk.cells import Cell, Number, Odd, Row
from handlers.bulk.xlsx_package import Package, Sheet
from handlers.bulk.xlsx_scan import NOTHING, SheetScan, scan_sheet
from handlers.bulk.xlsx_texts import scan_shared_strings

#: From here on a spreadsheet has cut the last digits: it keeps fifteen.
_LONG: Final = 10**15
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class VisibleSheet:
    """The sheet that is read; `hidden_sheets` are not."""

    name: str
    hidden_sheets: tuple[str, ...]
    scan: SheetScan
    #: A workbook of the scanned parts alone.
    workbook: bytes

    def is_hidden_column(self, place: int) -> bool:
        return any(first <= place <= last for first, last in self.scan.hidden_columns)


def find_sheet(raw: bytes) -> VisibleSheet:
    """The one visible sheet with any content. Raises FileRefused."""
    with Package(raw) as package:
        workbook = package.workbook()
        unsure = scan_shared_strings(package)
        found: list[tuple[Sheet, SheetScan]] = []
        for sheet in workbook.sheets:
            if sheet.is_visible:
                scan = scan_sheet(package, sheet.part, unsure, is_computed=workbook.is_computed)
                if scan.kinds:
                    found.append((sheet, scan))
        hidden = tuple(sheet.name for sheet in workbook.sheets if not sheet.is_visible)
        if len(found) > 1:
            raise FileRefused(WholeFile.SEVERAL_SHEETS, names=tuple(sheet.name for sheet, _ in found))
        if not found:
            raise FileRefused(WholeFile.NO_VISIBLE_SHEET if hidden else WholeFile.EMPTY, names=hidden)
        sheet, scan = found[0]
        return VisibleSheet(sheet.name, hidden, scan, package.passed_on())


def read_rows(sheet: VisibleSheet) -> Iterator[Row]:
    """Each row with any content, from column A on, all of one width. Raises FileRefused."""
    scan, last = sheet.scan, -1
    reader = _open(sheet)
    left = reader.start[1] if reader.start else 0
    for index, values in enumerate(reader.iter_rows()):
        # A row that only the reader sees is none that is left out: each of its cells is named.
        if index in scan.kinds or any(value != "" for value in values):
            last = index
            yield _row(scan, index, left, values)
    # Formulas without a result are no cells to the reader: rows of nothing else come after its last.
    for index in sorted(row for row in scan.kinds if row > last):
        yield _row(scan, index, left, [])


def _open(sheet: VisibleSheet) -> CalamineSheet:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(sheet.workbook)).get_sheet_by_name(sheet.name)
    except CalamineError as error:
        if (strange := sheet.scan.strange_error()) is not None:
            row, read = strange
            raise FileRefused(WholeFile.STRANGE_CELL, row=row + 1, read=read[:_SHOWN]) from error
        raise FileRefused(WholeFile.DAMAGED) from error


def _row(scan: SheetScan, row: int, left: int, values: Sequence[object]) -> Row:
    cells: list[Cell] = []
    kinds = scan.kinds.get(row, "").ljust(max(scan.width, left + len(values)), NOTHING)
    for column, kind in enumerate(kinds):
        value = values[column - left] if 0 <= column - left < len(values) else ""
        match kind:
            case xlsx_scan.NOTHING:
                cells.append(_empty_cell(scan, row, column, value))
            case xlsx_scan.ERROR:
                cells.append(Odd(Wrong.ERROR, scan.errors[row, column][:_SHOWN]))
            case _:
                cells.append(_cell(kind, value))
    return Row(row + 1, tuple(cells), is_hidden=row in scan.hidden_rows)


def _empty_cell(scan: SheetScan, row: int, column: int, value: object) -> Cell:
    """A cell without a value of its own may still not be empty."""
    if value != "":
        return Odd(Wrong.UNSURE, str(value))
    if scan.merged.has(row, column):
        return Odd(Wrong.MERGED)
    return Odd(Wrong.NOT_COMPUTED) if scan.arrays.has(row, column) else ""


def _cell(kind: str, value: object) -> Cell:  # noqa: PLR0911 - one return for each kind
    match kind, value:
        case (xlsx_scan.TEXT, str()):
            return value
        case (xlsx_scan.NUMBER, float() | int()) if not isinstance(value, bool):
            return _number(value)
        case (xlsx_scan.IN_PARTS, str()):
            return Odd(Wrong.IN_PARTS, value, is_text=True)
        case (xlsx_scan.EMPTY_RESULT, ""):
            return Odd(Wrong.EMPTY_RESULT, is_text=True)
        case (xlsx_scan.NUMBER | xlsx_scan.DATE, date() | time() | timedelta()):
            return Odd(Wrong.DATE, str(value))
        case (xlsx_scan.LOGICAL, bool()):
            return Odd(Wrong.LOGICAL, str(value).upper())
        case (xlsx_scan.NOT_COMPUTED, _):
            return Odd(Wrong.NOT_COMPUTED)
        case _:
            return Odd(Wrong.UNSURE, str(value))


def _number(value: float) -> Cell:
    if not isfinite(value) or abs(value) >= _LONG:
        return Odd(Wrong.LONG_NUMBER, f"{value:.15G}")
    return Number(str(int(value))) if value == int(value) else Odd(Wrong.NOT_WHOLE, str(value))
