"""Which column is which: the head of a bulk file, in Chinese or English, in any order."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handlers.bulk.bulk_file import Column, FileRefused, WholeFile
from handlers.bulk.cells import Cell, Number, Odd, Row
from handlers.cleaning import drop_invisible

#: What people call them; the first two of each are the documented ones.
_NAMES: Final[Mapping[str, Column]] = {
    "openid": Column.OPENID,
    "open_id": Column.OPENID,
    "stock": Column.STOCK,
    "批次": Column.STOCK,
    "批次号": Column.STOCK,
    "stock_id": Column.STOCK,
    "reason": Column.REASON,
    "原因": Column.REASON,
    "ticket": Column.TICKET,
    "工单": Column.TICKET,
    "工单号": Column.TICKET,
}


@dataclass(frozen=True, slots=True)
class Head:
    """`row` is where it stands; `names` as the file writes them, without empty ones at the end."""

    row: int
    names: tuple[str, ...]
    places: Mapping[Column, int]

    @property
    def not_read(self) -> Mapping[int, str]:
        """Columns that are named, and none of ours."""
        ours = set(self.places.values())
        return {place: name for place, name in enumerate(self.names) if name and place not in ours}

    def is_again(self, row: Row) -> bool:
        """Whether a row further down names columns, as in files that were joined. Raises FileRefused."""
        place = self.places[Column.OPENID]
        # Most rows end here: the others are looked at whole.
        if place >= len(row.cells) or _folded(text_of(row.cells[place])) not in _NAMES:
            return False
        if count_columns(row) and _names(row.cells) != self.names:
            raise FileRefused(WholeFile.OTHER_HEAD, row=row.number)
        return True


def count_columns(row: Row) -> int:
    """How many columns of ours a row names; 0: it is no head."""
    found = [_NAMES[name] for name in map(_folded, _names(row.cells)) if name in _NAMES]
    return len(set(found)) if Column.OPENID in found else 0


def head_of(row: Row) -> Head | None:
    """None: it does not name the column of openids. Raises FileRefused when it names one twice."""
    if count_columns(row) == 0:
        return None
    names = _names(row.cells)
    places: dict[Column, int] = {}
    for place, name in enumerate(names):
        column = _NAMES.get(_folded(name))
        if column is None:
            continue
        if column in places:
            raise FileRefused(WholeFile.COLUMN_TWICE, row=row.number, names=(names[places[column]], name))
        places[column] = place
    return Head(row.number, names, places)


def letters(place: int) -> str:
    """`A` for 0, `AA` for 26, as spreadsheets call their columns."""
    name, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def text_of(cell: Cell) -> str:
    """As people see it."""
    match cell:
        case Number(digits=text) | Odd(read=text):
            return text
        case _:
            return cell


def _names(cells: Sequence[Cell]) -> tuple[str, ...]:
    names = [" ".join(drop_invisible(text_of(cell)).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip("'\"` ")
