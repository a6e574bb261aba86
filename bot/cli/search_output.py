"""What a search found, as a table to read, a spreadsheet, or JSON lines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from bot.wording.terminal_table import line
from coupons.audit_words import Found
from coupons.days import beijing_time
from coupons.encodings import MARK
from coupons.money import in_yuan
from coupons.recording import Json, Recorded
from coupons.spreadsheet import COLUMNS, EVENT_COLUMNS, lines, row

if TYPE_CHECKING:
    from bot.cli.workbook import WorkbookSheet

FORMATS: Final = ("table", "csv", "xlsx", "jsonl")

_REQUESTS: Final = (
    ("#", 7),
    ("asked, Beijing", 16),
    ("state", 9),
    ("yuan", 8),
    ("stock", 18),
    ("requester", 11),
    ("approvers", 11),
    ("ticket", 8),
    ("reason", 16),
)
_EVENTS: Final = (
    ("seq", 7),
    ("Beijing time", 19),
    ("request", 7),
    ("tag", 18),
    ("actor", 11),
    ("details", 48),
)


#: Who looked for what, and for whom, stands where a narrow column still shows it.
_FIRST: Final = ("words", "customer", "reason", "action", "month", "page")
_LAST: Final = ("found", "user", "where")
#: Where nobody's terminal says another.
_WIDTH: Final = 120


class OutputRows(Protocol):
    """Written piece by piece, so that a long one needs no memory."""

    def head(self) -> None: ...

    def write(self, found: Sequence[Found] | Sequence[Recorded]) -> None: ...


@contextmanager
def rows_of(kind: str, stream: TextIO, *, events: bool) -> Iterator[OutputRows]:
    """One of FORMATS; a workbook is written when this ends. Raises ExportRefused."""
    columns = EVENT_COLUMNS if events else COLUMNS
    if kind == "xlsx":
        # Here, since most commands need none of it.
        from bot.cli.workbook import WorkbookSheet  # noqa: PLC0415

        with WorkbookSheet(stream, columns) as sheet:
            yield _Workbook(sheet)
    elif kind == "csv":
        yield _Csv(stream, columns)
    elif kind == "jsonl":
        yield _Lines(stream)
    else:
        yield _Table(stream, _EVENTS if events else _REQUESTS)


class _Table:
    """As wide as the terminal; the last column gets what is left."""

    def __init__(self, stream: TextIO, columns: Sequence[tuple[str, int]]) -> None:
        self._stream = stream
        self._names = [name for name, _ in columns]
        self._widths = [width for _, width in columns]
        if stream.isatty():
            self._widths[-1] += max(shutil.get_terminal_size().columns - _WIDTH, 0)

    def head(self) -> None:
        self._write(self._names)

    def write(self, found: Sequence[Found] | Sequence[Recorded]) -> None:
        for each in found:
            self._write(_seen(each) if isinstance(each, Found) else _seen_event(each))

    def _write(self, cells: Sequence[str]) -> None:
        self._stream.write(line(cells, self._widths) + "\n")


class _Csv:
    """`coupons.spreadsheet`, with the mark by which spreadsheets know UTF-8."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = columns

    def head(self) -> None:
        self._stream.write(MARK + lines([self._columns]))

    def write(self, found: Sequence[Found] | Sequence[Recorded]) -> None:
        self._stream.write(lines(map(row, found)))


class _Workbook:
    """The same rows, as text that is text."""

    def __init__(self, sheet: WorkbookSheet) -> None:
        self._sheet = sheet

    def head(self) -> None:
        """It has one already."""

    def write(self, found: Sequence[Found] | Sequence[Recorded]) -> None:
        for each in found:
            self._sheet.add(row(each))


class _Lines:
    """An object a line; its keys are the sheet's columns."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def head(self) -> None:
        """It has none."""

    def write(self, found: Sequence[Found] | Sequence[Recorded]) -> None:
        for each in found:
            values = _request_values(each) if isinstance(each, Found) else _event_values(each)
            # Without ensure_ascii a line separator of Unicode would split the line for some readers.
            text = json.dumps(values, ensure_ascii=False)
            self._stream.write(text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n")


def _seen(found: Found) -> list[str]:
    request = found.request
    return [
        str(request.id),
        beijing_time(request.created_at)[:-3],
        request.state,
        str(in_yuan(request.value_fen)),
        request.stock_name,
        request.requester,
        "+".join(found.approvers),
        request.ticket,
        request.reason,
    ]


def _seen_event(event: Recorded) -> list[str]:
    about = "" if event.request_id is None else f"#{event.request_id}"
    return [str(event.seq), beijing_time(event.ts), about, event.tag, event.actor, details(event)]


def details(event: Recorded) -> str:
    """All that an event says, what matters most first."""
    ordered = sorted(event.detail.items(), key=lambda each: _rank(each[0]))
    return " ".join(f"{name}={_value(value)}" for name, value in ordered if value not in ("", None))


def _rank(name: str) -> int:
    if name in _FIRST:
        return _FIRST.index(name)
    return len(_FIRST) + (_LAST.index(name) + 1 if name in _LAST else 0)


def _value(value: Json) -> str:
    text = ",".join(map(_text, value)) if isinstance(value, list) else _text(value)
    # People's words: neither a line break nor a ` name=` in one may look like something of ours.
    return json.dumps(text, ensure_ascii=False) if not text.isprintable() or set(text) & set(' "') else text


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _event_values(event: Recorded) -> dict[str, object]:
    return {
        "seq": event.seq,
        "ts": event.ts,
        "tag": event.tag,
        "actor": event.actor,
        "request_id": event.request_id,
        "detail": dict[str, Json](event.detail),
    }


def _request_values(found: Found) -> dict[str, object]:
    """Numbers as numbers, and people's words as they wrote them: no spreadsheet reads this."""
    request = found.request
    return {
        "request": request.id,
        "state": str(request.state),
        "asked_at_beijing": beijing_time(request.created_at),
        "requester": request.requester,
        "customer": request.customer,
        "stock_id": request.stock_id,
        "stock_name": request.stock_name,
        "value_yuan": float(in_yuan(request.value_fen)),
        "ticket": request.ticket,
        "reason": request.reason,
        "approvers": list(found.approvers),
        "closed_at_beijing": None if request.closed_at is None else beijing_time(request.closed_at),
        "closed_by": request.closed_by,
        "decline_reason": request.decline_reason,
        "coupon_code": request.coupon_code,
        "out_request_no": request.out_request_no,
        "problem": request.problem,
    }


def write_events(kind: str, stream: TextIO, events: Iterable[Recorded]) -> None:
    """All of them, oldest first."""
    with rows_of(kind, stream, events=True) as rows:
        rows.head()
        rows.write(list(events))
