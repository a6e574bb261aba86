"""Holds the present key ring and renews the downloaded part of it, as a whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from wechatpay.errors import WechatPayError
from wechatpay.keyring import KeyRing, PlatformKey

#: UTC milliseconds.
Clock = Callable[[], int]
Download = Callable[[], Awaitable[Sequence[PlatformKey]]]

#: Strangers may send callbacks with any serial number: they must not make us download for each.
_STRANGERS_PAUSE_MS = 5 * 60 * 1000
#: Answers come only as often as we ask, and one that cannot be verified leaves a coupon unknown: the pause
#: begins with this, and doubles while downloads do not bring the key.
_FIRST_PAUSE_MS = 1000
_LONGEST_PAUSE_MS = 60 * 1000
_DOUBLINGS = 6
#: With no usable key at all nothing can be sent.
_NO_KEY_PAUSE_MS = 10 * 1000
#: Downloads in vain that are longer ago say nothing about a new certificate.
_FORGOTTEN_AFTER_MS = 10 * 60 * 1000


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
        #: When a download began last, and when one did in vain for an answer of ours.
        self._asked_at: int | None = None
        self._asked_for_answer_at: int | None = None
        #: Downloads for answers, one after the other, that did not bring the key.
        self._in_vain = 0
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
        self._asked_at = self._asked_for_answer_at = None
        self._in_vain = 0
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

    async def refresh_for_answer(self, serial_no: str | None) -> None:
        """The same for an answer to our own request, signed with a key that is not held; None: no key is.

        With growing pauses, and never raising: look at `ring` again.
        """
        seen = self._swaps
        async with self._lock:  # a second caller waits here, and finds that it was just done
            now = self._clock()
            if not _within(_FORGOTTEN_AFTER_MS, self._asked_for_answer_at, now):
                self._in_vain = 0
            if self._swaps != seen or self._brought(serial_no, now):
                return
            if _within(self._pause_ms(now), self._asked_for_answer_at, now):
                return
            self._asked_for_answer_at = now
            await self._try()
            if self._brought(serial_no, self._clock()):
                self._asked_for_answer_at = None
            else:
                self._in_vain += 1

    async def refresh_for_stranger(self) -> None:
        """The same for a callback, which anybody can send: rarely, and never raising."""
        async with self._lock:
            if not _within(_STRANGERS_PAUSE_MS, self._asked_at, self._clock()):
                await self._try()

    def _pause_ms(self, now: int) -> int:
        doublings = min(max(self._in_vain - 1, 0), _DOUBLINGS)
        pause = min(_FIRST_PAUSE_MS << doublings, _LONGEST_PAUSE_MS)
        return pause if self._brought(None, now) else min(pause, _NO_KEY_PAUSE_MS)

    def _brought(self, serial_no: str | None, now: int) -> bool:
        if serial_no is None:
            return self.ring.preferred(now=now // 1000) is not None
        return self.ring.holds(serial_no, now=now // 1000)

    async def _try(self) -> None:
        # What went wrong stands in `trouble`.
        with suppress(WechatPayError):
            await self._swap()

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


def _within(pause_ms: int, since: int | None, now: int) -> bool:
    # A clock that was set back must not silence us until it has caught up.
    return since is not None and 0 <= now - since < pause_ms
