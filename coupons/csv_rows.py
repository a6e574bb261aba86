"""The rows of a CSV file as people's programs save it: encodings, separators, padding, commas."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coupons.encodings import encoding_of
from coupons.errors import Refusal
from coupons.spreadsheet import unguarded

#: A comma; Excel where a comma is a decimal point; "Unicode text".
_DELIMITERS: Final = (",", ";", "\t")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LONGEST_HEAD: Final = 10_000
#: Copied from pages and chats, and seen by nobody.
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


class BillRefused(Refusal):
    """The sentence says which file and line, what was read, and what would be right."""


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One row; `number` is the line on which it begins."""

    number: int
    cells: Sequence[str]
    delimiter: str = ","

    @property
    def named(self) -> Sequence[str]:
        """Cleaned, and without the empty cells that a spreadsheet puts at the end."""
        cells = [clean(cell) for cell in self.cells]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def fitted(self, width: int) -> Sequence[str] | None:
        """As many cells as the head has, cleaned; None: which is which cannot be known.

        A spreadsheet puts empty cells at the end of a row. WeChat Pay begins each value with a back-tick and
        leaves a comma in a name as it is: so what begins without one goes on with the cell before it.
        """
        cells = list(self.cells)
        while len(cells) > width and not clean(cells[-1]):
            cells.pop()
        if len(cells) > width and cells[0].lstrip().startswith("`"):
            joined: list[str] = []
            for cell in cells:
                if cell.lstrip().startswith("`"):
                    joined.append(cell)
                else:
                    joined[-1] += self.delimiter + cell
            cells = joined
        return [clean(cell) for cell in cells] if len(cells) == width else None


def text_of(path: Path) -> str:
    """The console writes UTF-8, Excel in China GB18030. Raises BillRefused."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BillRefused(f"{path} cannot be read: {error.strerror or error}") from error
    if raw.startswith(_WORKBOOKS):
        raise BillRefused(
            f"{path} is a spreadsheet's workbook; save the sheet as CSV, or bring the bill itself"
        )
    for encoding in (encoding_of(raw), "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BillRefused(f"{path} is no text in UTF-8 or GB18030; save it as CSV")


def delimiter_of(text: str, is_head: Callable[[Sequence[str]], bool]) -> str | None:
    """The one by which some line is a head; None: by none."""
    for line in text.splitlines():
        for delimiter in _DELIMITERS:
            if is_head(next(csv.reader([line[:_LONGEST_HEAD]], delimiter=delimiter), [])):
                return delimiter
    return None


def lines_of(path: Path, text: str, delimiter: str) -> Iterator[CsvLine]:
    """Raises BillRefused at what is not CSV.

    Strictly: a quotation mark that is not closed where its cell ends would swallow the rows after it.
    """
    # Old programs of the Macintosh end each line so.
    ended = text if "\n" in text else text.replace("\r", "\n")
    reader = csv.reader(io.StringIO(ended), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield CsvLine(number, cells, delimiter)
            number = reader.line_num + 1
    except csv.Error as error:
        raise BillRefused(f"{path} line {number} is not CSV: {error}") from error


def clean(cell: str) -> str:
    """Without what keeps a spreadsheet from touching it; full-width letters as WeChat Pay has them."""
    return unguarded(unicodedata.normalize("NFKC", _UNSEEN.sub("", cell)))
