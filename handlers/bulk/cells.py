"""Rows and cells of a bulk file, before anybody has judged them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from handlers.bulk.bulk_file import Wrong


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number below 10^15: its digits are certain, zeros before them are not."""

    digits: str


@dataclass(frozen=True, slots=True)
class Odd:
    """A cell that holds something else than plain text, and what people see of it."""

    wrong: Wrong
    read: str = field(default="", repr=False)
    #: The text is good where letters do not count one by one: in a reason.
    is_text: bool = False


#: Text as it stands in the file, or what else was found there. Empty: nothing at all.
Cell: TypeAlias = str | Number | Odd


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as people see it in their program."""

    number: int
    cells: tuple[Cell, ...]
    is_hidden: bool = False
