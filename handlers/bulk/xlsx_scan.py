"""What a sheet's XML says and the reader of workbooks does not: errors, formulas, hidden rows, text in parts.

The reader gives an error and a formula that was never computed as an empty cell, and hidden rows as if they
were shown. It also makes room for each cell between the first and the last: one cell far out takes the whole
process down. So this runs before it, and holds where a sheet's cells end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from handlers.bulk.bulk_file import FileRefused, WholeFile
from handlers.bulk.columns import letters
from handlers.bulk.xlsx_package import Attributes, Package, is_true
from handlers.bulk.xlsx_places import MOST_COLUMNS, MOST_ROWS, Ranges, place_of
from handlers.bulk.xlsx_texts import CellText, has_escape

#: What stands in a cell, in a string with one sign for each column of a row.
NOTHING: Final = " "
TEXT: Final = "t"
#: Text that the reader puts together or decodes, so that it may be none that was typed.
IN_PARTS: Final = "p"
NUMBER: Final = "n"
LOGICAL: Final = "b"
DATE: Final = "d"
ERROR: Final = "e"
#: A formula without a result.
NOT_COMPUTED: Final = "f"
#: A formula whose result is an empty text.
EMPTY_RESULT: Final = "0"

_KINDS: Final = {"n": NUMBER, "s": TEXT, "str": TEXT, "inlineStr": TEXT, "b": LOGICAL, "e": ERROR, "d": DATE}
#: Those that the reader takes; at another it gives up.
_KNOWN_ERRORS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}
)
#: The reader takes 24 bytes for each place between the first and the last cell.
_MOST_PLACES: Final = 3_000_000


@dataclass(slots=True)
class SheetScan:
    """Rows and columns count from 0, as the reader has them."""

    #: By row, for those with any content.
    kinds: dict[int, str] = field(default_factory=dict)
    #: Columns up to the last one with content.
    width: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    has_filter: bool = False
    merged: Ranges = field(default_factory=Ranges)
    #: Formulas that fill more cells than the one they stand in.
    arrays: Ranges = field(default_factory=Ranges)
    #: By row and column, as the sheet shows them.
    errors: dict[tuple[int, int], str] = field(default_factory=dict)

    def strange_error(self) -> tuple[int, str] | None:
        """The first that the reader does not know, with its row."""
        strange = ((row, text) for (row, _), text in self.errors.items() if text not in _KNOWN_ERRORS)
        return next(strange, None)


def scan_sheet(
    package: Package, part: str, unsure_strings: frozenset[int], *, is_computed: bool
) -> SheetScan:
    """Raises FileRefused, also where the cells are more than can be read."""
    reading = _SheetReading(unsure_strings, is_computed=is_computed)
    if not package.has(part):
        raise FileRefused(WholeFile.DAMAGED)
    package.parse(part, start=reading.start, end=reading.end, text=reading.text)
    return reading.scan


class _SheetReading:
    """What expat calls, element by element."""

    def __init__(self, unsure_strings: frozenset[int], *, is_computed: bool) -> None:
        self.scan = SheetScan()
        self._unsure_strings = unsure_strings
        self._is_computed = is_computed
        self._text = CellText()
        #: Each kind of row once: most are alike, and a sheet has many.
        self._same: dict[str, str] = {}
        self._row, self._in_row = -1, False
        #: Of the row as the sheet writes it, and columns by their letters.
        self._number, self._columns = "0", dict[str, int]()
        self._cells: dict[int, str] = {}
        #: First row with a cell, first and last column with one.
        self._top, self._left, self._right = -1, MOST_COLUMNS, -1
        self._begin_cell(-1, "")
        self._in_cell = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "v":
            self._values += 1
            self._in_value = self._in_cell
        elif name == "row":
            self._start_row(attributes)
        elif self._in_cell:
            self._start_in_cell(name, attributes)
        elif name == "mergeCell":
            self.scan.merged.add(attributes["ref"])
        elif name == "col":
            if is_true(attributes.get("hidden", "")) or float(attributes.get("width", "1")) == 0:
                self.scan.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))
        elif name == "filterColumn":
            self.scan.has_filter = True

    def text(self, text: str) -> None:
        if self._in_value:
            self._value += text
        elif self._texts:
            self._text.add(text)

    def end(self, name: str) -> None:
        if name == "v":
            self._in_value = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._end_row()
        elif self._texts:
            self._text.end(name)

    # --- rows

    def _start_row(self, attributes: Attributes) -> None:
        number = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
        # No program writes a row twice, or upwards: which one counts would be a guess.
        if self._in_row or not self._row < number < MOST_ROWS:
            raise FileRefused(WholeFile.DAMAGED)
        self._row, self._in_row, self._column, self._cells = number, True, -1, {}
        self._number = str(number + 1)
        if is_true(attributes.get("hidden", "")) or float(attributes.get("ht", "1")) == 0:
            self.scan.hidden_rows.add(number)

    def _end_row(self) -> None:
        self._in_row = False
        cells, row = self._cells, self._row
        if not cells:
            return
        self._top = row if self._top < 0 else self._top
        self._left, self._right = min(self._left, *cells), max(self._right, *cells)
        if (row - self._top + 1) * (self._right - self._left + 1) > _MOST_PLACES:
            raise FileRefused(WholeFile.TOO_WIDE, read=f"{letters(max(cells))}{row + 1}")
        kinds = "".join(cells.get(column, NOTHING) for column in range(max(cells) + 1))
        if not kinds.isspace():
            self.scan.kinds[row] = self._same.setdefault(kinds, kinds)
            self.scan.width = max(self.scan.width, len(kinds.rstrip()))

    # --- cells

    def _begin_cell(self, column: int, kind: str) -> None:
        self._in_cell, self._column, self._type = True, column, kind
        self._value, self._values, self._in_value = "", 0, False
        self._texts, self._has_formula = 0, False

    def _start_cell(self, attributes: Attributes) -> None:
        column = self._place(attributes["r"]) if "r" in attributes else self._column + 1
        if not self._in_row or self._in_cell or not self._column < column < MOST_COLUMNS:
            raise FileRefused(WholeFile.DAMAGED)
        self._begin_cell(column, attributes.get("t", "n"))

    def _place(self, reference: str) -> int:
        """The column; a sheet has each row's number and each column's letters many times."""
        known = self._columns.get(reference.removesuffix(self._number))
        if known is not None and reference.endswith(self._number):
            return known
        row, column = place_of(reference)
        if row != self._row:
            raise FileRefused(WholeFile.DAMAGED)
        self._columns[letters(column)] = column
        return column

    def _start_in_cell(self, name: str, attributes: Attributes) -> None:
        if name in {"t", "rPh"}:
            self._texts += 1
            self._text.start(name, attributes)
        elif name == "f":
            self._has_formula = True
            if "ref" in attributes:
                self.scan.arrays.add(attributes["ref"])

    def _end_cell(self) -> None:
        self._in_cell = False
        if self._values or self._texts or self._has_formula:
            # A cell with two values: which one counts would be a guess.
            if self._values > 1 or (self._values and self._texts):
                raise FileRefused(WholeFile.DAMAGED)
            self._cells[self._column] = self._kind()

    def _kind(self) -> str:
        value, kind = self._value, _KINDS.get(self._type, TEXT)
        if self._texts:
            kind = IN_PARTS if self._text.take_is_unsure() else TEXT
        elif not value:
            kind = EMPTY_RESULT if self._type == "str" and self._values else NOT_COMPUTED
            return kind if self._has_formula else NOTHING
        elif self._type == "s":
            kind = IN_PARTS if int(value) in self._unsure_strings else TEXT
        elif kind == TEXT and has_escape(value):
            kind = IN_PARTS
        elif kind == ERROR:
            self.scan.errors[self._row, self._column] = value
        elif value == "0" and self._has_formula and not self._is_computed:
            # What XlsxWriter says for the result of each formula, unless it is told another.
            kind = NOT_COMPUTED
        return kind
