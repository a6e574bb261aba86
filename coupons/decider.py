"""The deciding loop: takes up the clicks that listeners kept."""

from __future__ import annotations

from functools import partial
from typing import Final

from coupons.batch_desk import BatchDesk
from coupons.desk import Desk
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.model import Click, ClickAction
from coupons.ports import Ledger
from coupons.undo_desk import UndoDesk

_IN_FLIGHT: Final = 32
#: While it is not known where a card stands: from the first to the longest, each twice the one before.
_CARD_PAUSES_S: Final = (0.1, 2.0)


class Decider(Loop):
    """Decides kept clicks, many at a time, each of them once.

    `again_s`: before one is decided again when Slack could not say who somebody is, or the disk failed.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        desk: Desk,
        batch_desk: BatchDesk,
        undo_desk: UndoDesk,
        bell: Bell,
        again_s: float,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble, trouble_s=again_s)
        self._ledger = ledger
        self._desk = desk
        self._batch_desk = batch_desk
        self._undo_desk = undo_desk
        self._clicks = InFlight[int](_IN_FLIGHT, bell=bell, on_trouble=on_trouble, trouble_s=again_s)
        #: How long each that waits for its card waited the last time.
        self._pauses_s: dict[int, float] = {}

    async def step(self) -> None:
        busy = self._clicks.not_now()
        for click in await self._ledger.read(lambda rows: rows.open_clicks(_IN_FLIGHT, busy)):
            self._clicks.start(click.id, partial(self._decide, click), name=f"decide-{click.id}")

    async def drain(self) -> None:
        await self._clicks.drain()

    def _desk_of(self, click: Click) -> Desk | BatchDesk | UndoDesk:
        if click.action is ClickAction.UNDO:
            return self._undo_desk
        return self._desk if click.batch is None else self._batch_desk

    async def _decide(self, click: Click) -> None:
        if await self._desk_of(click).decide(click):
            self._pauses_s.pop(click.id, None)
            return
        # Until it is known where its card stands it takes nobody's place.
        first, longest = _CARD_PAUSES_S
        pause_s = self._pauses_s[click.id] = min(2 * self._pauses_s.get(click.id, first / 2), longest)
        self._clicks.rest(click.id, pause_s)
