"""Searches, with the words of `/coupon audit`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from datasette.utils.asgi import AsgiStream

from console.csv_file import attached
from console.language import WORDS, words
from console.ports import Outside
from coupons.audit_words import NOBODY, BadWord, Filter, Found, hide_openids
from coupons.auditing import MOST_COUNTED, by_number, page_of, parts_of
from coupons.encodings import MARK
from coupons.recording import Recorded
from coupons.spreadsheet import COLUMNS, EVENT_COLUMNS, lines, row

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`text` holds no openid. `moved`: it had one, and another address must be shown."""

    text: str
    #: What is wrong with the words, for the person.
    problem: str | None = None
    #: How a number alone was read.
    hint: str = ""
    moved: bool = False
    requests: Sequence[Found] = ()
    events: Sequence[Recorded] = ()
    #: At most MOST_COUNTED.
    count: int = 0
    following: int | None = None
    #: Whose lines are looked for.
    batch: int | None = None

    @property
    def counted(self) -> str:
        count = f"{self.count:,}"
        return words("{count} or more", count=count) if self.count == MOST_COUNTED else count


class LogSearch:
    """Everything blocks, and raises FileRefused."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def latest(self, limit: int) -> Sequence[Found]:
        with self._outside.reading() as rows:
            return rows.find_requests(Filter(), limit=limit)

    def without_openid(self, text: str) -> str:
        try:
            asked = self._outside.read_words(text)
        except BadWord:
            return _hidden(text)
        with self._outside.reading() as rows:
            return by_number(rows, asked, text)[1]

    def page(self, text: str, below: int | None) -> Result:
        try:
            asked = self._outside.read_words(text)
        except BadWord as error:
            return Result(
                text=_hidden(text), problem=_hidden(self._outside.wrong_word(WORDS.get().language, error))
            )
        with self._outside.reading() as rows:
            asked, shown = by_number(rows, asked, text)
            if shown != text:
                return Result(text=shown, moved=True)
            known = asked.request is not None and rows.request(asked.request) is not None
            hint = self._outside.as_number(WORDS.get().language, asked, known)
            part, count = page_of(rows, asked, below=below, limit=PAGE)
        return Result(text=shown, hint=hint, count=count, batch=asked.batch, **part._asdict())

    def file(self, text: str) -> Any:
        """All that is found, of one moment, as it is read."""
        asked = self._outside.read_words(text)

        async def write(writer: Any) -> None:
            with ExitStack() as stack:
                rows = await asyncio.to_thread(stack.enter_context, self._outside.reading())
                await writer.write(MARK + lines([EVENT_COLUMNS if asked.asks_for_events else COLUMNS]))
                parts = parts_of(rows, asked)
                while (part := await asyncio.to_thread(next, parts, None)) is not None:
                    await writer.write(lines(map(row, part.found)))

        headers = {key.decode(): value.decode() for key, value in attached("search")}
        return AsgiStream(write, headers=headers, content_type=headers["content-type"])


def _hidden(text: str) -> str:
    return hide_openids(text, NOBODY)
