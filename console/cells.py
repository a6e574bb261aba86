"""CSV that no spreadsheet runs: the cells of Datasette's own are made safe as they stream."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from coupons.sheet import safe

#: By which spreadsheets know UTF-8.
MARK = "\ufeff"

Send = Callable[[dict[str, Any]], Awaitable[None]]


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, numbers as they are, texts safe."""
    stream = io.StringIO()
    csv.writer(stream).writerows(
        ["" if cell is None else safe(cell) if isinstance(cell, str) else cell for cell in row]
        for row in rows
    )
    return stream.getvalue()


class SafeCells:
    """A CSV text that comes in pieces, its cells made safe; a piece may end inside a cell or a character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._left = ""

    def feed(self, piece: bytes, *, last: bool = False) -> str:
        text = self._left + self._decoder.decode(piece, last)
        whole = len(text) if last else _end_of_rows(text)
        self._left = text[whole:]
        rows = csv.reader(io.StringIO(text[:whole], newline=""))
        return lines([[_cell(cell) for cell in row] for row in rows])


def _cell(cell: str) -> object:
    """Numbers are no formulas, also with a sign."""
    try:
        return int(cell) if cell.startswith("-") else cell
    except ValueError:
        return cell


def _end_of_rows(text: str) -> int:
    """Behind the last row that is whole: its line break stands outside of quotation marks."""
    end, inside = 0, False
    for place, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char == "\n" and not inside:
            end = place + 1
    return end


def safely(send: Send, name: str) -> Send:
    """`send` for Datasette's CSV, as a file to keep."""
    cells = SafeCells()
    is_csv = False

    async def sent(message: dict[str, Any]) -> None:
        nonlocal is_csv
        if message["type"] == "http.response.start":
            is_csv = message["status"] == 200  # noqa: PLR2004 - HTTP's own
            if is_csv:
                kept = [
                    (key, value)
                    for key, value in message["headers"]
                    if key.lower() not in {b"content-type", b"content-disposition", b"content-length"}
                ]
                message = {**message, "headers": [*kept, *attached(name)]}
            await send(message)
            if is_csv:
                await send({"type": "http.response.body", "body": MARK.encode(), "more_body": True})
            return
        if is_csv and message["type"] == "http.response.body":
            last = not message.get("more_body", False)
            body = cells.feed(message.get("body", b""), last=last)
            message = {**message, "body": body.encode()}
        await send(message)

    return sent


def attached(name: str) -> list[tuple[bytes, bytes]]:
    """Headers of a CSV file; `name` is ours."""
    return [
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", f'attachment; filename="{name}.csv"'.encode()),
    ]
