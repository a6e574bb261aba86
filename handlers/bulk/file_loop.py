"""Fetches the files that drafts of batches were given, has them read, and keeps what they hold.

The bytes are in memory only. Until what they hold is kept the draft says that its file is still to be read:
after a crash it is fetched and read once more, and comes to the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from coupons.batch_asking import DRAFT_MS, BatchAsking
from coupons.batches import Batch, DraftLine, LeftOut
from coupons.catalogue import Catalogue
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.ports import Ledger
from handlers.bulk import file_json
from handlers.bulk.bulk_file import MOST_BYTES, BulkFile, FileRefused, FormValues, WholeFile
from handlers.bulk.reading_process import BulkReader
from handlers.slack_files import FileElsewhere, FileGone, FileTooBig, NoScope, SlackFiles
from handlers.web_api import RateLimited, SlackError

#: One may wait for Slack while another one is read; each is held in memory.
_IN_FLIGHT: Final = 2
#: A file that was sent just now may not be shown to everybody yet.
_TIMES_GONE: Final = 3
#: Then its requester is told that Slack does not give it, some ten seconds after it was sent.
_TRIES_TO_TELL: Final = 4
_WHY: Final[Mapping[type[Exception], WholeFile]] = {
    FileGone: WholeFile.GONE,
    FileElsewhere: WholeFile.ELSEWHERE,
    FileTooBig: WholeFile.TOO_BIG,
    NoScope: WholeFile.NO_SCOPE,
}


class FileLoop(Loop):
    """`pauses_s` follow a file that Slack did not give, by how often it did not."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        asking: BatchAsking,
        files: SlackFiles,
        reader: BulkReader,
        catalogue: Catalogue,
        clock: ClockWatch,
        bell: Bell,
        pauses_s: Sequence[float],
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._asking = asking
        self._files = files
        self._reader = reader
        self._catalogue = catalogue
        self._clock = clock
        self._pauses_s = pauses_s
        self._reading = InFlight[int](_IN_FLIGHT, bell=bell, on_trouble=on_trouble, trouble_s=pauses_s[-1])
        #: How often Slack did not give the file of a draft, and how often it said that there is none.
        self._tries, self._gone = Counter[int](), Counter[int]()

    @property
    def one_at_a_time(self) -> bool:
        """Two that read the same file do no harm, but the work twice."""
        return True

    async def step(self) -> float | None:
        busy = self._reading.not_now()
        for batch in await self._ledger.read(lambda rows: rows.files_to_read(_IN_FLIGHT + len(busy))):
            self._reading.start(batch.id, partial(self._take, batch), name=f"file-{batch.id}")
        return None

    async def drain(self) -> None:
        await self._reading.drain()

    async def _take(self, batch: Batch) -> None:
        now = self._clock.sure()
        # Tried once at least: perhaps it was asked for by a clock that was behind, or the bot was away.
        if self._tries[batch.id] and now is not None and now - batch.asked_at > DRAFT_MS:
            await self._refuse(batch, FileRefused(WholeFile.NOT_GIVEN))
            return
        try:
            content = await self._files.download(batch.file_id, at_most=MOST_BYTES)
            await self._read(batch, content)
        except (SlackError, DirectoryUnavailable) as error:
            await self._not_given(batch, error)
        else:
            self._forget(batch)

    async def _not_given(self, batch: Batch, error: Exception) -> None:
        """Tried again as long as that may be of use; `_take` ends it with the life of a draft."""
        why = _WHY.get(type(error))
        self._tries[batch.id] += 1
        self._gone[batch.id] += why is WholeFile.GONE
        if why is None or (why is WholeFile.GONE and self._gone[batch.id] < _TIMES_GONE):
            self._on_trouble(error)
            if self._tries[batch.id] == _TRIES_TO_TELL:
                await self._asking.tell_that_it_waits(batch)
            pause_s = self._pauses_s[min(self._tries[batch.id], len(self._pauses_s)) - 1]
            wait_s = error.retry_after if isinstance(error, RateLimited) else 0.0
            self._reading.rest(batch.id, max(pause_s, wait_s))
            return
        if why is WholeFile.NO_SCOPE:
            # An operator must act, and nothing else tells them.
            self._on_trouble(error)
        await self._refuse(batch, FileRefused(why, limit=MOST_BYTES if why is WholeFile.TOO_BIG else 0))

    async def _refuse(self, batch: Batch, refused: FileRefused, *, sha256: str = "") -> None:
        await self._asking.refuse_file(batch, file_json.dump_refusal(refused), sha256=sha256)
        self._forget(batch)

    def _forget(self, batch: Batch) -> None:
        self._tries.pop(batch.id, None)
        self._gone.pop(batch.id, None)

    async def _read(self, batch: Batch, content: bytes) -> None:
        form = FormValues(
            stock=self._catalogue.find(batch.stock_id) if batch.stock_id else None,
            reason=batch.reason,
            ticket=batch.ticket,
        )
        try:
            found = await self._reader.read(content, form)
        except FileRefused as refused:
            sha256 = await asyncio.to_thread(_sha256, content)
            await self._refuse(batch, refused, sha256=sha256)
            return
        # Beside the event loop: fifty thousand lines would keep acks waiting.
        good, bad = await asyncio.to_thread(_lines, found)
        await self._asking.keep_lines(
            batch, sha256=found.sha256, good=good, bad=bad, remarks=file_json.dump_remarks(found)
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lines(found: BulkFile) -> tuple[list[DraftLine], list[LeftOut]]:
    good = [
        DraftLine(
            row=line.row,
            openid=line.openid,
            stock_id=line.stock.stock_id,
            reason=line.reason,
            ticket=line.ticket,
        )
        for line in found.lines
    ]
    return good, list(file_json.left_out(found.bad))
