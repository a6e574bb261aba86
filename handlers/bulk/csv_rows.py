"""The rows of a CSV file as spreadsheets and editors save it: encoding, separator, quotation marks.

A row whose cells cannot be told apart for sure is never put together by guess: the file is refused, or the
row is known by its count of cells.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from coupons.encodings import MARK_BYTES, encoding_of
from handlers.bulk.bulk_file import FileRefused, Row, WholeFile

_UNMARKED: Final = "utf-8-sig"
GB18030: Final = "gb18030"
#: A comma; Excel where a comma is a decimal point; "Unicode text".
_DELIMITERS: Final = (",", ";", "\t")
#: Rows among which the head is looked for.
HEAD_WITHIN: Final = 20
#: Begins files of Excel whose separator is not this country's.
_SEPARATOR_ROW: Final = "sep="
#: Below it Chinese text has two bytes in UTF-8, and what is in GB18030 looks like that by chance.
_THREE_BYTES: Final = 0x0800
_REPLACED: Final = "\ufffd"


def find_encoding(raw: bytes) -> str:
    """By the mark at its start; without one UTF-8, or else GB18030. Raises FileRefused."""
    marked = encoding_of(raw[:MARK_BYTES])
    if marked == _UNMARKED and b"\0" in raw[:2]:
        # UTF-16 without its mark: in which of the two orders is a guess.
        raise FileRefused(WholeFile.ENCODING, row=1)
    fault = _first_fault(raw, marked)
    if fault is None:
        return marked
    if marked == _UNMARKED and not _is_broken_utf8(raw):
        fault = _first_fault(raw, GB18030)
        if fault is None and b"\0" not in raw:
            return GB18030
        raise FileRefused(WholeFile.UNKNOWN_FORMAT)
    raise FileRefused(WholeFile.ENCODING, row=raw[:fault].count(b"\n") + 1)


def find_delimiter(raw: bytes, encoding: str, columns_in: Callable[[Row], int]) -> str:
    """The one by which most columns of ours are in some row; a comma where none are."""
    best, most = _DELIMITERS[0], 0
    for delimiter in _DELIMITERS:
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
    """Each with the line on which it begins. Raises FileRefused at what is not CSV.

    Strictly: a quotation mark that is not closed where its cell ends would swallow the rows after it.
    """
    reader = csv.reader(_lines(raw, encoding), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            is_note = number == 1 and cells and cells[0].lower().startswith(_SEPARATOR_ROW)
            yield Row(number, () if is_note else tuple(cells))
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(WholeFile.QUOTATION, row=number) from error


def _lines(raw: bytes, encoding: str) -> io.TextIOWrapper:
    # `newline=""`: line breaks within cells stay as they are, and old Macintosh files have lines at all.
    return io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, newline="")


def _first_fault(raw: bytes, encoding: str) -> int | None:
    """Where it is no text in this encoding; None: all of it is."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _is_broken_utf8(raw: bytes) -> bool:
    """Chinese in UTF-8 with a few bytes gone. As GB18030 all of it would be other Chinese characters."""
    text = raw.decode("utf-8", errors="replace")
    wide = sum(ord(sign) >= _THREE_BYTES for sign in text)
    broken = text.count(_REPLACED)
    return wide - broken > broken
