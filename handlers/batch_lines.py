"""The lines of a batch as a file in the thread of its card, for those who decide about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from coupons.batches import Batch
from coupons.encodings import MARK
from coupons.model import Request, State
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from coupons.spreadsheet import lines
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile, promised_name
from handlers.post_once import PostOnce
from handlers.views import batch_lines
from handlers.web_api import Denied, MessageGone, Unreachable

#: Lines read and written at once.
_PART: Final = 500


class BatchLines:
    """`on_trouble` hears of what keeps the file from the thread for good: the card is there all the same."""

    def __init__(
        self,
        *,
        once: PostOnce,
        readers: Readers,
        ledger: Ledger,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._once = once
        self._readers = readers
        self._ledger = ledger
        self._on_trouble = on_trouble

    async def post(self, waiting: WaitingPost) -> None:
        """What a LINES promises. Raises SlackError when it is to be tried again, OSError."""
        number = waiting.post.batch or 0
        batch = await self._ledger.read(lambda rows: rows.batch(number))
        if batch is not None and batch.card_channel is not None:
            try:
                await self._share(waiting, batch, batch.card_channel)
            except (Denied, MessageGone, Unreachable) as error:
                self._on_trouble(error)
        await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))

    async def _share(self, waiting: WaitingPost, batch: Batch, channel: str) -> None:
        with TemporaryFile() as content:
            await self._draw(batch, content)
            file = OutgoingFile(promised_name(waiting, f"batch-{batch.id}-lines", "csv"), content)
            comment = batch_lines.comment(self._readers.channel, batch)
            await self._once.share(waiting, channel, [file], comment=comment, thread_ts=batch.card_ts)

    async def _draw(self, batch: Batch, content: BinaryIO) -> None:
        """Not on the event loop: acks go out meanwhile."""
        # By its mark spreadsheets know UTF-8.
        content.write((MARK + lines([batch_lines.LINE_COLUMNS])).encode())
        after = 0
        while found := await self._ledger.read(
            lambda rows, after=after: rows.requests_of_batch(batch.id, after=after, limit=_PART)  # type: ignore[misc]  # bound now
        ):
            await asyncio.to_thread(_write, content, found)
            after = found[-1].id


def _write(content: BinaryIO, found: Sequence[Request]) -> None:
    # What was struck out or withdrawn is no longer decided about.
    open_lines = (request for request in found if request.state not in {State.DECLINED, State.CANCELLED})
    content.write(lines(batch_lines.line(request) for request in open_lines).encode())
