"""Sees to it that what was erased is readable in no file of the database, however it was erased.

Readers of an older moment (a backup, a replica) put that off, and commands erase without the bot: so it looks
again and again, and after each start once, and needs no record of what is still to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coupons.bell import Bell
from coupons.errors import StorageUnavailable
from coupons.ports import Ledger

_EVERY_S: Final = 10.0


class Overwriter:
    """The loop; `on_reader` hears, once for each erasure, that somebody's reading puts it off."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        on_reader: Callable[[], object],
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._ledger = ledger
        self._on_reader = on_reader
        self._on_trouble = on_trouble
        self._bell = Bell()
        #: The `seq` of the newest erasure of which nothing is left, and of the newest that was put off.
        self._done = self._put_off = 0
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            try:
                await self.overwrite()
            except StorageUnavailable as error:
                self._on_trouble(error)
            if not self._stopping:
                await self._bell.wait(_EVERY_S)

    def stop(self) -> None:
        """What is not overwritten yet is at the next start."""
        self._stopping = True
        self._bell.ring()

    async def overwrite(self) -> None:
        """Once. Raises StorageUnavailable."""
        newest = await self._ledger.read(lambda look: look.last_erasure())
        if newest <= self._done:
            return
        if await self._ledger.write_back():
            self._done = newest
        elif newest > self._put_off:
            self._put_off = newest
            self._on_reader()
