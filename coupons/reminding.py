"""Calls waiting requests and batches to mind, with growing pauses, and someone else too after a set time.

The next time stands in the row: a restart forgets none; a clock that jumps over several makes one reminder.
While sending is paused nobody could decide, so nobody is called and that time does not count; while the clock
is in doubt nobody knows how long anything has waited.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from coupons.batches import Batch
from coupons.clock_watch import ClockWatch
from coupons.events import RequestReminded
from coupons.loops import Bell, Loop, OnTrouble
from coupons.model import Request
from coupons.policy import Policy
from coupons.ports import Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM
from coupons.waiting import set_waiting_right

_AT_ONCE = 100


class Reminder(Loop):
    """Calls each to mind when its time has come."""

    def __init__(
        self, *, ledger: Ledger, policy: Policy, clock: ClockWatch, bell: Bell, on_trouble: OnTrouble
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._policy = policy
        self._longest_ms = max(policy.reminder_times(), default=0)
        self._clock = clock

    @property
    def one_at_a_time(self) -> bool:
        return True

    async def step(self) -> float | None:
        """Call all to mind that are due."""
        while (now := self._clock.sure()) is not None:
            paused, due = await self._ledger.read(lambda rows: (rows.pause(), rows.next_reminder()))
            if paused is not None or due is None:
                break
            if now < due <= now + self._longest_ms:
                return (due - now) / 1000 + 0.001
            if not await self._ledger.write(partial(self._remind, now=now)):
                break
        return None

    def _remind(self, tx: Transaction, *, now: int) -> int:
        """Returns how many it changed."""
        moved = set_waiting_right(tx, now=now)
        if tx.pause() is not None:
            return moved
        due = tx.requests_to_remind(now, _AT_ONCE, now + self._longest_ms)
        for request in due:
            tx.save(request, replace(request, remind_at=self._next(request, now)))
            # Nobody is called to what can only expire.
            if now < request.expires_at:
                seq = tx.append(self._reminded(request, now).done_by(SYSTEM, request.id))
                tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq))
        batches = tx.batches_to_remind(now, _AT_ONCE, now + self._longest_ms)
        for batch in batches:
            tx.save_batch(batch, replace(batch, remind_at=self._next(batch, now)))
            if now < (batch.expires_at or 0):
                seq = tx.append(self._reminded(batch, now).done_by(SYSTEM))
                tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))
        return moved + len(due) + len(batches)

    def _reminded(self, waiting: Request | Batch, now: int) -> RequestReminded:
        waited = max(now - (waiting.waits_from or 0), 0)
        escalation = self._policy.escalation
        mention = escalation.mention if escalation and waited >= escalation.after_ms else None
        batch = waiting.id if isinstance(waiting, Batch) else None
        return RequestReminded(waited_ms=waited, mention=mention, batch=batch)

    def _next(self, waiting: Request | Batch, now: int) -> int | None:
        # From no time yet to come: what is set to be due too late is due at once, and would be for ever.
        began = min(waiting.waits_from or 0, now)
        later = (began + after for after in self._policy.reminder_times())
        return next((at for at in later if at > now and at < (waiting.expires_at or 0)), None)
