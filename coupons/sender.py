"""The sending loop: claims approved requests, makes attempts, settles what is unknown.

The order is the promise: attempt event committed, then the call, then its outcome committed. Whatever dies
in between leaves a row marked as running, which is found when the lease of the attempt is over, and repeated
under the same number. An attempt has an owner with that lease, and a fence, which is its place among the
attempts: whoever comes back late with its outcome changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from coupons.approvals import APPROVAL_TAGS, body_digest, may_be_sent
from coupons.clock_watch import ClockWatch
from coupons.errors import IssuerUnavailable, StorageUnavailable
from coupons.events import AttemptStarted, Tag
from coupons.leases import LEASE_MS, RENEW_MS, SAFE_MS
from coupons.lifecycle import FINAL, SENDABLE, move
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.model import Request, State
from coupons.outcome import Kind, Outcome
from coupons.policy import LOOKUPS_BEFORE_CLOSING
from coupons.ports import Issuer, Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM, Event
from coupons.replies import reply
from coupons.settling import (
    INTERRUPTED,
    Lookup,
    LookupResult,
    Pace,
    Settlement,
    changed,
    interrupted,
    late,
    needs_lookup,
    settle,
    settle_lookup,
    unapproved,
)

#: From so long a pause on, the card says that the bot waits, and is drawn anew at both its ends.
_SHOWN_PAUSE_MS = 15_000
#: A look that a dead process began is begun again after this time.
_LOOKUP_LEASE_MS = 120_000
#: An outcome that the database did not take is brought to it again.
_AGAIN_S = 1.0

#: Events that people are told in the card's thread, and those that the requester gets as a direct message.
_THREAD_TAGS = frozenset({Tag.REQUEST_SENT, Tag.REQUEST_REFUSED, Tag.REQUEST_HELD, Tag.REQUEST_UNKNOWN})
_DIRECT_TAGS = _THREAD_TAGS - {Tag.REQUEST_UNKNOWN}
#: Looked up without an attempt.
_LOOKUP_STATES = frozenset({State.UNKNOWN, State.HELD})


class Sender(Loop):
    """`holder` names this start of the bot, and no other one ever.

    `on_outcome` hears of each finished attempt; `on_trouble` of what must not stop the loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        issuer: Issuer,
        clock: ClockWatch,
        bell: Bell,
        holder: str,
        pace: Pace,
        on_outcome: Callable[[Request, Outcome], None],
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._issuer = issuer
        self._clock = clock
        self._holder = holder
        self._pace = pace
        self._on_outcome = on_outcome
        self._rounds = InFlight[int](pace.in_flight, bell=bell, on_trouble=on_trouble)
        #: The attempts on the wire, and since when their leases run, by the steady clock.
        self._leases: dict[int, tuple[Request, int]] = {}
        self._longest_lookup_ms = max(_LOOKUP_LEASE_MS, pace.longest_ms, pace.lookup_pause_ms)

    async def step(self) -> float | None:
        """Renew what runs, take up what a dead process left and what is due."""
        await self._renew()
        now, in_flight = self._clock(), self._pace.in_flight
        pause, left, due, witnessed, next_due = await self._ledger.read(
            lambda rows: (
                rows.pause(),
                rows.interrupted_requests(rows.lease_clock(), rows.lease_clock() + LEASE_MS),
                [
                    *rows.due_requests(now, in_flight, now + self._pace.longest_ms),
                    *rows.due_requests(now, in_flight, now + self._pace.longest_ms, in_batch=True),
                ],
                rows.requests_to_look_up(now, in_flight, now + self._longest_lookup_ms),
                rows.next_send_due(),
            )
        )
        for row in left:
            # Of ours none is interrupted as long as it is worked on, whatever became of its lease.
            if row.id not in self._rounds:
                await self._ledger.write(partial(self._interrupt, left=row))
        work: dict[int, Callable[[int], Coroutine[Any, Any, None]]] = {}
        if pause is None:
            work |= {row.id: self._round for row in due}
        # What a lookup settles needs no further attempt.
        work |= {row.id: self._lookup_round for row in witnessed}
        for request_id, send in work.items():
            self._rounds.start(request_id, partial(send, request_id), name=f"send-{request_id}")
        waits = next_due is None or pause is not None or self._rounds.is_full
        # A row stays due until its round has claimed it, which is soon: never a busy loop.
        due_s = None if next_due is None or waits else max((next_due - now) / 1000, 0.02)
        if not self._leases:
            return due_s
        return RENEW_MS / 1000 if due_s is None else min(due_s, RENEW_MS / 1000)

    async def drain(self) -> None:
        while not await self._rounds.drain(within_s=RENEW_MS / 1000):
            try:
                await self._renew()
            except StorageUnavailable as error:
                self._on_trouble(error)

    # --- leases

    async def _renew(self) -> None:
        """Of all at once: one small commit each time, and none while attempts are quick."""
        asked, begun = self._clock.steady(), tuple(self._leases.values())
        if all(asked - since < RENEW_MS for _, since in begun):
            return

        def renew(tx: Transaction) -> None:
            until = tx.lease_clock() + LEASE_MS
            for request, _ in begun:
                tx.renew_attempt(request, until)

        await self._ledger.write(renew)
        for request, since in begun:
            if self._leases.get(request.id) == (request, since):
                self._leases[request.id] = (request, asked)

    def _interrupt(self, tx: Transaction, *, left: Request) -> None:
        request = tx.request(left.id)
        if request is None or not request.running:
            return
        # Renewed meanwhile, or ended and begun again: somebody lives who works on it.
        if (request.attempts, request.running_until) == (left.attempts, left.running_until):
            now, latest = self._clock(), self._clock.latest()
            self._write(tx, request, interrupted(request, now=now, latest=latest, pace=self._pace))

    # --- one attempt

    async def _round(self, request_id: int) -> None:
        started_at, asked = self._clock.latest(), self._clock.steady()
        request = await self._ledger.write(partial(self._begin, request_id=request_id))
        if request is None or self._clock.steady() - asked >= SAFE_MS:
            # After so long another process may have taken it for interrupted: this one makes no call.
            return
        self._leases[request_id] = (request, asked)
        try:
            outcome = await self._issuer.send(request.body, earlier_open=request.open_attempts > 1)
            lookup = await self._look_up(request) if needs_lookup(request, outcome, self._pace) else None
            await self._keep(
                partial(self._finish, begun=request, outcome=outcome, lookup=lookup, started_at=started_at)
            )
        finally:
            del self._leases[request_id]
        self._on_outcome(request, outcome)

    async def _keep(self, finish: Callable[[Transaction], None]) -> None:
        """Only this process knows the outcome: a database that is away for a moment must not lose it."""
        while True:
            try:
                await self._ledger.write(finish)
            except StorageUnavailable as error:
                if self.stopping:
                    raise
                self._on_trouble(error)
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    def _begin(self, tx: Transaction, *, request_id: int) -> Request | None:
        before = tx.request(request_id)
        now = self._clock()
        if before is None or before.state not in SENDABLE or before.running or self.stopping:
            return None
        if not _is_due(before.due_at, now, self._pace.longest_ms) or tx.pause() is not None:
            return None
        digest = hashlib.sha256(before.body).hexdigest()
        events = tx.events_of(request_id, APPROVAL_TAGS)
        if body_digest(events) not in {digest, None}:
            # Whoever can write the file could send an approved coupon to somebody else.
            self._write(tx, before, changed(before, now=now))
            return None
        if not may_be_sent(events):
            # Or one that nobody approved.
            self._write(tx, before, unapproved(before, now=now))
            return None
        after = replace(
            before,
            attempts=before.attempts + 1,
            tries=before.tries + 1,
            open_attempts=before.open_attempts + 1,
            running=True,
            running_by=self._holder,
            running_until=tx.lease_clock() + LEASE_MS,
        )
        if before.state is State.APPROVED:
            after = move(after, State.SENDING, now=now)
            tx.post(Post(kind=PostKind.CARD, request_id=before.id))
        elif not 0 <= now - _last_ended(tx, request_id) < _SHOWN_PAUSE_MS:
            tx.post(Post(kind=PostKind.REDRAW, request_id=before.id))
        saved = tx.save(before, after)
        started = AttemptStarted(
            attempt=saved.attempts,
            out_request_no=saved.out_request_no,
            body_sha256=digest,
        )
        tx.append(started.done_by(SYSTEM, saved.id))
        return saved

    async def _look_up(self, request: Request) -> Lookup:
        try:
            code = await self._issuer.find_coupon(
                openid=request.openid,
                stock_id=request.stock_id,
                out_request_no=request.out_request_no,
            )
        except IssuerUnavailable:
            return Lookup(LookupResult.UNAVAILABLE)
        return Lookup(LookupResult.ABSENT) if code is None else Lookup(LookupResult.FOUND, code)

    def _finish(
        self, tx: Transaction, *, begun: Request, outcome: Outcome, lookup: Lookup | None, started_at: int
    ) -> None:
        request = tx.request(begun.id)
        if request is None:
            return
        if not request.running or request.attempts != begun.attempts:
            # The fence: what runs now, if anything, is another attempt.
            if _was_interrupted(tx, begun):
                now, latest = self._clock(), self._clock.latest()
                self._write(tx, request, late(request, begun, outcome, now=now, latest=latest))
            return
        settlement = settle(
            request,
            outcome,
            lookup,
            started_at=started_at,
            now=self._clock(),
            earliest=self._clock.earliest(),
            pace=self._pace,
        )
        self._write(tx, request, settlement)

    # --- one lookup, because a notification says that a coupon was received, or somebody wants to close

    async def _lookup_round(self, request_id: int) -> None:
        request = await self._ledger.write(partial(self._begin_lookup, request_id=request_id))
        if request is not None:
            lookup = await self._look_up(request)
            await self._ledger.write(partial(self._finish_lookup, begun=request, lookup=lookup))

    def _begin_lookup(self, tx: Transaction, *, request_id: int) -> Request | None:
        before = tx.request(request_id)
        now = self._clock()
        if before is None or before.state not in _LOOKUP_STATES or before.running or self.stopping:
            return None
        if not _is_due(before.look_at, now, self._longest_lookup_ms):
            return None
        # Nothing can be given by looking, so it needs no event before; only another time to begin again.
        return tx.save(before, replace(before, look_at=now + _LOOKUP_LEASE_MS))

    def _finish_lookup(self, tx: Transaction, *, begun: Request, lookup: Lookup) -> None:
        request = tx.request(begun.id)
        if request is None or request.state not in _LOOKUP_STATES or request.running:
            return
        same = (begun.state, begun.attempts) == (request.state, request.attempts)
        if request.state is State.HELD and not same and lookup.result is not LookupResult.FOUND:
            # Held since, perhaps after another attempt: what was not there then says nothing of now.
            return
        settlement = settle_lookup(
            request,
            lookup,
            now=self._clock(),
            earliest=self._clock.earliest(),
            latest=self._clock.latest(),
            pace=self._pace,
        )
        if settlement.after.state is request.state and request.look_at != begun.look_at:
            # Notified again meanwhile: that coupon may be one this lookup was too early for.
            settlement = replace(
                settlement,
                after=replace(settlement.after, look_at=request.look_at, absent_looks=request.absent_looks),
            )
        self._write(tx, request, settlement)

    def _write(self, tx: Transaction, before: Request, settlement: Settlement) -> None:
        saved = tx.save(before, settlement.after)
        if saved.state is not before.state or saved.state is State.HELD:
            # Before the thread: who opens it must find the card saying the same.
            tx.post(Post(kind=PostKind.CARD, request_id=saved.id))
        elif saved.due_at is not None and saved.due_at - self._clock() >= _SHOWN_PAUSE_MS:
            tx.post(Post(kind=PostKind.REDRAW, request_id=saved.id))
        for event in settlement.events:
            seq = tx.append(event)
            if event.tag in _THREAD_TAGS or _calls_for_people(event, saved):
                reply(tx, saved.id, seq)
            if event.tag in _DIRECT_TAGS:
                tx.post(Post(kind=PostKind.DIRECT, request_id=saved.id, seq=seq, person=saved.requester))


def _is_due(at: int | None, now: int, longest_ms: int) -> bool:
    """No pause is longer: what comes later than that was put off by a clock that was ahead."""
    return at is not None and (at <= now or at > now + longest_ms)


def _last_ended(rows: Records, request_id: int) -> int:
    """When the last attempt ended; 0: there was none."""
    return max((each.ts for each in rows.events_of(request_id, {Tag.ATTEMPT_FINISHED})), default=0)


def _was_interrupted(rows: Records, begun: Request) -> bool:
    """And not finished by a commit of which it was not known whether it was kept, nor late before."""
    events = rows.events_of(begun.id, {Tag.ATTEMPT_FINISHED, Tag.ATTEMPT_LATE})
    mine = [each for each in events if each.detail.get("attempt") == begun.attempts]
    return [each.detail.get("code") for each in mine if each.tag == Tag.ATTEMPT_FINISHED] == [
        INTERRUPTED
    ] and len(mine) == 1


def _calls_for_people(event: Event, request: Request) -> bool:
    if event.tag == Tag.COUPON_LOOKED_UP:
        return request.state is State.HELD and request.absent_looks >= LOOKUPS_BEFORE_CLOSING
    # Nothing looks any more at what has ended, and it ended without this coupon.
    given = event.tag == Tag.ATTEMPT_LATE and event.detail.get("kind") == Kind.SENT
    return given and request.state in FINAL - {State.SENT}
