"""Sends the week's figures to who was promised them: in words, with the picture of them."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Final

from coupons.authority import Authority
from coupons.days import beijing_time
from coupons.loops import OnTrouble
from coupons.ports import Ledger
from coupons.posts import WaitingPost
from coupons.week import Week
from handlers import week_picture
from handlers.directory import Readers
from handlers.file_upload import OutgoingFile, promised_name
from handlers.post_once import PostOnce
from handlers.views import week as week_words
from handlers.views.words import Words
from handlers.web_api import Denied, Unreachable

_LANGUAGE_WITHIN_S: Final = 3.0


class WeekPosts:
    """Read from the rows at the moment of sending."""

    def __init__(
        self, *, once: PostOnce, readers: Readers, ledger: Ledger, authority: Authority, on_trouble: OnTrouble
    ) -> None:
        self._once = once
        self._readers = readers
        self._ledger = ledger
        self._authority = authority
        self._on_trouble = on_trouble

    async def post(self, waiting: WaitingPost) -> None:
        """What a WEEK promises. Raises SlackError, DirectoryUnavailable, StorageUnavailable."""
        seq, person = waiting.post.seq or 0, waiting.post.person or ""
        event = await self._ledger.read(lambda rows: rows.event(seq))
        since, before = (event.detail.get(name) if event else None for name in ("since", "before"))
        # Whose right it is now: the promise may have waited for Slack.
        may = (await self._authority.roles(person)).approves
        if may and isinstance(since, int) and isinstance(before, int):
            week = await self._ledger.read(lambda rows: rows.week(since, before))
            words = await self._readers.words(person, within_s=_LANGUAGE_WITHIN_S)
            try:
                await self._share(waiting, person, words, week)
            except (Unreachable, Denied) as error:
                # Who can't be written to must not block the rest. Home has the same figures.
                self._on_trouble(error)
        await self._ledger.write(lambda tx: tx.finish_post(waiting.id, waiting.version))

    async def _share(self, waiting: WaitingPost, person: str, words: Words, week: Week) -> None:
        # Beside the event loop: acks go out meanwhile.
        content = await asyncio.to_thread(week_picture.draw, week)
        name = promised_name(waiting, f"week-{beijing_time(week.since)[:10]}", "png")
        try:
            files = [OutgoingFile(name, BytesIO(content))]
            await self._once.share(waiting, person, files, comment=week_words.comment(words, week))
        except Denied:
            # Most likely files:write, which older installations lack: the figures need no file.
            await self._once.post(waiting, person, week_words.without_picture(words, week))
            raise
