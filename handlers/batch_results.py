"""What became of a batch, as two files: to its requester, and into the thread of its card.

They are drawn from the rows at the moment of sending, a part at a time, into files that are gone with the
process. A later result says what has changed since.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO, Final

from coupons.batches import Batch, LeftOut
from coupons.encodings import MARK
from coupons.model import Request
from coupons.ports import Ledger, Transaction
from coupons.posts import WaitingPost
from coupons.spreadsheet import Cell, lines
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile, promised_name
from handlers.post_once import PostOnce
from handlers.posting import Poster
from handlers.views import batch_result
from handlers.views.batch_result import Totals
from handlers.views.words import Words
from handlers.web_api import Denied, MessageGone, Unreachable
from handlers.workbook import NewWorkbook

#: Lines read and written at once: some 20 ms, in which other threads wait now and again.
_PART: Final = 500
#: More than any file has.
_ALL: Final = 1_000_000
_LANGUAGE_WITHIN_S: Final = 3.0
_NO_SCOPE: Final = "missing_scope"


class BatchResults:
    """`on_trouble` hears of what keeps a result from a place for good."""

    def __init__(
        self,
        *,
        once: PostOnce,
        poster: Poster,
        readers: Readers,
        ledger: Ledger,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._once = once
        self._poster = poster
        self._readers = readers
        self._ledger = ledger
        self._on_trouble = on_trouble

    async def post(self, waiting: WaitingPost) -> None:
        """What a RESULT promises. Raises SlackError when it is to be tried again, OSError."""
        number = waiting.post.batch or 0
        batch = await self._ledger.read(lambda rows: rows.batch(number))
        if batch is not None:
            await self._post(waiting, batch)

        def finish(tx: Transaction) -> None:
            if waiting.post.person is not None:
                # What was wrong in bad lines was to be said to them alone.
                tx.forget_what_was_read(number)
            tx.finish_post(waiting.id, waiting.version)

        await self._ledger.write(finish)

    async def _post(self, waiting: WaitingPost, batch: Batch) -> None:
        person = waiting.post.person
        words = self._readers.channel
        if person is not None:
            words = await self._readers.words(person, within_s=_LANGUAGE_WITHIN_S)
        try:
            await self._share(waiting, batch, words)
        except Denied as error:
            if error.code == _NO_SCOPE:
                if person is not None and not waiting.tries:
                    await self._poster.post(
                        person, batch_result.not_taken(words, batch, error.code), metadata_id=""
                    )
                raise
            self._on_trouble(error)
        except (MessageGone, Unreachable) as error:
            # The card or its channel is gone, or nobody can write to the person: the other place has it.
            self._on_trouble(error)

    async def _share(self, waiting: WaitingPost, batch: Batch, words: Words) -> None:
        stem = f"batch-{batch.id}-result"
        with (
            TemporaryFile() as csv,
            TemporaryFile() as xlsx,
            TemporaryDirectory(prefix="coupon-bot-") as folder,
        ):
            book, public = NewWorkbook(xlsx, folder=folder), waiting.post.person is None
            totals = await self._draw(_Drawing(words, batch, csv=csv, book=book, public=public))
            files = [
                OutgoingFile(promised_name(waiting, stem, "csv"), csv),
                OutgoingFile(promised_name(waiting, stem, "xlsx"), xlsx),
            ]
            share = partial(self._once.share, comment=batch_result.comment(words, batch, totals))
            if waiting.post.person is not None:
                await share(waiting, waiting.post.person, files)
            elif batch.card_channel is not None:
                await share(waiting, batch.card_channel, files, thread_ts=batch.card_ts)

    async def _draw(self, drawing: _Drawing) -> Totals:
        """Not on the event loop: acks go out meanwhile."""
        number, after = drawing.batch.id, 0
        try:
            left_out = await self._ledger.read(lambda rows: rows.left_out_of(number, _ALL))
            drawing.left_out.extend(left_out)
            while found := await self._ledger.read(
                lambda rows, after=after: rows.requests_of_batch(number, after=after, limit=_PART)  # type: ignore[misc]  # bound now
            ):
                await asyncio.to_thread(drawing.add, found)
                after = found[-1].id
        finally:
            # In any case: it takes the temporary files away.
            await asyncio.to_thread(drawing.close)
        return drawing.totals


class _Drawing:
    """Both files at once, in the order of the batch's own file. `public`: for a channel."""

    def __init__(self, words: Words, batch: Batch, *, csv: BinaryIO, book: NewWorkbook, public: bool) -> None:
        self.batch = batch
        self.totals = Totals()
        #: Still to be written.
        self.left_out: deque[LeftOut] = deque()
        self._words = words
        self._public = public
        self._csv = csv
        self._book = book
        self._sheet = book.sheet("result", batch_result.RESULT_COLUMNS, batch_result.RESULT_WIDTHS)
        # By its mark spreadsheets know UTF-8.
        self._csv.write((MARK + lines([batch_result.RESULT_COLUMNS])).encode())

    def add(self, found: Sequence[Request]) -> None:
        rows: list[tuple[Cell, ...]] = []
        for request in found:
            rows += self._left_out_before(request.batch_row or 0)
            rows.append(batch_result.line(self._words, self.batch, request))
            self.totals.add(request)
        self._write(rows)

    def close(self) -> None:
        self._write(self._left_out_before(None))
        totals = self._book.sheet("totals", batch_result.TOTAL_COLUMNS, batch_result.TOTAL_WIDTHS)
        for row in self.totals.rows():
            totals.add(row)
        self._book.close()

    def _left_out_before(self, row: int | None) -> list[tuple[Cell, ...]]:
        rows = []
        while self.left_out and (row is None or self.left_out[0].row < row):
            rows.append(batch_result.left_out_line(self._words, self.left_out.popleft(), public=self._public))
            self.totals.left_out += 1
        return rows

    def _write(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        self._csv.write(lines(rows).encode())
        for row in rows:
            self._sheet.add(row)
