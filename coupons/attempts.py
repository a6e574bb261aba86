"""The transactions of attempts: many are begun in one, and each outcome is booked by the fence.

The order is the promise: attempt event committed, then the call, then its outcome committed. Whatever dies
in between leaves a row marked as running, which is found when the lease of the attempt is over, and repeated
under the same number. An attempt has an owner with that lease, and a fence, which is its place among the
attempts: whoever comes back late with its outcome changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coupons.approvals import APPROVAL_TAGS, body_digest, coupon_to_take_back, may_be_sent
from coupons.batch_lines import approvals_of_batch, draw_batch, may_begin
from coupons.clock_watch import ClockWatch
from coupons.events import AttemptStarted, SendingPaused, Tag
from coupons.leases import LEASE_MS
from coupons.lifecycle import SENDABLE, move
from coupons.model import REQUEST_RECORD, Pause, Request, State
from coupons.outcome import Outcome, Remedy
from coupons.ports import Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM, Event, Recorded
from coupons.settlement_posts import SHOWN_PAUSE_MS, write_lines, write_settlement
from coupons.settling import (
    INTERRUPTED,
    Lookup,
    Pace,
    Settlement,
    changed,
    interrupted,
    late,
    settle,
    unapproved,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that came to an end: `begun` as it was claimed. `retry_in_ms`: as `settle` says."""

    begun: Request
    outcome: Outcome
    lookup: Lookup | None
    started_at: int
    retry_in_ms: int | None


class Attempts:
    """`holder` names this start of the bot, and no other one ever."""

    def __init__(self, *, clock: ClockWatch, holder: str, pace: Pace) -> None:
        self._clock = clock
        self._holder = holder
        self._pace = pace

    def begin_all(self, tx: Transaction, request_ids: Iterable[int]) -> Sequence[Request]:
        """In one commit; those that may not be begun (any more) are left out."""
        if tx.pause() is not None:
            return []
        request_ids = tuple(request_ids)
        events = tx.events_of_many(request_ids, APPROVAL_TAGS)
        found = tx.requests(request_ids)
        #: Of a batch, what all its lines are approved by.
        of_batches: dict[int | None, Sequence[Recorded]] = {}
        begun = []
        for request in (found[each] for each in request_ids if each in found):
            if request.batch not in of_batches:
                of_batches[request.batch] = approvals_of_batch(tx, request)
            begun.append(self._begin(tx, request, events.get(request.id, ()), of_batches[request.batch]))
        claimed = tx.save_all([pair for pair in begun if pair is not None])
        tx.append_all([_started(request) for request in claimed])
        return claimed

    def renew(self, tx: Transaction, begun: Iterable[Request]) -> None:
        """Their leases, from now on."""
        until = tx.lease_clock() + LEASE_MS
        for request in begun:
            tx.renew_attempt(request, until)

    def interrupt(self, tx: Transaction, left: Request) -> None:
        """`left`: a row whose lease was found to be over."""
        request = tx.request(left.id)
        if request is None or not request.running:
            return
        # Renewed meanwhile, or ended and begun again: somebody lives who works on it.
        if (request.attempts, request.running_until) == (left.attempts, left.running_until):
            now, latest = self._clock(), self._clock.latest()
            settlement = interrupted(request, now=now, latest=latest, pace=self._pace)
            write_settlement(tx, request, settlement, now=now)

    def _begin(
        self, tx: Transaction, before: Request, events: Sequence[Recorded], of_batch: Sequence[Recorded]
    ) -> tuple[Request, Request] | None:
        """As it is, and as it is to be saved. None: not to be begun."""
        now = self._clock()
        if before.state not in SENDABLE or before.running:
            return None
        if before.state is not State.APPROVED and not is_due(before.due_at, now, self._pace.longest_ms):
            return None
        if not may_begin(tx, before):
            return None
        if body_digest(events) not in {_digest(before), None} or coupon_to_take_back(events) != before.undoes:
            # Whoever can write the file could send an approved coupon to somebody else, or have one taken
            # back and another one called so.
            write_settlement(tx, before, changed(before, now=now), now=now)
            return None
        if not may_be_sent(events, of_batch):
            # Or one that nobody approved.
            write_settlement(tx, before, unapproved(before, now=now), now=now)
            return None
        changes = {
            "attempts": before.attempts + 1,
            "tries": before.tries + 1,
            "open_attempts": before.open_attempts + 1,
            "running": True,
            "running_by": self._holder,
            "running_until": tx.lease_clock() + LEASE_MS,
        }
        if before.state is State.APPROVED:
            after = move(before, State.SENDING, now=now, **changes)
        else:
            after = REQUEST_RECORD.replace(before, changes)
        self._show(tx, before, now)
        return before, after

    def _show(self, tx: Transaction, before: Request, now: int) -> None:
        if before.batch is not None:
            # A line has no card of its own.
            draw_batch(tx, before.batch)
        elif before.state is State.APPROVED:
            tx.post(Post(kind=PostKind.CARD, request_id=before.id))
        elif not 0 <= now - _last_ended(tx, before.id) < SHOWN_PAUSE_MS:
            tx.post(Post(kind=PostKind.REDRAW, request_id=before.id))

    def finish_all(self, tx: Transaction, ended: Sequence[Ended]) -> None:
        """What came of them, or, behind the fence, no more than an event of it."""
        found, now = tx.requests([each.begun.id for each in ended]), self._clock()
        lines: list[tuple[Request, Settlement]] = []
        for each in ended:
            request = found.get(each.begun.id)
            if request is None:
                continue
            if not request.running or request.attempts != each.begun.attempts:
                self._came_late(tx, request, each, now)
                continue
            settlement = self._settlement(request, each, now)
            # Whether people hear of a held line depends on the lines that are held already: one by one.
            if request.batch is None or settlement.after.state is State.HELD:
                self._write(tx, request, settlement, each.outcome, now)
            else:
                lines.append((request, settlement))
        write_lines(tx, lines, now=now)

    def _came_late(self, tx: Transaction, request: Request, ended: Ended, now: int) -> None:
        """The fence: what runs now, if anything, is another attempt."""
        if _was_interrupted(tx, ended.begun):
            latest = self._clock.latest()
            settlement = late(request, ended.begun, ended.outcome, now=now, latest=latest)
            write_settlement(tx, request, settlement, now=now)

    def _settlement(self, request: Request, ended: Ended, now: int) -> Settlement:
        return settle(
            request,
            ended.outcome,
            ended.lookup,
            started_at=ended.started_at,
            now=now,
            earliest=self._clock.earliest(),
            pace=self._pace,
            retry_in_ms=ended.retry_in_ms,
        )

    def _write(
        self, tx: Transaction, request: Request, settlement: Settlement, outcome: Outcome, now: int
    ) -> None:
        of_merchant = outcome.of_merchant and outcome.remedy is Remedy.OPERATOR
        saved = write_settlement(tx, request, settlement, now=now, of_merchant=of_merchant)
        if saved.state is State.HELD and saved.batch is not None and of_merchant:
            self._pause_all(tx, saved, outcome, now)

    def _pause_all(self, tx: Transaction, held: Request, outcome: Outcome, now: int) -> None:
        """Thousands of lines would each be refused in the same way: people are told once, and then resume.

        A refusal that is the stock's alone stops that stock by the line that is held (`stopped_stocks`). When
        somebody resumes sending, the batches that this paused go on too (`resume_those_of_merchant`).
        """
        if tx.pause() is not None:
            return
        why = f"WeChat Pay refused request #{held.id} with {outcome.code}, and would refuse all others so"
        tx.set_pause(Pause(SYSTEM, now, why))
        tx.redraw_open_cards()
        seq = tx.append(SendingPaused(reason=why).done_by(SYSTEM))
        tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq))


def _digest(request: Request) -> str:
    return hashlib.sha256(request.body).hexdigest()


def _started(request: Request) -> Event:
    started = AttemptStarted(
        attempt=request.attempts,
        out_request_no=request.out_request_no,
        body_sha256=_digest(request),
    )
    return started.done_by(SYSTEM, request.id)


def is_due(at: int | None, now: int, longest_ms: int) -> bool:
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
