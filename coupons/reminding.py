"""Calls waiting requests and batches to mind, with growing pauses, and someone else too after a set time.

The next time stands in the row: a restart forgets none; a clock that jumps over several makes one reminder.
While sending is paused nobody could decide, so nobody is called and that time does not count; while the clock
is in doubt nobody knows how long anything has waited. What nobody present can approve is called to mind at
once. Where hours are set, nobody is called outside them, unless the request would have expired by then.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from coupons.absence import Attendance
from coupons.authority import Members
from coupons.batches import Batch
from coupons.clock_watch import ClockWatch
from coupons.errors import DirectoryUnavailable
from coupons.events import RequestReminded
from coupons.loops import Bell, Loop, OnTrouble
from coupons.model import Request
from coupons.policy import Policy
from coupons.ports import Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.presence import Presence
from coupons.recording import SYSTEM
from coupons.waiting import set_waiting_right

_AT_ONCE = 100


class Reminder(Loop):
    """Calls each to mind when its time has come."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        policy: Policy,
        presence: Presence,
        clock: ClockWatch,
        bell: Bell,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._policy = policy
        self._presence = presence
        self._clock = clock
        #: Of which it was told that their holidays are not listed.
        self._years: set[int] = set()

    @property
    def one_at_a_time(self) -> bool:
        return True

    async def step(self) -> float | None:
        """Call all to mind that are due."""
        while (now := self._clock.sure()) is not None:
            paused, due, absences = await self._ledger.read(
                lambda rows: (rows.pause(), rows.next_reminder(), rows.absences())
            )
            if paused is not None or due is None:
                break
            if now < due <= self._policy.latest_reminder(now):
                return (due - now) / 1000 + 0.001
            try:
                members = await self._presence.members() if absences else None
            except DirectoryUnavailable as error:
                # Who is there is not known, and nobody could be called.
                self._on_trouble(error)
                return self._trouble_s
            if not await self._ledger.write(partial(self._remind, now=now, members=members)):
                break
        return None

    def _remind(self, tx: Transaction, *, now: int, members: Members | None) -> int:
        """Returns how many it changed, or 1 when it must be tried again."""
        moved = set_waiting_right(tx, now=now)
        if tx.pause() is not None:
            return moved
        absences = tx.absences()
        if absences and members is None:
            # Somebody went away this moment.
            return 1
        latest = self._policy.latest_reminder(now)
        due = tx.requests_to_remind(now, _AT_ONCE, latest)
        for request in due:
            there = self._presence.of_request(tx, request, members, absences) if members is not None else None
            tx.save(request, replace(request, remind_at=self._next(request, now)))
            if self._calls(request, there, now):
                seq = tx.append(self._reminded(tx, request, there, now).done_by(SYSTEM, request.id))
                tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq))
        batches = tx.batches_to_remind(now, _AT_ONCE, latest)
        for batch in batches:
            there = self._presence.of_batch(tx, batch, members, absences) if members is not None else None
            tx.save_batch(batch, replace(batch, remind_at=self._next(batch, now)))
            if self._calls(batch, there, now):
                seq = tx.append(self._reminded(tx, batch, there, now).done_by(SYSTEM))
                tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))
        return moved + len(due) + len(batches)

    # --- one of them; from no time yet to come: what is set to be due too late is due at once

    def _calls(self, waiting: Request | Batch, there: Attendance | None, now: int) -> bool:
        # Nobody is called to what can only expire.
        if now >= (waiting.expires_at or 0) or self._opens(waiting, now) > now:
            return False
        if there is not None and there.is_unattended:
            return True
        # It was looked at because somebody went away, and others are there: it has not waited for long.
        waited = self._policy.waited(_counted_from(waiting, now), now)
        return waited >= min(self._policy.reminder_times(), default=waited + 1)

    def _opens(self, waiting: Request | Batch, now: int) -> int:
        """When somebody may be called: now, or when working time begins, if it still waits then."""
        opens = self._policy.hours.opens(now) if self._policy.hours else now
        return opens if opens < (waiting.expires_at or 0) else now

    def _next(self, waiting: Request | Batch, now: int) -> int | None:
        opens = self._opens(waiting, now)
        if opens > now:
            return opens
        later = self._policy.reminders_from(_counted_from(waiting, now))
        return next((at for at in later if at > now and at < (waiting.expires_at or 0)), None)

    def _reminded(
        self, tx: Transaction, waiting: Request | Batch, there: Attendance | None, now: int
    ) -> RequestReminded:
        began, policy = _began(waiting, now), self._policy
        lacking = there if there is not None and there.is_unattended else None
        escalation, counted = policy.escalation, policy.waited(began, now)
        is_late = escalation is not None and (lacking is not None or counted >= escalation.after_ms)
        return RequestReminded(
            waited_ms=max(now - began, 0),
            mention=escalation.mention if escalation is not None and is_late else None,
            batch=waiting.id if isinstance(waiting, Batch) else None,
            worked_ms=counted if policy.hours else None,
            until=lacking.away[0].until if lacking else None,
            present=lacking.free if lacking else None,
            no_list_for=self._year_to_tell(tx, now),
        )

    def _year_to_tell(self, tx: Transaction, now: int) -> int | None:
        """In the first reminder of a year whose holidays nobody listed."""
        year = self._policy.hours.year_without_list(now) if self._policy.hours else None
        if year is None or year in self._years:
            return None
        if not tx.was_reminded_without_list(year):
            return year
        self._years.add(year)
        return None


def _counted_from(waiting: Request | Batch, now: int) -> int:
    """As `_began`, or from the last question or answer: that begins reminders anew."""
    since = waiting.reminders_from if isinstance(waiting, Request) else None
    return max(_began(waiting, now), min(since or 0, now))


def _began(waiting: Request | Batch, now: int) -> int:
    return min(waiting.waits_from or 0, now)
