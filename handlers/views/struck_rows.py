"""What is wrong with the rows that an approver wants to strike out of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupons.batch_desk import MOST_STRUCK
from coupons.batch_terms import rows_of
from handlers.views.escaping import plain
from handlers.views.words import Words

MOST: Final = MOST_STRUCK
_TYPED = 60
_ANY_ROW = 10**18


class WrongRows(StrEnum):
    UNREADABLE = "unreadable"
    BEYOND_LAST = "beyond_last"
    NO_LINE = "no_line"
    ALL_LINES = "all_lines"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class RowsProblem:
    wrong: WrongRows
    #: The highest row of the batch, where that was not heeded.
    last: int = 0


def unreadable(rows: str, *, last: int) -> RowsProblem:
    """Of what `rows_of` gives nothing for."""
    if rows_of(rows, last=_ANY_ROW) is not None:
        return RowsProblem(WrongRows.BEYOND_LAST, last)
    return RowsProblem(WrongRows.UNREADABLE)


def problem(words: Words, found: RowsProblem, typed: str) -> str:
    """As plain text to stand under the field."""
    match found.wrong:
        case WrongRows.UNREADABLE:
            return words(
                "“{typed}” is not read as rows. Please write numbers and ranges with commas between them, "
                "the smaller number first, such as: 17, 20-25.",
                typed=plain(typed, _TYPED),
            )
        case WrongRows.BEYOND_LAST:
            return words(
                "The last row of this batch is {last}. Rows have the numbers that the spreadsheet shows.",
                last=found.last,
            )
        case WrongRows.NO_LINE:
            return words(
                "No line that waits for approval stands in these rows: each was struck out or left out "
                "before, or the batch was decided."
            )
        case WrongRows.ALL_LINES:
            return words("These are all lines of the batch: decline it instead.")
        case WrongRows.TOO_MANY:
            return words("At most {most} lines can be struck out at once.", most=words.number(MOST))
