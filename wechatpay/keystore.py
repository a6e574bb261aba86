"""Holds the present key ring and renews the downloaded part of it, as a whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from wechatpay.errors import WechatPayError
from wechatpay.keyring import KeyRing, PlatformKey

#: UTC milliseconds.
Clock = Callable[[], int]
Download = Callable[[], Awaitable[Sequence[PlatformKey]]]

#: Strangers may send callbacks with any serial number: they must not make us download for each.
_UNKNOWN_SERIAL_PAUSE_MS = 5 * 60 * 1000
#: With no usable key at all nothing can be sent, so ask more often.
_NO_KEY_PAUSE_MS = 10 * 1000


class KeyStore:
    """The ring that answers are checked with.

    `fixed` keys (the public key) are always in it; `download` fetches the platform certificates.
    """

    def __init__(self, fixed: Iterable[PlatformKey], *, download: Download, clock: Clock) -> None:
        self._fixed = tuple(fixed)
        self._downloaded: tuple[PlatformKey, ...] = ()
        self._download = download
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at: int | None = None
        self._swaps = 0
        self.ring = KeyRing(self._fixed)
        #: Why the last download brought nothing; None after a good one.
        self.trouble: WechatPayError | None = None

    @property
    def fixed(self) -> tuple[PlatformKey, ...]:
        """The keys that were configured."""
        return self._fixed

    def fix(self, keys: Iterable[PlatformKey]) -> None:
        """Put these in the place of the fixed keys; what was downloaded stays."""
        self._fixed = tuple(keys)
        # A download that failed for want of the right key may be tried again at once.
        self._asked_at = None
        self.ring = KeyRing((*self._fixed, *self._downloaded))

    async def refresh(self) -> None:
        """Download the certificates now: at start and every 12 hours, in certificate mode.

        Several callers share one good download. On failure the old ring stays.
        Raises WechatPayError: what was wrong with the download.
        """
        seen = self._swaps
        async with self._lock:
            if self._swaps == seen:
                await self._swap()

    async def refresh_if_due(self) -> None:
        """The same for a serial number nobody knows, but rarely, and never raising: look at `ring` again."""
        async with self._lock:  # a second caller waits here, and finds that it was just done
            now = self._clock()
            nothing = self.ring.preferred(now=now // 1000) is None
            pause = _NO_KEY_PAUSE_MS if nothing else _UNKNOWN_SERIAL_PAUSE_MS
            # A clock that was set back must not silence us until it has caught up.
            if self._asked_at is not None and 0 <= now - self._asked_at < pause:
                return
            try:
                await self._swap()
            except WechatPayError as trouble:
                self.trouble = trouble

    async def _swap(self) -> None:
        self._asked_at = self._clock()
        try:
            certificates = await self._download()
        except WechatPayError as trouble:
            self.trouble = trouble
            raise
        self._downloaded = tuple(certificates)
        # The fixed ones as they are now: they may have been replaced during the download.
        self.ring = KeyRing((*self._fixed, *self._downloaded))
        self._swaps += 1
        self.trouble = None
