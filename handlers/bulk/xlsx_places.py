"""Places in a sheet: `B7`, and rectangles of cells of which only the first has a value."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from typing import Final

from handlers.bulk.bulk_file import FileRefused, WholeFile

_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
#: Excel's own bounds.
MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
_MOST_RANGES: Final = 100_000


def place_of(reference: str) -> tuple[int, int]:
    """Row and column, from 0, of `B7`. Raises ValueError."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    row = int(found[2])
    if row > MOST_ROWS or column > MOST_COLUMNS:
        raise ValueError(reference)
    return row - 1, column - 1


class Ranges:
    """Cells that belong to a rectangle, whose first cell alone has the value."""

    def __init__(self) -> None:
        self._rows: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._firsts: set[tuple[int, int]] = set()
        self._count = 0
        self._sorted: dict[int, tuple[list[int], list[int]]] = {}

    def add(self, reference: str) -> None:
        """`B2:C9`; a single cell is no rectangle. Raises ValueError."""
        first, _, last = reference.partition(":")
        if last in {"", first}:
            return
        (top, left), (bottom, right) = place_of(first), place_of(last)
        if top > bottom or left > right:
            raise ValueError(reference)
        self._firsts.add((top, left))
        self._count += right - left + 1
        if self._count > _MOST_RANGES:
            raise FileRefused(WholeFile.TOO_WIDE, read=last)
        for column in range(left, right + 1):
            self._rows[column].append((top, bottom))

    def has(self, row: int, column: int) -> bool:
        """Whether the cell is in one, and not its first."""
        if column not in self._rows or (row, column) in self._firsts:
            return False
        starts, ends = self._sorted.get(column) or self._sort(column)
        at = bisect_right(starts, row) - 1
        return at >= 0 and row <= ends[at]

    def _sort(self, column: int) -> tuple[list[int], list[int]]:
        """`ends[n]` is the farthest of the first n + 1."""
        starts: list[int] = []
        ends: list[int] = []
        for top, bottom in sorted(self._rows[column]):
            starts.append(top)
            ends.append(max(bottom, ends[-1]) if ends else bottom)
        self._sorted[column] = starts, ends
        return starts, ends
