"""The rows of a CSV file as people's programs save it: encodings, separators, padding, commas."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coupons.encodings import MARK_BYTES, encoding_of
from coupons.errors import Refusal
from coupons.spreadsheet import unguarded

#: A comma; Excel where a comma is a decimal point; "Unicode text".
DELIMITERS: Final = (",", ";", "\t")
GB18030: Final = "gb18030"
_UNMARKED: Final = "utf-8-sig"
#: Below it a character has two bytes at most in UTF-8, and what is in GB18030 looks like that by chance.
_THREE_BYTES: Final = 0x0800
_REPLACED: Final = "\ufffd"
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LONGEST_HEAD: Final = 10_000
#: Copied from pages and chats, and seen by nobody.
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


class NotText(Exception):
    """`line`: the one with the first byte that is none of the text; 0: it is no text at all."""

    def __init__(self, line: int) -> None:
        super().__init__(f"no text in line {line}")
        self.line = line


class NotCsv(Exception):
    """`line`: the one on which the row begins that cannot be read."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


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
    try:
        text = raw.decode(find_encoding(raw))
    except NotText:
        text = "\0"
    if "\0" in text:
        raise BillRefused(f"{path} is no text in UTF-8 or GB18030; save it as CSV")
    return text


def delimiter_of(text: str, is_head: Callable[[Sequence[str]], bool]) -> str | None:
    """The one by which some line is a head; None: by none."""
    for line in text.splitlines():
        for delimiter in DELIMITERS:
            if is_head(next(csv.reader([line[:_LONGEST_HEAD]], delimiter=delimiter), [])):
                return delimiter
    return None


def lines_of(path: Path, text: str, delimiter: str) -> Iterator[CsvLine]:
    """Raises BillRefused at what is not CSV."""
    try:
        for number, cells in numbered_rows(io.StringIO(text, newline=""), delimiter):
            yield CsvLine(number, cells, delimiter)
    except NotCsv as error:
        raise BillRefused(f"{path} line {error.line} is not CSV: {error}") from error


def find_encoding(raw: bytes) -> str:
    """By the mark at its start; without one UTF-8, or else GB18030. Raises NotText."""
    marked = encoding_of(raw[:MARK_BYTES])
    if marked == _UNMARKED and b"\0" in raw[:2]:
        # UTF-16 without its mark: in which of the two orders is a guess.
        raise NotText(1)
    fault = _first_fault(raw, marked)
    if fault is None:
        return marked
    if marked != _UNMARKED or _is_broken_utf8(raw):
        raise NotText(raw[:fault].count(b"\n") + 1)
    if b"\0" in raw or _first_fault(raw, GB18030) is not None:
        raise NotText(0)
    return GB18030


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
    broken = text.count(_REPLACED)
    return sum(ord(sign) >= _THREE_BYTES for sign in text) - broken > broken


def numbered_rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each with the line on which it begins. `lines` as a stream with `newline=""` gives them.

    Strictly: a quotation mark that is not closed where its cell ends would swallow the rows after it. Raises
    NotCsv there.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise NotCsv(number, str(error)) from error


def clean(cell: str) -> str:
    """Without what keeps a spreadsheet from touching it; full-width letters as WeChat Pay has them."""
    return unguarded(unicodedata.normalize("NFKC", _UNSEEN.sub("", cell)))
