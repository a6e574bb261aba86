"""Sees to it that what was erased is readable in no file of the database, however it was erased.

Readers of an older moment (a backup, a replica) put that off, and commands erase without the bot: so it looks
again and again, and after each start once, and needs no record of what is still to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coupons.loops import Loop, OnTrouble
from coupons.ports import Ledger

_EVERY_S: Final = 10.0


class Overwriter(Loop):
    """`on_reader` hears, once for each erasure, that somebody's reading puts it off."""

    def __init__(self, *, ledger: Ledger, on_reader: Callable[[], object], on_trouble: OnTrouble) -> None:
        super().__init__(on_trouble=on_trouble, every_s=_EVERY_S, trouble_s=_EVERY_S)
        self._ledger = ledger
        self._on_reader = on_reader
        #: The `seq` of the newest erasure of which nothing is left, and of the newest that was put off.
        self._done = self._put_off = 0

    async def step(self) -> None:
        newest = await self._ledger.read(lambda rows: rows.last_erasure())
        if newest <= self._done:
            return
        if await self._ledger.write_back():
            self._done = newest
        elif newest > self._put_off:
            self._put_off = newest
            self._on_reader()
