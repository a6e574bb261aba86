"""Calls waiting requests to mind, with growing pauses, and someone else too after a set time.

The next time stands in the row: a restart forgets none; a clock that jumps over several makes one reminder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coupons.bell import Bell
from coupons.errors import StorageUnavailable
from coupons.events import RequestReminded
from coupons.model import Request
from coupons.policy import Policy
from coupons.ports import Clock, Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM

_LONGEST_WAIT_S = 30.0
_PAUSE_S = 2.0
_AT_ONCE = 100


class Reminder:
    """The loop; `on_trouble` hears of a database that does not answer."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        policy: Policy,
        clock: Clock,
        bell: Bell,
        on_trouble: Callable[[BaseException], object],
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._clock = clock
        self._bell = bell
        self._on_trouble = on_trouble
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            wait = _LONGEST_WAIT_S
            try:
                due = await self._ledger.read(lambda look: look.next_reminder())
                if due is not None and due <= self._clock():
                    await self._ledger.write(self._remind)
                    continue
                if due is not None:
                    # A wall clock that jumps is noticed within the longest wait.
                    wait = min(wait, (due - self._clock()) / 1000 + 0.001)
            except StorageUnavailable as error:
                self._on_trouble(error)
                wait = _PAUSE_S
            if not self._stopping:
                await self._bell.wait(wait)

    def stop(self) -> None:
        """No new reminders; those that are due stay due."""
        self._stopping = True
        self._bell.ring()

    def _remind(self, tx: Transaction) -> None:
        now = self._clock()
        for request in tx.requests_to_remind(now, _AT_ONCE):
            if now >= request.expires_at:
                # Nobody is called to what can only expire.
                tx.save(request, replace(request, remind_at=None))
                continue
            waited = now - request.created_at
            escalation = self._policy.escalation
            mention = escalation.mention if escalation and waited >= escalation.after_ms else None
            saved = tx.save(request, replace(request, remind_at=_next(request, self._policy, now)))
            seq = tx.append(RequestReminded(waited_ms=waited, mention=mention).done_by(SYSTEM, saved.id))
            tx.post(Post(kind=PostKind.STEP, request_id=saved.id, seq=seq))


def _next(request: Request, policy: Policy, now: int) -> int | None:
    later = (request.created_at + after for after in reminder_times(policy))
    return next((at for at in later if at > now and at < request.expires_at), None)


def reminder_times(policy: Policy) -> tuple[int, ...]:
    """Milliseconds after the request was made, in growing order; the escalation is one of them."""
    times = {*policy.reminders_ms}
    if policy.escalation:
        times.add(policy.escalation.after_ms)
    return tuple(sorted(times))
