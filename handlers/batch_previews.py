"""The previews of drafts, and the files of what they leave out: direct messages to their requesters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Final

from coupons.batch_asking import DRAFT_MS, MOST_LINES, BatchAsking, ShownDraft
from coupons.batches import Batch, BatchState, LeftOut
from coupons.loops import OnTrouble
from coupons.ports import Ledger, Transaction
from coupons.posts import WaitingPost
from handlers.bulk import file_json
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile, promised_name
from handlers.post_once import PostOnce
from handlers.posting import Poster
from handlers.views import batch_preview, bulk_file
from handlers.views.batch_preview import AboutFile
from handlers.views.message import Message
from handlers.views.words import Words
from handlers.web_api import Denied, MessageGone, SlackError, Unreachable

_LANGUAGE_WITHIN_S: Final = 3.0
_NO_SCOPE: Final = "missing_scope"
#: Lines that are left out, of which the message itself names some.
_FEW: Final = 5


class BatchPreviews:
    """A preview is drawn from the rows at the moment of posting."""

    def __init__(
        self,
        *,
        once: PostOnce,
        poster: Poster,
        readers: Readers,
        ledger: Ledger,
        asking: BatchAsking,
        workspace_url: str,
        on_trouble: OnTrouble,
    ) -> None:
        self._once = once
        self._poster = poster
        self._readers = readers
        self._ledger = ledger
        self._asking = asking
        self._workspace_url = workspace_url
        self._on_trouble = on_trouble

    async def post(self, waiting: WaitingPost) -> None:
        """What a PREVIEW promises. Raises SlackError, DirectoryUnavailable, StorageUnavailable."""
        batch = await self._ledger.read(lambda rows: rows.batch(waiting.post.batch or 0))
        if batch is None:
            await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))
            return
        words = await self._readers.words(batch.requester, within_s=_LANGUAGE_WITHIN_S)
        message = await self._draw(words, batch)
        if batch.preview_channel is not None and batch.preview_ts is not None:
            try:
                await self._once.redraw(batch.preview_channel, batch.preview_ts, message)
            except (MessageGone, Unreachable):
                # Its requester deleted it: a fresh one takes its place.
                pass
            else:
                await self._ledger.write(partial(_drawn, waiting=waiting))
                return
        try:
            channel, ts = await self._once.post(waiting, batch.requester, message)
        except (Unreachable, Denied) as error:
            # Who can't be written to must not block the rest; what nobody is shown nobody can submit.
            self._on_trouble(error)
            await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))
            return

        def keep(tx: Transaction) -> None:
            tx.set_preview(batch.id, channel, ts)
            _drawn(tx, waiting)

        await self._ledger.write(keep)

    async def _draw(self, words: Words, batch: Batch) -> Message:
        if batch.state is not BatchState.DRAFT or batch.submitted_at is not None:
            return batch_preview.without_preview(
                words, batch, file_json.load_refusal(batch.problem), workspace_url=self._workspace_url
            )
        if not batch.sha256:
            return batch_preview.waits_for_file(words, batch, until=batch.asked_at + DRAFT_MS)
        shown: ShownDraft = await self._asking.show(batch)
        left_out = await self._ledger.read(lambda rows: rows.left_out_of(batch.id, _FEW))
        about = AboutFile(left_out=left_out, remarks=file_json.load_remarks(batch.remarks))
        return batch_preview.draft(words, shown, about)

    async def share_left_out(self, waiting: WaitingPost) -> None:
        """What a LEFT_OUT promises, as long as there is something to put right. Raises as `post`."""
        number = waiting.post.batch or 0
        batch, lines = await self._ledger.read(
            lambda rows: (rows.batch(number), rows.left_out_of(number, MOST_LINES))
        )
        if batch is not None and lines:
            words = await self._readers.words(batch.requester, within_s=_LANGUAGE_WITHIN_S)
            try:
                await self._share(waiting, batch, words, lines)
            except (Unreachable, Denied) as error:
                if error.code == _NO_SCOPE:
                    await self._tell_once(waiting, batch, words, error)
                    raise
                # The preview names the first of them.
                self._on_trouble(error)
        await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))

    async def _share(
        self, waiting: WaitingPost, batch: Batch, words: Words, lines: Sequence[LeftOut]
    ) -> None:
        # Beside the event loop: thousands of sentences would keep acks waiting.
        content = await asyncio.to_thread(bulk_file.left_out_csv, words, lines)
        name = promised_name(waiting, f"batch-{batch.id}-left-out", "csv")
        comment = bulk_file.left_out_comment(words, batch.file_name, len(lines))
        files = [OutgoingFile(name, BytesIO(content.encode()))]
        await self._once.share(waiting, batch.requester, files, comment=comment)

    async def _tell_once(self, waiting: WaitingPost, batch: Batch, words: Words, error: SlackError) -> None:
        if not waiting.tries:
            message = bulk_file.left_out_not_taken(words, batch.file_name, error.code)
            await self._poster.post(batch.requester, message, metadata_id="")


def _drawn(tx: Transaction, waiting: WaitingPost) -> None:
    if not tx.finish_post(waiting.id, waiting.version):
        # Changed meanwhile, or another process kept the promise while this one was frozen: once more.
        tx.post(waiting.post)
