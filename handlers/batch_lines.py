"""The lines of a batch as a file in the thread of its card, for those who decide about it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from coupons.batches import Batch
from coupons.encodings import MARK
from coupons.model import Request, State
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from coupons.rules import Used
from coupons.spreadsheet import lines
from coupons.totals import Scope, Total
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile, promised_name
from handlers.post_once import PostOnce
from handlers.views import batch_lines
from handlers.views.batch_card import BEFORE_DAYS
from handlers.views.batch_lines import SameCustomer
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
        places = defaultdict[int, list[_Place]](list)
        async for part in self._parts(batch):
            for request in part:
                places[request.customer].append(_Place(request.batch_row or 0, request.value_fen))
        async for part in self._parts(batch):
            before = await self._before(part, batch, places)
            await asyncio.to_thread(_write, content, part, places, before)

    async def _parts(self, batch: Batch) -> AsyncIterator[Sequence[Request]]:
        after = 0
        while found := await self._ledger.read(
            lambda rows, after=after: rows.requests_of_batch(batch.id, after=after, limit=_PART)  # type: ignore[misc]  # bound now
        ):
            # What was struck out or withdrawn is no longer decided about.
            yield [each for each in found if each.state not in {State.DECLINED, State.CANCELLED}]
            after = found[-1].id

    async def _before(self, part: Sequence[Request], batch: Batch, places: _Places) -> Mapping[int, Used]:
        """By customer: what was promised beside this batch."""
        now = batch.submitted_at or batch.asked_at
        totals = {each.customer: Total(Scope.CUSTOMER, each.openid, BEFORE_DAYS) for each in part}
        counts = await self._ledger.read(lambda rows: rows.used({*totals.values()}, now))
        return {
            customer: Used(
                max(counts[total].count - len(places[customer]), 0),
                max(counts[total].fen - sum(place.fen for place in places[customer]), 0),
            )
            for customer, total in totals.items()
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a customer stands in the file, and with how much."""

    row: int
    fen: int


_Places = Mapping[int, Sequence[_Place]]


def _write(content: BinaryIO, part: Sequence[Request], places: _Places, before: Mapping[int, Used]) -> None:
    rows = []
    for request in part:
        others = [place.row for place in places[request.customer] if place.row != request.batch_row]
        rows.append(batch_lines.line(request, SameCustomer(others, before[request.customer])))
    content.write(lines(rows).encode())
