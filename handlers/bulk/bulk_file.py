"""What was found in a bulk file: good lines, bad cells, remarks; or why the whole of it is refused.

Facts only; the sentences for people are made of them in `handlers.views.bulk_file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from coupons.batch import BatchLine
from coupons.errors import CouponsError
from coupons.model import Stock
from handlers.cleaning import Undone
from handlers.misread import Misread

MOST_LINES: Final = 50_000
#: Of the file as it comes; fifty thousand lines have about a tenth of it.
MOST_BYTES: Final = 32 * 1024 * 1024


class Column(StrEnum):
    """What a bulk file says about a customer."""

    OPENID = "openid"
    STOCK = "stock"
    REASON = "reason"
    TICKET = "ticket"


class Wrong(StrEnum):
    """Why a line is not taken; above each, the facts that its `BadLine` has besides the place and `read`."""

    # --- the row

    #: Hidden by hand or by a filter: whoever looked at the sheet did not see it.
    HIDDEN_ROW = "hidden_row"
    #: What may be a line stands above the names of the columns.
    ABOVE_HEAD = "above_head"
    #: A sum under the lines.
    SUM = "sum"
    #: `count`, `limit` (cells under the head): a comma in a cell without quotation marks.
    TOO_MANY_CELLS = "too_many_cells"
    #: `count`, `limit`: the stock's cell is not there at all.
    TOO_FEW_CELLS = "too_few_cells"
    #: `count` (lines of the file): a quotation mark that is not closed took the lines after it along.
    SWALLOWED_LINES = "swallowed_lines"

    # --- any cell

    #: `#N/A` and the like: a formula that failed.
    ERROR = "error"
    #: A formula whose result nobody has worked out yet.
    NOT_COMPUTED = "not_computed"
    #: A formula whose result is nothing: perhaps a lookup that failed in silence.
    EMPTY_RESULT = "empty_result"
    #: A part of a merged cell other than its first one.
    MERGED = "merged"
    DATE = "date"
    #: TRUE or FALSE.
    LOGICAL = "logical"
    NOT_WHOLE = "not_whole"
    #: A number cell of 10^15 or more, which has lost its last digits.
    LONG_NUMBER = "long_number"
    #: Rounded text, like 1.23457E+17.
    ROUNDED = "rounded"
    #: U+0000.
    ZERO_CHARACTER = "zero_character"
    #: Nothing but spaces or what nobody sees.
    ONLY_BLANKS = "only_blanks"
    #: A mark before the value that keeps spreadsheets from touching it, or a formula as text.
    GUARD = "guard"
    #: Text in parts, or with the escapes of the file format: what was typed is not sure.
    IN_PARTS = "in_parts"
    #: Two readings of the file do not agree.
    UNSURE = "unsure"

    # --- one column's

    #: A number where an openid belongs.
    OPENID_NUMBER = "openid_number"
    #: `misread`.
    OPENID = "openid"
    #: Nothing there, and none chosen in the form.
    NO_STOCK = "no_stock"
    #: `nearest` (aliases and ids, perhaps none).
    UNKNOWN_STOCK = "unknown_stock"
    #: `nearest`: the stock_id that begins with zeros and reads alike without them.
    ZEROS_LOST = "zeros_lost"
    #: `read` are the words after the stock.
    WORDS_AFTER_STOCK = "words_after_stock"
    #: Nothing there or in the form, and from the value of its stock on it must be: as a command is told.
    REASON_REQUIRED = "reason_required"
    TICKET_REQUIRED = "ticket_required"
    #: `count`, `limit`.
    REASON_TOO_LONG = "reason_too_long"
    #: `count`, `limit`.
    TICKET_TOO_LONG = "ticket_too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """One cell, or one row, that must be put right before its line can be taken."""

    #: As in the sheet, the head counted; of CSV the line on which it begins.
    row: int
    wrong: Wrong
    #: `B`, as spreadsheets call it; empty: the row as a whole.
    column: str = ""
    #: The column's name as the file has it.
    head: str = ""
    #: Not in the repr: it may be an openid.
    read: str = field(default="", repr=False)
    misread: Misread | None = None
    nearest: tuple[str, ...] = ()
    count: int = 0
    limit: int = 0


class RemarkKind(StrEnum):
    """What is said besides; above each, its facts (with `rows` or `groups` comes their `count`)."""

    #: `names`: sheets that were not read.
    HIDDEN_SHEETS = "hidden_sheets"
    #: `names`: columns that were read although they are hidden.
    HIDDEN_COLUMNS = "hidden_columns"
    #: `names`: columns that were not read; by their letter where they have no name.
    COLUMNS_NOT_READ = "columns_not_read"
    #: Nothing: a filter is set, and hides no row.
    FILTER = "filter"
    #: Nothing: the text is in GB18030, as far as anybody can tell.
    READ_AS_GB18030 = "read_as_gb18030"
    #: `rows`: no lines.
    ROWS_ABOVE_HEAD = "rows_above_head"
    #: `rows`: the names of the columns once more.
    HEAD_AGAIN = "head_again"
    #: `rows`, between lines.
    BLANK_ROWS = "blank_rows"
    #: `rows`: lines without a stock of their own.
    STOCK_OF_FORM = "stock_of_form"
    #: `undone`, `rows`.
    UNDONE = "undone"
    #: `groups` of rows.
    SAME_ASKED_TWICE = "same_asked_twice"
    #: `groups` of rows.
    OPENIDS_ALIKE = "openids_alike"


#: Rows or groups that a remark names; the rest are counted.
NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    kind: RemarkKind
    count: int = 0
    #: The first `NAMED`.
    rows: tuple[int, ...] = ()
    #: The first `NAMED`, and of each the first `NAMED` rows.
    groups: tuple[tuple[int, ...], ...] = ()
    names: tuple[str, ...] = ()
    undone: Undone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFile:
    """`lines` may be asked for as they are; `bad` has one entry for each cell, in the order of the rows."""

    #: Lower-case hex, of the bytes as they came.
    sha256: str
    lines: tuple[BatchLine, ...]
    bad: tuple[BadLine, ...]
    remarks: tuple[Remark, ...]
    #: The sheet's name; empty: a CSV file has none.
    sheet: str = ""

    @property
    def bad_rows(self) -> int:
        """How many lines are left out."""
        return len({bad.row for bad in self.bad})


class WholeFile(StrEnum):
    """Why nothing of a file is taken; above each, the facts of its `FileRefused`."""

    #: Not a byte, or nothing but blanks.
    EMPTY = "empty"
    #: `limit` (bytes).
    TOO_BIG = "too_big"
    #: `limit`.
    TOO_MANY_LINES = "too_many_lines"
    #: `read`: the place of the cell that is farthest out.
    TOO_WIDE = "too_wide"
    PASSWORD = "password"  # noqa: S105 - what is the matter, and no password
    #: Excel's old format.
    XLS = "xls"
    #: `read`: what it is (`.ods`, `.xlsb`, `.docx` ...).
    OTHER_FORMAT = "other_format"
    #: Neither text nor anything known.
    UNKNOWN_FORMAT = "unknown_format"
    #: `row`: text that is in no encoding that is read here.
    ENCODING = "encoding"
    #: `row`: a quotation mark is not closed, or stands within a cell.
    QUOTATION = "quotation"
    #: A workbook that is cut off or put together wrongly.
    DAMAGED = "damaged"
    #: Reading it took more time or memory than it may.
    TOO_MUCH_WORK = "too_much_work"
    #: `row`, `read`: a cell that the reader of workbooks does not know.
    STRANGE_CELL = "strange_cell"
    #: `names`.
    SEVERAL_SHEETS = "several_sheets"
    #: `names`: what there is is hidden.
    NO_VISIBLE_SHEET = "no_visible_sheet"
    #: `read`: the first row that is not blank.
    NO_HEAD = "no_head"
    #: `names`: two columns of one meaning.
    COLUMN_TWICE = "column_twice"
    #: No column for the stock, and none chosen in the form.
    NO_STOCK = "no_stock"
    #: `row`: other names of columns, further down.
    OTHER_HEAD = "other_head"
    #: A head and nothing under it.
    NO_LINES = "no_lines"

    # --- before its first byte was read

    #: Deleted since, or Slack shows the bot no such file.
    GONE = "gone"
    #: It is not kept by Slack, which has only a link to it.
    ELSEWHERE = "elsewhere"
    #: The installation lacks the scope `files:read`.
    NO_SCOPE = "no_scope"
    #: Slack did not give it in time.
    NOT_GIVEN = "not_given"


class FileRefused(CouponsError):
    """Nothing of the file was taken."""

    def __init__(
        self,
        why: WholeFile,
        *,
        row: int = 0,
        read: str = "",
        names: tuple[str, ...] = (),
        limit: int = 0,
    ) -> None:
        # Not `read`: it may hold an openid, and an error reaches logs.
        super().__init__(f"a bulk file is refused: {why}")
        self.why = why
        self.row = row
        self.read = read
        self.names = names
        self.limit = limit


@dataclass(frozen=True, slots=True)
class FormValues:
    """What the form says for lines whose own cell is empty."""

    stock: Stock | None = None
    reason: str = ""
    ticket: str = ""


class RowList:
    """The first of them by number, all of them by count."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[int] = []

    def add(self, row: int) -> None:
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append(row)

    def remark(self, kind: RemarkKind, undone: Undone | None = None) -> Iterator[Remark]:
        if self.count:
            yield Remark(kind=kind, count=self.count, rows=tuple(self.first), undone=undone)
