"""What a start looks at before anything is sent: does the log still hold what was told of it?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from itertools import chain, repeat
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient
from structlog.stdlib import BoundLogger

from bot.config.settings import Settings
from bot.config.settings_digest import digests, tell_changes
from bot.troubles import Troubles
from coupons.checkpointing import Posted, compare_posted
from coupons.errors import StorageUnavailable
from coupons.events import BotStarted, BotStopped
from coupons.numbering import begin_above
from coupons.ports import Clock, Ledger, Transaction
from coupons.recording import SYSTEM
from handlers.audit_channel import ChannelText, posted_texts
from handlers.shown_numbers import shown_numbers
from handlers.web_api import AnswerLost, RateLimited, SlackError
from storage.checkpoint_keys import Keys, keys_of
from storage.checkpoints import found_in, load_or_make_key, sign
from storage.database import sqlite_verdict

#: Slack that answers slowly must not keep the bot from working.
_WITHIN_S: Final = 10.0
_PAUSES_S: Final = (1.0, 5.0, 30.0, 60.0)


class RestoreCheck:
    """Over one database, with its key, which the first start makes. Raises CheckpointRefused."""

    def __init__(self, settings: Settings, *, ledger: Ledger, clock: Clock, logger: BoundLogger) -> None:
        self._settings = settings
        self._key = load_or_make_key(settings.coupon_database)
        self._ledger = ledger
        self._clock = clock
        self._logger = logger

    def sign(self, seq: int, head_hash: str, now: int) -> str:
        """A checkpoint's line."""
        return sign(self._key, seq, head_hash, now=now).line

    async def compare(self, slack: AsyncWebClient, channel: str | None, *, bot_user: str) -> None:
        """With the checkpoints in the audit channel; pauses sending where the log does not hold them."""
        if channel is None:
            return
        try:
            async with asyncio.timeout(_WITHIN_S):
                texts = await posted_texts(slack, channel, bot_user=bot_user)
        except (SlackError, TimeoutError) as error:
            # Without the history the start is as good as one without an audit channel.
            self._logger.warning("checkpoints_not_read", error=str(error) or "Slack did not answer in time")
            return
        keys = await self._ledger.read(lambda rows: keys_of(rows, self._key.public_key()))
        posted = [each for text in texts for each in _ours(text, keys)]
        now = self._clock()
        found = await self._ledger.write(partial(compare_posted, posted=posted, channel=channel, now=now))
        if found is not None:
            self._logger.error("database_restored", kind=found)

    async def raise_numbers(self, slack: AsyncWebClient, channels: Iterable[str], *, bot_user: str) -> bool:
        """Above all that these channels show: a number means one request to people, for ever.

        False: Slack did not say in time what they show; it may yet.
        """
        try:
            async with asyncio.timeout(_WITHIN_S):
                shown = await shown_numbers(slack, channels, bot_user=bot_user)
        except (SlackError, TimeoutError) as error:
            self._logger.warning("numbers_not_compared", error=str(error) or "Slack did not answer in time")
            return not isinstance(error, (AnswerLost, RateLimited, TimeoutError))
        seen = await self._ledger.write(partial(begin_above, shown=shown))
        if seen is not None:
            self._logger.warning("numbers_raised", above=seen)
        return True

    async def tell_start(self) -> None:
        """That the bot starts, with which version, and which settings changed since the last time."""

        now = digests(self._settings, key=self._key.private_bytes_raw())

        def tell(tx: Transaction) -> None:
            tell_changes(tx, now)
            tx.append(BotStarted(version=version("coupon-bot"), sqlite=sqlite_verdict()[0]).done_by(SYSTEM))

        await self._ledger.write(tell)


async def until_done(attempt: Callable[[], Awaitable[bool]], troubles: Troubles) -> None:
    """Try again, with growing pauses, what the start did without."""
    for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
        await asyncio.sleep(pause_s)
        try:
            if await attempt():
                return
        except StorageUnavailable as error:
            troubles.expected(error)


async def tell_stop(ledger: Ledger, troubles: Troubles) -> None:
    """That the bot was stopped; a database that takes nothing more must not keep it from ending."""
    try:
        await ledger.write(lambda tx: tx.append(BotStopped().done_by(SYSTEM)))
    except StorageUnavailable as error:
        troubles.expected(error)


def _ours(text: ChannelText, keys: Keys) -> Iterator[Posted]:
    """Signed with one of our keys, or posted by us; anybody can write others into a channel."""
    for found in found_in(text.text):
        if keys.vouch_for(found) or (text.by_us and found.key in keys.lost):
            yield Posted(found.seq, found.hash)
        elif text.by_us and found.key not in keys.known:
            yield Posted(found.seq, found.hash, stranger=found.key)
