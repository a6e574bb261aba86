"""The part of the audit log that somebody asked for, as a file in their direct messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO

from coupons.audit_words import Filter, read_words
from coupons.auditing import AT_ONCE, part_of
from coupons.catalogue import Catalogue
from coupons.days import beijing_time
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from coupons.recording import Recorded
from coupons.spreadsheet import COLUMNS, EVENT_COLUMNS, Cell, as_csv, row
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile
from handlers.post_once import PostOnce
from handlers.posting import Poster
from handlers.views import audit_answers
from handlers.views.event_words import text_of
from handlers.web_api import Denied

#: Some 10 MB: more is asked for on the command line.
MOST_ROWS = 50_000
_LANGUAGE_WITHIN_S = 3.0


class AuditFiles:
    """Drawn from the rows at the moment of sending."""

    def __init__(self, *, ledger: Ledger, catalogue: Catalogue, poster: Poster, readers: Readers) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._poster = poster
        self._readers = readers

    async def send(self, waiting: WaitingPost, event: Recorded, once: PostOnce) -> None:
        """`event` tells who asked, and for what. Raises SlackError."""
        text = text_of(event, "words")
        asked = read_words(text, find_stock=self._catalogue.stock_id)
        columns = EVENT_COLUMNS if asked.asks_for_events else COLUMNS
        rows = await self._rows(asked)
        content = as_csv(rows[:MOST_ROWS], head=columns)
        words = await self._readers.words(event.actor, within_s=_LANGUAGE_WITHIN_S)
        cut = len(rows) > MOST_ROWS
        comment = audit_answers.file_comment(words, text, rows=min(len(rows), MOST_ROWS), cut=cut)
        name = f"audit-{beijing_time(event.ts)[:10]}-{event.seq}.csv"
        files = [OutgoingFile(name, BytesIO(content.encode()))]
        try:
            await once.share(waiting, event.actor, files, comment=comment)
        except Denied as error:
            # Most likely files:write, which older installations lack; the person must not wait for ever.
            await self._poster.post(event.actor, audit_answers.file_failed(words, error.code), metadata_id="")
            raise

    async def _rows(self, asked: Filter) -> list[Sequence[Cell]]:
        """One more than a file holds, when there are so many."""
        rows: list[Sequence[Cell]] = []
        below: int | None = None
        while len(rows) <= MOST_ROWS:
            # A look at a time: a long one would keep the WAL from being written back.
            part = await self._ledger.read(partial(part_of, asked=asked, below=below, limit=AT_ONCE))
            rows += map(row, part.found)
            below = part.following
            if below is None:
                break
        return rows
