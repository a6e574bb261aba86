"""One row of a bulk file: a line that may be asked for, or what is wrong with each of its cells.

An openid, a stock, a reason and a ticket are read by the functions that read them in `/coupon send`: what
these undo is undone, and remembered; what these refuse is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from coupons.batch import BatchLine
from coupons.catalogue import Catalogue
from coupons.model import Stock
from handlers import cleaning, nearest_names, parsing
from handlers.bulk.bulk_file import BadLine, Column, FormValues, RowList, Wrong
from handlers.bulk.cells import Cell, Number, Odd, Row
from handlers.bulk.columns import Head, letters, text_of
from handlers.bulk.line_words import LineWords
from handlers.cleaning import Undone
from handlers.command_line import CommandLine
from handlers.misread import Misread, Problem, openid_misread
from handlers.parsing import REASON_LONGEST
from handlers.ticket import TICKET_LONGEST
from handlers.views.escaping import escape

#: As Excel, WPS and LibreOffice show a formula that failed, and a number that is wider than its column.
_ERROR: Final = re.compile(
    r"#(N/A|DIV/0!|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|ERROR!)|Err:\d{3}|#{3,}", re.IGNORECASE
)
_ROUNDED: Final = re.compile(r"[+-]?\d([.,]\d+)?E[+-]?\d+", re.IGNORECASE | re.ASCII)
#: `2026/12/1`, `12月1日`, `Dec-05`, as a spreadsheet writes what it took for a date.
_DATE: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,4}[-/]\d{1,2}|(\d{2,4}年)?\d{1,2}月(\d{1,2}日)?|"
    r"(\d{1,2}-)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(-\d{2,4})?",
    re.IGNORECASE | re.ASCII,
)
_SUM: Final = re.compile(r"总计|合计|小计|汇总|总数|total\b|sum\b", re.IGNORECASE)
_OPENID: Final = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])", re.ASCII)
#: A back-tick or apostrophe keeps spreadsheets away, `=` makes a formula of the value.
_GUARDS: Final = ("`", "'", "’", "=")
_SHOWN: Final = 80
#: Different words that are remembered: a column of stocks has a few.
_REMEMBERED: Final = 1_000
#: Words for which the nearest stocks are looked for.
_OFFERED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """What is wrong with a cell, before its place is known; as in `BadLine`."""

    wrong: Wrong
    read: str = ""
    misread: Misread | None = None
    nearest: tuple[str, ...] = ()
    count: int = 0
    limit: int = 0


class LineChecks:
    """`delimiter`: of the CSV file, whose rows have as many cells as were written; empty: of a workbook."""

    def __init__(
        self,
        head: Head,
        catalogue: Catalogue,
        form: FormValues,
        *,
        delimiter: str,
        wanted: LineWords,
    ) -> None:
        self._head = head
        self._catalogue = catalogue
        self._form = form
        self._delimiter = delimiter
        self._wanted = wanted
        self._stock_ids = [stock.stock_id for stock in catalogue]
        self._words = [word for stock in catalogue for word in (stock.alias, stock.stock_id)]
        self._stocks: dict[Cell, tuple[Stock | _Fault, frozenset[Undone]]] = {}
        self._offered = 0
        #: The rows by what was undone in them.
        self.undone: dict[Undone, RowList] = {}
        self.stock_of_form = RowList()

    def read(self, row: Row) -> BatchLine | tuple[BadLine, ...]:
        """The line, or a `BadLine` for each cell that is wrong."""
        whole = self._whole_row(row)
        if whole is not None:
            return (self._bad(row, whole),)
        openid, undone = _openid(self._cell(row, Column.OPENID))
        stock, more = self._stock(self._cell(row, Column.STOCK))
        undone |= more
        reason, more = _reason(self._cell(row, Column.REASON))
        undone |= more
        ticket, more = _ticket(self._cell(row, Column.TICKET))
        undone |= more
        if isinstance(reason, str) and isinstance(ticket, str):
            reason, ticket = self._words_of(reason, ticket)
        if isinstance(stock, Stock):
            reason, ticket = self._required(stock, reason, ticket)
        if (
            isinstance(openid, str)
            and isinstance(stock, Stock)
            and isinstance(reason, str)
            and isinstance(ticket, str)
        ):
            self._note(row, undone)
            return BatchLine(row.number, openid, stock, reason, ticket)
        found = (
            (Column.OPENID, openid),
            (Column.STOCK, stock),
            (Column.REASON, reason),
            (Column.TICKET, ticket),
        )
        return tuple(self._bad(row, fault, column) for column, fault in found if isinstance(fault, _Fault))

    # --- the row

    def _whole_row(self, row: Row) -> _Fault | None:
        cells, width = row.cells, len(self._head.names)
        if row.is_hidden:
            return _Fault(wrong=Wrong.HIDDEN_ROW)
        openid = text_of(self._cell(row, Column.OPENID)).strip()
        first = next((text.strip() for text in map(text_of, cells) if text.strip()), "")
        if (_SUM.match(openid) or _SUM.match(first)) and openid_misread(openid, "send"):
            return _Fault(wrong=Wrong.SUM, read=first)
        if not self._delimiter:
            return None
        count = len(cells)
        while count > width and not text_of(cells[count - 1]).strip():
            count -= 1
        if count > width:
            return _Fault(wrong=Wrong.TOO_MANY_CELLS, count=count, limit=width)
        if len(cells) <= self._head.places.get(Column.STOCK, -1):
            return _Fault(wrong=Wrong.TOO_FEW_CELLS, count=len(cells), limit=width)
        lines = max((self._swallowed(text_of(cell)) for cell in cells), default=0)
        return _Fault(wrong=Wrong.SWALLOWED_LINES, count=lines) if lines else None

    def _swallowed(self, text: str) -> int:
        """How many lines of the file one cell has, where some of them look like lines of their own; or 0."""
        lines = text.splitlines() if "\n" in text or "\r" in text else []
        return len(lines) if any(map(self._may_be_line, lines[1:])) else 0

    def _may_be_line(self, text: str) -> bool:
        if _OPENID.search(text):
            return True
        cells, places = text.split(self._delimiter), self._head.places
        openid, stock = (
            cells[place].strip() if place < len(cells) else ""
            for place in (places[Column.OPENID], places.get(Column.STOCK, len(cells)))
        )
        return openid_misread(openid, "send") is None or self._catalogue.find(stock) is not None

    # --- cells

    def _cell(self, row: Row, column: Column) -> Cell:
        place = self._head.places.get(column, len(row.cells))
        return row.cells[place] if place < len(row.cells) else ""

    def _bad(self, row: Row, fault: _Fault, column: Column | None = None) -> BadLine:
        place = None if column is None else self._head.places.get(column)
        shown = fault.read or text_of(self._cell(row, column or Column.OPENID))
        return BadLine(
            row=row.number,
            wrong=fault.wrong,
            column="" if place is None else letters(place),
            head="" if place is None else self._head.names[place],
            read=" ".join(cleaning.drop_invisible(shown).split())[:_SHOWN],
            misread=fault.misread,
            nearest=fault.nearest,
            count=fault.count,
            limit=fault.limit,
        )

    def _note(self, row: Row, undone: frozenset[Undone]) -> None:
        for kind in undone:
            self.undone.setdefault(kind, RowList()).add(row.number)
        if self._cell(row, Column.STOCK) == "":
            self.stock_of_form.add(row.number)

    def _words_of(self, reason: str, ticket: str) -> tuple[str | _Fault, str | _Fault]:
        """Reason and ticket together: one may name the other, and the form has both for all."""
        reason, ticket = parsing.with_named_ticket(reason, ticket)
        reason, ticket = self._wanted.reasons.spelled(reason), self._wanted.tickets.number(ticket)
        if len(reason) > REASON_LONGEST:
            return _Fault(wrong=Wrong.REASON_TOO_LONG, count=len(reason), limit=REASON_LONGEST), ticket
        if len(ticket) > TICKET_LONGEST:
            return reason, _Fault(wrong=Wrong.TICKET_TOO_LONG, count=len(ticket), limit=TICKET_LONGEST)
        return reason or self._form.reason, ticket or self._form.ticket

    def _required(
        self, stock: Stock, reason: str | _Fault, ticket: str | _Fault
    ) -> tuple[str | _Fault, str | _Fault]:
        """What a line of this value must say of itself, or the form for all."""
        required = self._wanted.required
        if isinstance(reason, str) and required.lacks_reason(stock.value_fen, reason):
            reason = _Fault(wrong=Wrong.REASON_REQUIRED)
        if isinstance(ticket, str) and required.lacks_ticket(stock.value_fen, ticket):
            ticket = _Fault(wrong=Wrong.TICKET_REQUIRED)
        return reason, ticket

    def _stock(self, cell: Cell) -> tuple[Stock | _Fault, frozenset[Undone]]:
        known = self._stocks.get(cell)
        if known is None:
            known = self._read_stock(cell)
            if len(self._stocks) < _REMEMBERED:
                self._stocks[cell] = known
        return known

    def _read_stock(self, cell: Cell) -> tuple[Stock | _Fault, frozenset[Undone]]:
        if cell == "":
            return self._form.stock or _Fault(wrong=Wrong.NO_STOCK), frozenset()
        if isinstance(cell, Number):
            return self._find_stock(cell.digits, is_typed=False), frozenset()
        fault = _fault_of(cell)
        return (fault, frozenset()) if fault else self._read_stock_word(text_of(cell))

    def _read_stock_word(self, text: str) -> tuple[Stock | _Fault, frozenset[Undone]]:
        line = CommandLine(escape(text))
        word = line.word(may_hold_ellipsis=True)
        if not word:
            return _Fault(wrong=Wrong.ONLY_BLANKS), frozenset()
        if rest := line.reason():
            if _ROUNDED.fullmatch(text.strip()):
                return _Fault(wrong=Wrong.ROUNDED), frozenset()
            return _Fault(wrong=Wrong.WORDS_AFTER_STOCK, read=rest), frozenset()
        return self._find_stock(word, is_typed=not self._delimiter), frozenset(line.undone())

    def _find_stock(self, word: str, *, is_typed: bool) -> Stock | _Fault:
        """`is_typed`: a text cell, whose zeros nobody took away."""
        found = self._catalogue.find(word)
        bare = word.lstrip("0")
        longer = tuple(
            stock_id
            for stock_id in self._stock_ids
            if word.isdecimal() and len(stock_id) > len(word) and stock_id.lstrip("0") == bare
        )
        if longer and not (found and is_typed):
            return _Fault(wrong=Wrong.ZEROS_LOST, read=word, nearest=longer)
        if found is not None:
            return found
        for wrong, shape in ((Wrong.ROUNDED, _ROUNDED), (Wrong.DATE, _DATE)):
            if shape.fullmatch(word):
                return _Fault(wrong=wrong, read=word)
        if word.startswith(_GUARDS):
            return _Fault(wrong=Wrong.GUARD, read=word)
        # Each takes a while, and a wrong column has a word of its own in each row.
        self._offered += 1
        nearest = nearest_names.nearest(word, self._words) if self._offered <= _OFFERED else ()
        return _Fault(wrong=Wrong.UNKNOWN_STOCK, read=word, nearest=nearest)


def _openid(cell: Cell) -> tuple[str | _Fault, frozenset[Undone]]:
    fault = _Fault(wrong=Wrong.OPENID_NUMBER) if isinstance(cell, Number) else _fault_of(cell)
    if fault is not None:
        return fault, frozenset()
    if isinstance(cell, str) and openid_misread(cell, "send") is None:
        return cell, frozenset()
    line = CommandLine(escape(text_of(cell)))
    openid = parsing.take_openid(line)
    if isinstance(openid, str):
        return openid, frozenset(line.undone())
    if cell and openid.problem is Problem.MISSING_OPENID:
        return _Fault(wrong=Wrong.ONLY_BLANKS), frozenset()
    for wrong, is_so in (
        (Wrong.GUARD, openid.read.startswith(_GUARDS)),
        (Wrong.ROUNDED, _ROUNDED.fullmatch(text_of(cell).strip())),
    ):
        if is_so:
            return _Fault(wrong=wrong), frozenset()
    return _Fault(wrong=Wrong.OPENID, misread=openid), frozenset()


def _reason(cell: Cell) -> tuple[str | _Fault, frozenset[Undone]]:
    if isinstance(cell, Odd) and cell.is_text:
        cell = cell.read
    fault = _fault_of(cell)
    return (fault, frozenset()) if fault else _clean(text_of(cell))


def _ticket(cell: Cell) -> tuple[str | _Fault, frozenset[Undone]]:
    if isinstance(cell, Odd) and cell.wrong is Wrong.EMPTY_RESULT:
        return "", frozenset()
    fault = _fault_of(cell)
    if fault is None and text_of(cell).startswith(_GUARDS[0]):
        fault = _Fault(wrong=Wrong.GUARD)
    if fault is None and _ROUNDED.fullmatch(text_of(cell).strip()):
        fault = _Fault(wrong=Wrong.ROUNDED)
    return (fault, frozenset()) if fault else _clean(text_of(cell))


def _clean(text: str) -> tuple[str, frozenset[Undone]]:
    visible = cleaning.drop_invisible(text)
    line, undone = cleaning.clean_reason(visible)
    return line, undone if visible == text else undone | {Undone.INVISIBLE}


def _fault_of(cell: Cell) -> _Fault | None:
    """What is wrong in whatever column it stands."""
    if isinstance(cell, Odd):
        return _Fault(wrong=cell.wrong)
    if isinstance(cell, str) and "\0" in cell:
        return _Fault(wrong=Wrong.ZERO_CHARACTER)
    if isinstance(cell, str) and _ERROR.fullmatch(cell.strip()):
        return _Fault(wrong=Wrong.ERROR)
    return None
