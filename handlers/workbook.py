"""A workbook (.xlsx) whose texts are text: no formula, no link, no rounded number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Final

from coupons.errors import CouponsError
from coupons.spreadsheet import Cell

#: Of the format itself; XlsxWriter leaves out, or cuts, what is more, and only returns a number.
MOST_ROWS: Final = 1_048_576
LONGEST_CELL: Final = 32_767
#: A number in a sheet is a double.
_MOST_DIGITS: Final = 15


class DoesNotFit(CouponsError):
    """A sheet cannot hold it."""


class NewWorkbook:
    """The stream gets the whole file when it is closed.

    Each row goes at once to a temporary file in `folder` (None: the system's), so that a long sheet needs no
    memory. It is gone when the workbook is closed.
    """

    def __init__(self, stream: BinaryIO, *, folder: str | None = None) -> None:
        # Here: of all that a bot does it is the rarest, and loading it takes a twentieth of a start.
        from xlsxwriter import Workbook  # noqa: PLC0415

        self._book = Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        self._yuan = self._book.add_format({"num_format": "0.00"})

    def sheet(self, name: str, head: Sequence[str], widths: Sequence[float] = ()) -> NewSheet:
        """With its head, which stays in sight. `widths` in characters, of the first columns."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        made = NewSheet(sheet, self._yuan)
        made.add(head)
        return made

    def close(self) -> None:
        """Writes the stream, and takes the temporary files away."""
        self._book.close()


class NewSheet:
    """Row by row."""

    def __init__(self, sheet: Any, yuan: Any) -> None:
        self._sheet = sheet
        self._yuan = yuan
        self._row = 0

    def add(self, cells: Iterable[Cell]) -> None:
        """Raises DoesNotFit."""
        if self._row == MOST_ROWS:
            raise DoesNotFit(f"a sheet holds {MOST_ROWS:,} rows, and there are more")
        for column, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                self._sheet.write_number(self._row, column, float(cell), self._yuan)
            elif isinstance(cell, int) and len(str(abs(cell))) <= _MOST_DIGITS:
                self._sheet.write_number(self._row, column, cell)
            elif cell is not None:
                self._text(column, str(cell))
        self._row += 1

    def _text(self, column: int, text: str) -> None:
        if len(text) > LONGEST_CELL:
            raise DoesNotFit(
                f"row {self._row + 1} has a cell of {len(text):,} characters, and a sheet holds "
                f"{LONGEST_CELL:,}"
            )
        self._sheet.write_string(self._row, column, text)
