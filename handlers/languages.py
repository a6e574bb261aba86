"""In which language a person reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from coupons.errors import DirectoryUnavailable
from handlers.directory import SlackDirectory
from handlers.views.words import Languages, Words

#: What a listener, whose ack is waited for, may spend on it.
_SOON_S = 0.25


class Readers:
    """`language` is coupon.toml's: of cards and threads, and of those whose language Slack does not tell."""

    def __init__(
        self,
        directory: SlackDirectory,
        languages: Languages,
        *,
        language: str,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._directory = directory
        self.languages = languages
        self._on_trouble = on_trouble
        #: For what many people read.
        self.channel = languages.of(language)

    async def words(self, user_id: str, *, within_s: float = _SOON_S) -> Words:
        """By the person's Slack locale; asked of Slack once, and then only now and again."""
        try:
            async with asyncio.timeout(within_s):
                locale = await self._directory.locale(user_id)
        except TimeoutError:
            # A slow Slack costs a person the language, never the answer.
            locale = ""
        except DirectoryUnavailable as error:
            self._on_trouble(error)
            locale = ""
        return self.languages.of(locale) if locale else self.channel
