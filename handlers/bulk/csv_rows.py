"""The rows of a bulk file that is CSV: which separator it has, and what cannot be read for sure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from coupons import csv_rows
from coupons.csv_rows import DELIMITERS, NotCsv, NotText, numbered_rows
from handlers.bulk.bulk_file import FileRefused, WholeFile
from handlers.bulk.cells import Row

#: Rows among which the head is looked for.
HEAD_WITHIN: Final = 20
#: Begins files of Excel whose separator is not this country's.
_SEPARATOR_ROW: Final = "sep="


def find_encoding(raw: bytes) -> str:
    """Raises FileRefused."""
    try:
        return csv_rows.find_encoding(raw)
    except NotText as error:
        why = WholeFile.ENCODING if error.line else WholeFile.UNKNOWN_FORMAT
        raise FileRefused(why, row=error.line) from error


def find_delimiter(raw: bytes, encoding: str, columns_in: Callable[[Row], int]) -> str:
    """The one by which most columns of ours are in some row; a comma where none are."""
    best, most = DELIMITERS[0], 0
    for delimiter in DELIMITERS:
        reader = csv.reader(_lines(raw, encoding), delimiter=delimiter)
        try:
            found = max(
                (columns_in(Row(0, tuple(cells))) for cells in islice(reader, HEAD_WITHIN)), default=0
            )
        except csv.Error:
            continue
        if found > most:
            best, most = delimiter, found
    return best


def read_rows(raw: bytes, encoding: str, delimiter: str) -> Iterator[Row]:
    """Each with the line on which it begins. Raises FileRefused at what is not CSV."""
    try:
        for number, cells in numbered_rows(_lines(raw, encoding), delimiter):
            is_note = number == 1 and cells and cells[0].lower().startswith(_SEPARATOR_ROW)
            yield Row(number, () if is_note else tuple(cells))
    except NotCsv as error:
        raise FileRefused(WholeFile.QUOTATION, row=error.line) from error


def _lines(raw: bytes, encoding: str) -> io.TextIOWrapper:
    # `newline=""`: line breaks within cells stay as they are, and old Macintosh files have lines at all.
    return io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, newline="")
