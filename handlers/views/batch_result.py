"""What became of each line of a batch's file, as rows of a spreadsheet, and the sentences beside it.

It stands in a channel, too: the customer is a number there, as in the log, and never an openid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from coupons.batches import Batch, BatchState, LeftOut
from coupons.days import beijing_time
from coupons.model import Request, State
from coupons.money import in_yuan
from coupons.spreadsheet import Cell
from handlers.bulk.bulk_file import Wrong
from handlers.views import problems
from handlers.views.bulk_file import left_out, plain
from handlers.views.escaping import code, inert, without_openids
from handlers.views.message import Message, message
from handlers.views.state_words import STATES, is_doubtful
from handlers.views.translations import N_
from handlers.views.undo_words import NO_COUPON, NOT_KNOWN, taken_back
from handlers.views.words import Words

RESULT_COLUMNS: Final = (
    *("row", "request", "state", "coupon_code", "customer", "stock_id", "stock_name", "value_yuan", "ticket"),
    *("reason", "problem", "explanation", "closed_at_beijing", "out_request_no"),
)
#: In characters, as many as what mostly stands there.
RESULT_WIDTHS: Final = (8, 10, 11, 26, 10, 14, 28, 11, 16, 30, 22, 60, 20, 38)
TOTAL_COLUMNS: Final = ("state", "stock_id", "stock_name", "lines", "value_yuan")
TOTAL_WIDTHS: Final = (12, 14, 28, 10, 14)
#: Where a line of the file is no request; no state of a request is called so.
LEFT_OUT: Final = "left_out"

_STRUCK: Final = N_("An approver struck it out of the batch.")
_WAITS: Final = N_("It waits for a person; what becomes of it comes in another file.")
_NAME_LONGEST: Final = 60


@dataclass(slots=True)
class Totals:
    """Counted from the very rows that the file has."""

    lines: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    fen: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left_out: int = 0

    def add(self, request: Request) -> None:
        key = (str(_stands(request)), request.stock_id, request.stock_name)
        self.lines[key] += 1
        self.fen[key] += request.value_fen

    def of(self, state: State) -> int:
        return sum(n for key, n in self.lines.items() if key[0] == state)

    @property
    def sent_fen(self) -> int:
        return sum(fen for key, fen in self.fen.items() if key[0] == State.SENT)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Under TOTAL_COLUMNS, in the order of the states."""
        places = {str(state): place for place, state in enumerate(State)}
        for key in sorted(self.lines, key=lambda each: (places[each[0]], *each)):
            yield (*key, self.lines[key], in_yuan(self.fen[key]))
        if self.left_out:
            yield (LEFT_OUT, None, None, self.left_out, None)


def line(words: Words, batch: Batch, request: Request) -> tuple[Cell, ...]:
    """Under RESULT_COLUMNS."""
    return (
        request.batch_row,
        request.id,
        str(_stands(request)),
        request.coupon_code,
        request.customer,
        request.stock_id,
        request.stock_name,
        in_yuan(request.value_fen),
        request.ticket,
        request.reason,
        request.problem,
        plain(explanation(words, batch, request)),
        None if request.closed_at is None else beijing_time(request.closed_at),
        request.out_request_no,
    )


def left_out_line(words: Words, left: LeftOut, *, public: bool) -> tuple[Cell, ...]:
    """Under RESULT_COLUMNS: a line that is no request, and why.

    `public`: without what was read in its cells, which is for its requester alone.
    """
    # What was wrong in a cell is forgotten once it was told; the code stays.
    shown = left.problem not in {*Wrong} or (left.facts and not public)
    cells = left_out(words, [left] if shown else [])
    why = [f"{each.place}: {each.why}" if each.column else each.why for each in cells]
    return (left.row, None, LEFT_OUT, *[None] * 7, left.problem, plain(" ".join(why)), None, None)


def _stands(request: Request) -> State:
    """A line whose coupon was taken back stands as its undo does."""
    return request.state if request.undone_by is None else State.UNDONE


def explanation(words: Words, batch: Batch, request: Request) -> str:
    """What is to be said of the line, as mrkdwn; empty: its state says it all."""
    match request.state:
        case State.SENT:
            return "" if request.undone_by is None else taken_back(words, request)
        case State.REFUSED:
            return words.sentences(words(NO_COUPON), problems.for_agent(words, request.problem))
        case State.HELD:
            known = words(NOT_KNOWN) if is_doubtful(request) else ""
            return words.sentences(known, problems.for_agent(words, request.problem), words(_WAITS))
        case State.DECLINED if batch.state is not BatchState.DECLINED:
            return words(_STRUCK)
        case State.DECLINED | State.CLOSED if request.decline_reason:
            return inert(without_openids(request.decline_reason))
        case _:
            return ""


def comment(words: Words, batch: Batch, totals: Totals) -> str:
    """Beside the files, as mrkdwn."""
    counted = [_counted(words, batch, state, n) for state in State if (n := totals.of(state))]
    text = words(
        "*Result of batch {batch}* ({file}): {states}; sent in all {value}.",
        batch=batch.id,
        file=inert(batch.file_name, _NAME_LONGEST),
        states=words.list(counted),
        value=words.money(totals.sent_fen),
    )
    left_out = words.plural(
        "1 line of the file was left out.", "{n} lines of the file were left out.", totals.left_out
    )
    held = words.plural(
        "1 line waits for a person: when it has ended, the files come again.",
        "{n} lines wait for a person: when they have ended, the files come again.",
        totals.of(State.HELD),
    )
    return words.sentences(text, left_out if totals.left_out else "", held if totals.of(State.HELD) else "")


def _counted(words: Words, batch: Batch, state: State, n: int) -> str:
    if state is State.UNDONE:
        return words("{n} taken back", n=words.number(n))
    if state is State.DECLINED and batch.state is not BatchState.DECLINED:
        return words("{n} struck out", n=words.number(n))
    return words("{n} {state}", n=words.number(n), state=words(STATES[state]))


def not_taken(words: Words, batch: Batch, code_: str) -> Message:
    """Slack did not take the files; they go on being tried."""
    return message(
        words(
            "Slack did not take the files with the result of batch {batch} ({code}). They come by themselves "
            "as soon as an operator has given the bot the scope `files:write` and installed it again.",
            batch=batch.id,
            code=code(code_),
        )
    )
