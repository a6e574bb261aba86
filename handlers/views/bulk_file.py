"""What is wrong with a bulk file, by row and column, and why a whole one is refused; what is said besides."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from coupons.batches import ERASED, MORE_APPROVALS, STOCK_GONE, LeftOut
from coupons.masking import masked
from coupons.permissions import Reason
from coupons.spreadsheet import as_csv
from handlers.bulk import file_json
from handlers.bulk.bulk_file import BadLine, FileRefused, Remark, RemarkKind, WholeFile, Wrong
from handlers.misread import Problem
from handlers.views import misreads
from handlers.views.command_replies import UNDONE
from handlers.views.escaping import code, inert, without_openids
from handlers.views.message import Message, message
from handlers.views.refusals import refusal
from handlers.views.words import N_, Words

_TYPED_LONGEST: Final = 60
#: Rows of one group that are named.
_GROUP: Final = 5
_MEGABYTE: Final = 1024 * 1024

#: The places: `typed` (what was read), `count`, `limit`, `stocks`.
_CELLS: Final = {
    Wrong.HIDDEN_ROW: N_(
        "The row is hidden, by hand or by a filter: whoever looked at the sheet did not see it. Show all "
        "rows, and delete those that are not meant."
    ),
    Wrong.ABOVE_HEAD: N_(
        "I read {typed} above the names of the columns. The names belong in the first row, and each line "
        "under them."
    ),
    Wrong.SUM: N_("I read {typed}, which looks like a sum under the lines. Please delete the row."),
    Wrong.TOO_MANY_CELLS: N_(
        "I read {count} cells under a head of {limit}, so which is which is not sure: most likely there is a "
        "comma in one of them. Put that cell into quotation marks, or save the file as .xlsx."
    ),
    Wrong.TOO_FEW_CELLS: N_(
        "I read {count} cells under a head of {limit}, and none for the stock. Put in the separators that "
        "are missing."
    ),
    Wrong.SWALLOWED_LINES: N_(
        "I read {count} lines of the file as one cell: a quotation mark opens at its start and closes much "
        "later. Take it away, or close it where the cell ends."
    ),
    Wrong.NOT_COMPUTED: N_(
        "The cell has a formula whose result is not in the file. Open the file in a spreadsheet program and "
        "save it, or put the value there as text."
    ),
    Wrong.EMPTY_RESULT: N_(
        "The cell has a formula whose result is empty, perhaps a lookup that found nothing. Put the value "
        "there as text; only a cell with nothing in it takes what the form says."
    ),
    Wrong.MERGED: N_(
        "The cell is part of a merged one, of which only the first cell has the value. Unmerge the cells, "
        "and fill in each."
    ),
    Wrong.ZERO_CHARACTER: N_(
        "The cell has the character U+0000, which no text has: something went wrong when the file was made. "
        "Please type it again."
    ),
    Wrong.ONLY_BLANKS: N_(
        "The cell looks empty, but has spaces or signs in it that nobody sees. Empty it, or type what is "
        "meant."
    ),
    Wrong.ROUNDED: N_(
        "I read {typed}: a spreadsheet has rounded the number. Format the column as text, and paste the "
        "values again from where they are kept."
    ),
    Wrong.GUARD: N_(
        "I read {typed}. The sign at its start keeps spreadsheets from changing the value: please take it "
        "away."
    ),
    Wrong.IN_PARTS: N_(
        "I read {typed}, but the file holds it in parts or with signs for other signs, so what was typed is "
        "not sure. Please type it again."
    ),
    Wrong.UNSURE: N_(
        "I read {typed}, and reading the file in another way gives something else. Please type it again."
    ),
    Wrong.ERROR: N_("I read {typed}: a formula failed. Put the value there as text."),
    Wrong.DATE: N_("I read {typed}, a date. Format the cell as text, and type again what is meant."),
    Wrong.LOGICAL: N_(
        "I read {typed}, which is no text. Format the cell as text, and type again what is meant."
    ),
    Wrong.NOT_WHOLE: N_(
        "I read {typed}, which is no whole number. Format the cell as text, and type again what is meant."
    ),
    Wrong.LONG_NUMBER: N_(
        "I read {typed}, a number, of which a spreadsheet keeps 15 digits and makes up the rest. Format the "
        "cell as text, and type again what is meant."
    ),
    Wrong.OPENID_NUMBER: N_(
        "I read the customer {typed}, which the file holds as a number. Please copy the openid again, into a "
        "cell that is formatted as text."
    ),
    Wrong.OPENID: N_("The row has no openid. Fill it in, or delete the row."),
    Wrong.NO_STOCK: N_("The row has no stock, and none was chosen in the form."),
    Wrong.UNKNOWN_STOCK: N_(
        "I read {typed}, which is no stock of mine. Did you mean {stocks}? `/coupon stocks` shows all."
    ),
    Wrong.ZEROS_LOST: N_(
        "I read the stock {typed}: a spreadsheet may have taken away the zeros of {stocks}. Format the "
        "column as text and type it again, or use the stock's alias."
    ),
    Wrong.WORDS_AFTER_STOCK: N_(
        "I read {typed} at the end, which does not belong there. Please take it away."
    ),
    Wrong.REASON_REQUIRED: N_(
        "A coupon of this value needs a reason: please say in a few words what happened."
    ),
    Wrong.TICKET_REQUIRED: N_("A coupon of this value needs the customer's ticket: please name it."),
    Wrong.REASON_TOO_LONG: N_(
        "I read a reason of {count} characters. It may have at most {limit}: please make it shorter."
    ),
    Wrong.TICKET_TOO_LONG: N_("I read a ticket of {count} characters. It may have at most {limit}."),
}
_SHORT: Final = N_(
    "I read the customer {openid}, which has only {count} of at least {limit} characters. Please copy the "
    "openid whole."
)
_NO_STOCK_NEAR: Final = N_("I read {typed}, which is no stock of mine. `/coupon stocks` shows all.")


def wrong(words: Words, bad: BadLine) -> str:
    """What was read, what is wrong, what would be right. As mrkdwn."""
    misread = bad.misread
    if misread is not None and misread.problem is Problem.OPENID_TOO_SHORT:
        # What a command says of it is about the order of words.
        return words(_SHORT, openid=code(masked(misread.read)), count=misread.count, limit=misread.limit)
    if misread is not None and misread.problem is not Problem.MISSING_OPENID:
        return misreads.wrong(words, misread)
    is_far = bad.wrong is Wrong.UNKNOWN_STOCK and not bad.nearest
    return words(
        _NO_STOCK_NEAR if is_far else _CELLS[bad.wrong],
        typed=code(without_openids(bad.read), limit=_TYPED_LONGEST),
        count=bad.count,
        limit=bad.limit,
        stocks=words.list(code(stock) for stock in bad.nearest),
    )


def place(words: Words, bad: BadLine) -> str:
    """Where it is, as mrkdwn."""
    if not bad.column:
        return words("Row {row}", row=bad.row)
    return words("Row {row}, column {column} ({name})", row=bad.row, column=bad.column, name=inert(bad.head))


@dataclass(frozen=True, slots=True)
class LeftOutWords:
    """One cell, or one row, that gives nothing. `place` and `why` are mrkdwn; the others are plain."""

    row: int
    place: str
    why: str
    column: str = ""
    head: str = ""
    read: str = ""


def left_out(words: Words, lines: Iterable[LeftOut]) -> Iterator[LeftOutWords]:
    """Every cell that is wrong, in the order of the file."""
    for line in lines:
        bad = file_json.bad_lines(line.facts)
        for each in bad:
            why = wrong(words, each)
            yield LeftOutWords(
                each.row, place(words, each), why, each.column, each.head, without_openids(each.read)
            )
        if not bad:
            yield LeftOutWords(line.row, words("Row {row}", row=line.row), _no_line(words, line.problem))


def _no_line(words: Words, problem: str) -> str:
    """Good in itself, but nothing is left for it, or it is no longer there."""
    if problem in {*Reason}:
        return refusal(words, Reason(problem), None)
    if problem == ERASED:
        return words("The customer was erased from my database meanwhile.")
    if problem == STOCK_GONE:
        return words("Its stock is no longer among those that can be given.")
    if problem == MORE_APPROVALS:
        return words(
            "It needs more approvals than the batch, or other approvers. Please ask for it by itself."
        )
    # What stood in the cell was forgotten when its batch ended.
    return words("It cannot be taken as it stands in the file.")


def left_out_csv(words: Words, lines: Iterable[LeftOut]) -> str:
    """A file to be opened beside the one that was sent, in its order; openids are masked in it."""
    head = (words("Row"), words("Column"), words("Name"), words("Read"), words("What is wrong"))
    rows = ((each.row, each.column, each.head, each.read, plain(each.why)) for each in left_out(words, lines))
    return as_csv(rows, head=head)


def left_out_comment(words: Words, file_name: str, count: int) -> str:
    """Above the file, as mrkdwn."""
    lines = words.plural(
        "1 line of {file} is left out; the file says why.",
        "{n} lines of {file} are left out; the file says why of each.",
        count,
        file=f"*{inert(file_name)}*",
    )
    return words.sentences(
        lines,
        words(
            "Once you have submitted the others, put these right and send them as a file of their own: the "
            "whole list again would give the others a second coupon."
        ),
    )


def left_out_not_taken(words: Words, file_name: str, code_: str) -> Message:
    """Slack did not take the file; it goes on being tried."""
    return message(
        words(
            "Slack did not take the file of the lines of {file} that are left out ({code}). It comes by "
            "itself as soon as an operator has given the bot the scope `files:write` and installed it again.",
            file=f"*{inert(file_name)}*",
            code=code(code_),
        )
    )


def plain(mrkdwn: str) -> str:
    """One of our sentences without Slack's marks, for a file."""
    return html.unescape(mrkdwn.replace("`", ""))


# --- a whole file

_WHOLE: Final = {
    WholeFile.EMPTY: N_("The file is empty."),
    WholeFile.TOO_BIG: N_(
        "The file is larger than {limit} MB when it is unpacked. Please split it, or copy the columns that "
        "are needed into a new one."
    ),
    WholeFile.TOO_MANY_LINES: N_("The file has more than {limit} lines. Please split it."),
    WholeFile.TOO_WIDE: N_(
        "The cells of the sheet reach to {read}, which is too far. Please delete what stands far outside, or "
        "copy the lines into a new sheet."
    ),
    WholeFile.PASSWORD: N_("The file has a password. Please save it without one."),
    WholeFile.XLS: N_("This is a file of Excel's old format (.xls). Please save it as .xlsx."),
    WholeFile.OTHER_FORMAT: N_(
        "By its content this is a file of the kind {read}. Please save the list as .xlsx or CSV."
    ),
    WholeFile.UNKNOWN_FORMAT: N_(
        "I cannot tell what kind of file this is. Please save the list as .xlsx or CSV (UTF-8)."
    ),
    WholeFile.ENCODING: N_(
        "The text is damaged in line {row}: it is not whole in its encoding. Please save the list as CSV "
        "(UTF-8) again."
    ),
    WholeFile.QUOTATION: N_(
        "The file is no CSV from line {row} on: a quotation mark is not closed, or stands within a cell "
        "without being doubled."
    ),
    WholeFile.DAMAGED: N_(
        "The workbook is damaged, or no spreadsheet program wrote it. Open it in one, and save it as .xlsx "
        "again."
    ),
    WholeFile.TOO_MUCH_WORK: N_(
        "Reading the file took too long or too much memory. Please split it, or copy the lines into a new "
        "one."
    ),
    WholeFile.STRANGE_CELL: N_(
        "Row {row} has a cell that I cannot read: {read}. Please put a value in its place."
    ),
    WholeFile.SEVERAL_SHEETS: N_(
        "Several sheets have content: {names}. I do not choose among them: please delete or hide all but one."
    ),
    WholeFile.NO_VISIBLE_SHEET: N_(
        "What is in the file stands in hidden sheets ({names}), which I do not read. Please show the one "
        "that is meant."
    ),
    WholeFile.NO_HEAD: N_(
        "I found no row that names the columns: `openid`, and where there are such columns `stock` or "
        "`批次`, `reason` or `原因`, `ticket` or `工单`. Row {row} reads {read}."
    ),
    WholeFile.COLUMN_TWICE: N_(
        "Two columns name the same thing: {names}. Please delete one, or give it another name."
    ),
    WholeFile.NO_STOCK: N_(
        "No column names the stock (`stock` or `批次`), and none was chosen in the form. Please add the "
        "column, or choose a stock."
    ),
    WholeFile.OTHER_HEAD: N_(
        "Row {row} names the columns again, and in another way. Please send each list as a file of its own."
    ),
    WholeFile.NO_LINES: N_("There is nothing under the names of the columns."),
    WholeFile.GONE: N_(
        "Slack shows me no such file: it was deleted, or it is in a channel that I am not in. Please drop it "
        "into the form of `/coupon bulk`."
    ),
    WholeFile.ELSEWHERE: N_(
        "Slack does not keep the file itself, only a link to it. Please download it, and drop it into the "
        "form of `/coupon bulk`."
    ),
    WholeFile.NO_SCOPE: N_(
        "Slack does not let me read files: the app lacks the scope `files:read`. Please tell an operator."
    ),
    WholeFile.NOT_GIVEN: N_("Slack did not give me the file in time. Please send it again."),
}


def refused(words: Words, refused: FileRefused) -> str:
    """Why nothing of the file was taken. As mrkdwn."""
    limit = refused.limit // _MEGABYTE if refused.why is WholeFile.TOO_BIG else refused.limit
    why = words(
        _WHOLE[refused.why],
        limit=words.number(limit),
        row=refused.row,
        read=code(without_openids(refused.read)),
        names=words.list(inert(name) for name in refused.names),
    )
    return words.sentences(words("Nothing was taken from the file."), why)


# --- what is said besides

#: The places: `names`, `rows` (of which there may be many), `groups` (of rows), `what`.
_REMARKS: Final = {
    RemarkKind.HIDDEN_SHEETS: N_("Hidden sheets are not read: {names}."),
    RemarkKind.HIDDEN_COLUMNS: N_("These columns are hidden in the sheet, and are read: {names}."),
    RemarkKind.COLUMNS_NOT_READ: N_("These columns are not read: {names}."),
    RemarkKind.FILTER: N_("A filter is set in the sheet, and hides no row."),
    RemarkKind.READ_AS_GB18030: N_(
        "The file does not say how it was saved, and is read as GB18030. Please check the Chinese words."
    ),
    RemarkKind.ROWS_ABOVE_HEAD: N_("Above the names of the columns, and not read: rows {rows}."),
    RemarkKind.HEAD_AGAIN: N_("The names of the columns stand there again: rows {rows}."),
    RemarkKind.BLANK_ROWS: N_("Blank rows between the lines: {rows}."),
    RemarkKind.STOCK_OF_FORM: N_("These rows have no stock and take that of the form: {rows}."),
    RemarkKind.UNDONE: N_("{what} Rows: {rows}."),
    RemarkKind.SAME_ASKED_TWICE: N_("The same stock for the same customer: rows {groups}."),
    RemarkKind.OPENIDS_ALIKE: N_(
        "The openids of these rows differ only in upper and lower case, and a spreadsheet's lookups take "
        "them for one person: {groups}. Please check them."
    ),
}


def remark(words: Words, remark: Remark) -> str:
    """What people should know before they ask. As mrkdwn."""
    return words(
        _REMARKS[remark.kind],
        names=words.list(inert(name) for name in remark.names),
        rows=_counted(words, map(str, remark.rows), remark.count),
        groups=_counted(words, map(_group, remark.groups), remark.count),
        what=words(UNDONE[remark.undone]) if remark.undone else "",
    )


def _group(rows: Sequence[int]) -> str:
    """`2+5`; of many rows the first."""
    return "+".join(map(str, rows[:_GROUP])) + ("+…" if len(rows) > _GROUP else "")


def _counted(words: Words, named: Iterable[str], count: int) -> str:
    """The first ones, and how many more there are."""
    shown = list(named)
    return words.list(shown) + (f" (+{count - len(shown)})" if count > len(shown) else "")
