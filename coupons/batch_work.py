"""Works batches off in parts: lines become requests, are approved, or end with their batch.

Each part is a short transaction, so that no ack waits for 50,000 lines, and begins where the last one ended:
a crash between two of them loses and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from coupons.asking import created
from coupons.authority import Authority
from coupons.batch import BatchLine, asked_before
from coupons.batch_asking import DRAFT_MS, lines_of, preview_now, with_terms
from coupons.batch_events import BatchCreated, BatchDone, BatchExpired
from coupons.batch_lines import draw_batch, promise_result
from coupons.batch_terms import Counting, Members
from coupons.batches import Batch, BatchState, move_batch
from coupons.catalogue import Catalogue
from coupons.clock_watch import JUMP_MS, ClockWatch
from coupons.errors import DirectoryUnavailable, RowChanged
from coupons.events import RequestApproved, RequestCancelled, RequestDeclined, RequestExpired
from coupons.lifecycle import move
from coupons.loops import Bell, Loop, OnTrouble
from coupons.masking import keepable
from coupons.model import Draft, Request, State
from coupons.needs import detail_of
from coupons.policy import Policy
from coupons.ports import Issuer, Ledger, Reading, Transaction
from coupons.posts import LATE_LINES_MS, Post, PostKind
from coupons.recording import SYSTEM, Event
from coupons.request_number import out_request_no
from coupons.rules import Terms
from coupons.waiting import first_reminder

#: Lines in one transaction: some 5 to 10 ms of the one writer, for which an ack may have to wait.
_PART: Final = 20
#: Looked at in one step; of more that only wait, the ones whose time ends last are not.
_BATCHES: Final = 500
_RUNNING: Final = frozenset({BatchState.RUNNING, BatchState.PAUSED, BatchState.DONE})
_TIMED: Final = frozenset({BatchState.DRAFT, BatchState.PENDING})

#: Until it is looked again whether lines that are under way have ended: no commit of a line wakes this loop,
#: since hundreds are made in a second.
_RECHECK_S: Final = 1.0
#: After a part that could not be done.
_AGAIN_S: Final = 1.0

Part = Callable[[Transaction], bool]


class BatchWork(Loop):
    """Its step does a part of every batch that has something to do."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        issuer: Issuer,
        policy: Policy,
        catalogue: Catalogue,
        clock: ClockWatch,
        bell: Bell,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble)
        self._ledger = ledger
        self._authority = authority
        self._issuer = issuer
        self._policy = policy
        self._catalogue = catalogue
        self._clock = clock
        #: What limits count, by batch, as long as nobody else asks for anything.
        self._counted: dict[int, tuple[int, Counting]] = {}
        #: Batches of which this process has looked what they need.
        self._weighed: set[int] = set()

    async def step(self) -> float | None:
        """Raises StorageUnavailable. Returns 0 while there is more to do at once."""
        found, due = await self._ledger.read(partial(_to_work_on, now=self._clock.sure()))
        more = False
        for batch in found:
            try:
                more |= await self._work(batch)
            except (DirectoryUnavailable, RowChanged) as error:
                # The others go on, and so does this one a little later.
                self._on_trouble(error)
                due = min(_AGAIN_S, due or _AGAIN_S)
        return 0.0 if more else due

    async def _work(self, batch: Batch) -> bool:
        """One part; False: nothing of it can be done now."""
        match batch.state:
            case BatchState.DRAFT if batch.submitted_at is not None:
                members = await self._authority.members(self._policy.groups)
                if batch.id not in self._weighed:
                    await self._weigh(batch, members)
                    self._weighed.add(batch.id)
                return await self._ledger.write(
                    partial(self._make, batch_id=batch.id, members=members), later=True
                )
            case BatchState.DRAFT:
                return await self._ledger.write(partial(self._forget, batch_id=batch.id), later=True)
            case BatchState.PENDING:
                return await self._ledger.write(partial(self._expire, batch_id=batch.id), later=True)
            case BatchState.APPROVED:
                return await self._ledger.write(partial(self._approve, batch_id=batch.id), later=True)
            case BatchState.RUNNING | BatchState.PAUSED | BatchState.DONE:
                return await self._ledger.write(partial(self._finish, batch_id=batch.id), later=True)
            case _:
                return await self._ledger.write(partial(self._close_lines, batch_id=batch.id), later=True)

    # --- lines become requests

    async def _weigh(self, batch: Batch, members: Members) -> None:
        """It needs what its rule asks for now: the preview may be an hour old, and coupon.toml newer."""

        def terms_now(rows: Reading) -> Terms | None:
            now = self._clock.earliest()
            return preview_now(rows, batch, self._policy, self._catalogue, members, now=now).terms

        def keep(tx: Transaction) -> None:
            before = tx.batch(batch.id)
            if before is not None and before.state is BatchState.DRAFT and not tx.last_row_of_batch(batch.id):
                tx.save_batch(before, with_terms(before, terms))

        terms = await self._ledger.read(terms_now)
        await self._ledger.write(keep)

    def _make(self, tx: Transaction, *, batch_id: int, members: Members) -> bool:
        batch = tx.batch(batch_id)
        if batch is None or batch.state is not BatchState.DRAFT or batch.submitted_at is None:
            return False
        after = tx.last_row_of_batch(batch.id)
        lines = tx.lines(batch.id, after=after, limit=_PART)
        if not lines:
            self._counted.pop(batch.id, None)
            self._weighed.discard(batch.id)
            self._ready(tx, batch)
            return True
        known = {line.row: line for line in lines_of(lines, self._catalogue)}
        counting, now = self._counting(tx, batch, members), self._clock.earliest()
        counting.read(known.values(), lambda totals: tx.used(totals, now))
        drafts = []
        lately = self._asked_lately(tx, known.values())
        for line in lines:
            problem = counting.why_left_out(batch, known.get(line.row))
            if problem is None:
                counting.add(known[line.row])
                drafts.append(self._draft(batch, known[line.row], lately))
            else:
                tx.leave_line_out(batch.id, line.row, problem)
        for request, is_new in tx.add_requests(drafts):
            if is_new:
                tx.append(created(request).done_by(batch.requester, request.id))
        self._counted[batch.id] = (tx.highest_number(), counting)
        return True

    def _counting(self, tx: Transaction, batch: Batch, members: Members) -> Counting:
        highest, counting = self._counted.get(batch.id, (-1, None))
        if counting is None or highest != tx.highest_number():
            # Somebody else asked for something meanwhile: limits are exact, and so it is counted anew.
            return Counting(self._policy, members, requester=batch.requester)
        return counting

    def _asked_lately(self, tx: Transaction, lines: Iterable[BatchLine]) -> Mapping[int, int]:
        """By the row of a line: a request of a short time before, for the same customer and stock."""
        if not self._policy.duplicate_ms:
            return {}
        lines = tuple(lines)
        since = self._clock.earliest() - self._policy.duplicate_ms
        return asked_before(lines, tx.asked_lately({line.openid for line in lines}, (), since))

    def _draft(self, batch: Batch, line: BatchLine, lately: Mapping[int, int]) -> Draft:
        stock, number = line.stock, out_request_no(batch.delivery, line.row)
        body = self._issuer.compose(
            out_request_no=number,
            openid=line.openid,
            stock_id=stock.stock_id,
            code_mode=stock.code_mode,
        )
        return Draft(
            out_request_no=number,
            requester=batch.requester,
            openid=line.openid,
            stock=stock,
            reason=keepable(line.reason, line.openid),
            approvals_needed=batch.approvals_needed,
            created_at=self._clock(),
            waits_from=self._clock.latest(),
            # The batch's time is its lines': they have none of their own.
            expires_at=self._clock.latest() + self._policy.expiry_ms,
            body=body,
            ticket=keepable(line.ticket, line.openid),
            rule=batch.rule,
            raised=batch.raised,
            needs=batch.needs,
            duplicate_of=lately.get(line.row),
            batch=batch.id,
            batch_row=line.row,
        )

    def _ready(self, tx: Transaction, batch: Batch) -> None:
        """All lines are requests: now it can be decided about."""
        lines, now, waits_from = tx.totals_of_batch(batch.id), self._clock(), self._clock.latest()
        if not lines.count:
            # Limits left nothing of it.
            after = move_batch(batch, BatchState.DISCARDED, now=now, left_out=tx.count_left_out(batch.id))
            tx.save_batch(batch, after)
            tx.forget_what_was_read(batch.id)
            tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=batch.id, person=batch.requester))
            _share_left_out(tx, batch, after)
            return
        after = move_batch(
            batch,
            BatchState.PENDING,
            now=now,
            size=lines.count,
            value_fen=lines.fen,
            highest_fen=max(tx.highest_of_batch(batch.id).values()),
            left_out=tx.count_left_out(batch.id),
            waits_from=waits_from,
            expires_at=waits_from + self._policy.expiry_ms,
            remind_at=first_reminder(tx, self._policy, waits_from=waits_from, now=now),
        )
        saved = tx.save_batch(batch, after)
        tx.forget_good_lines(saved.id)
        event = BatchCreated(
            batch=saved.id,
            file_name=saved.file_name,
            sha256=saved.sha256,
            size=saved.size,
            value_fen=saved.value_fen,
            highest_fen=saved.highest_fen,
            left_out=saved.left_out,
            approvals_needed=saved.approvals_needed,
            approvers=saved.approvers,
            rule=saved.rule,
            raised=saved.raised,
            needs=detail_of(saved.needs),
        )
        tx.append(event.done_by(saved.requester))
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=saved.id))
        tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=saved.id, person=saved.requester))
        _share_left_out(tx, batch, saved)

    # --- time

    def _forget(self, tx: Transaction, *, batch_id: int) -> bool:
        batch, now = tx.batch(batch_id), self._clock.sure()
        if batch is None or batch.state is not BatchState.DRAFT or batch.submitted_at is not None:
            return False
        if now is None or not _is_over(batch, now):
            return False
        tx.save_batch(batch, move_batch(batch, BatchState.DISCARDED, now=now))
        tx.forget_lines(batch.id)
        tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=batch.id, person=batch.requester))
        return True

    def _expire(self, tx: Transaction, *, batch_id: int) -> bool:
        batch, now = tx.batch(batch_id), self._clock.sure()
        if batch is None or batch.state is not BatchState.PENDING or now is None or tx.pause() is not None:
            return False
        if batch.expires_at is None or batch.expires_at > now:
            return False
        tx.save_batch(batch, move_batch(batch, BatchState.EXPIRED, now=now))
        seq = tx.append(BatchExpired(batch=batch.id).done_by(SYSTEM))
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
        tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))
        return True

    # --- lines follow their batch

    def _approve(self, tx: Transaction, *, batch_id: int) -> bool:
        batch = tx.batch(batch_id)
        if batch is None or batch.state is not BatchState.APPROVED:
            return False
        names = [each.approver for each in tx.batch_approvals(batch.id)]
        lines = tx.requests_of_batch(batch.id, state=State.PENDING, limit=_PART)
        now = self._clock()
        for line in lines:
            tx.save(line, move(line, State.APPROVED, now=now, due_at=now, remind_at=None))
            tx.append(RequestApproved(approvals=names, batch=batch.id).done_by(names[-1], line.id))
        if len(lines) < _PART:
            tx.save_batch(batch, move_batch(batch, BatchState.RUNNING, now=now))
            tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
        return True

    def _close_lines(self, tx: Transaction, *, batch_id: int) -> bool:
        """Those of a batch that was declined, cancelled or expired, as far as they had not begun."""
        batch = tx.batch(batch_id)
        if batch is None or batch.state not in _ENDS:
            return False
        state, event = _ENDS[batch.state](batch)
        now = self._clock()
        lines = [
            *tx.requests_of_batch(batch.id, state=State.PENDING, limit=_PART),
            *tx.unbegun_of_batch(batch.id, limit=_PART),
        ]
        for line in lines:
            by = batch.closed_by
            tx.save(line, move(line, state, now=now, closed_by=by, decline_reason=batch.decline_reason))
            tx.append(event(line))
        if not lines and not tx.batch_is_under_way(batch.id):
            self._promise_result(tx, batch)
        return bool(lines)

    def _finish(self, tx: Transaction, *, batch_id: int) -> bool:
        batch = tx.batch(batch_id)
        if batch is None or batch.state not in _RUNNING or tx.batch_is_under_way(batch.id):
            return False
        if batch.state is BatchState.DONE:
            # Somebody sent a line again after the end.
            self._promise_result(tx, batch, after_ms=LATE_LINES_MS)
            return True
        if batch.state is BatchState.PAUSED and tx.progress_of_batch(batch.id).states.get(State.HELD):
            # What was held for all goes on when somebody resumes.
            return False
        saved = tx.save_batch(batch, move_batch(batch, BatchState.DONE, now=self._clock()))
        states = dict(tx.progress_of_batch(batch.id).states)
        seq = tx.append(BatchDone(batch=batch.id, states=states).done_by(SYSTEM))
        tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))
        self._promise_result(tx, saved)
        return True

    def _promise_result(self, tx: Transaction, batch: Batch, *, after_ms: int = 0) -> None:
        if batch.result_promised:
            return
        tx.save_batch(batch, replace(batch, result_promised=True))
        draw_batch(tx, batch.id)
        if batch.state in {BatchState.DONE, BatchState.CANCELLED}:
            promise_result(tx, batch, after_ms=after_ms)
        else:
            # Nobody is told of its lines any more.
            tx.forget_what_was_read(batch.id)


def _share_left_out(tx: Transaction, before: Batch, after: Batch) -> None:
    """Its requester knows those of the preview: of the others neither which they are, nor why."""
    if after.left_out > before.left_out:
        tx.post(Post(kind=PostKind.LEFT_OUT, request_id=None, batch=after.id, person=after.requester))


def _declined(batch: Batch) -> tuple[State, Callable[[Request], Event]]:
    event = RequestDeclined(reason=batch.decline_reason)
    return State.DECLINED, lambda line: event.done_by(batch.closed_by or SYSTEM, line.id)


def _cancelled(batch: Batch) -> tuple[State, Callable[[Request], Event]]:
    return State.CANCELLED, lambda line: RequestCancelled().done_by(batch.closed_by or SYSTEM, line.id)


def _expired(_batch: Batch) -> tuple[State, Callable[[Request], Event]]:
    return State.EXPIRED, lambda line: RequestExpired().done_by(SYSTEM, line.id)


_ENDS: Final = {
    BatchState.DECLINED: _declined,
    BatchState.CANCELLED: _cancelled,
    BatchState.EXPIRED: _expired,
}


def _has_unbegun(rows: Reading, batch_id: int) -> bool:
    pending = rows.requests_of_batch(batch_id, state=State.PENDING, limit=1)
    return bool(pending or rows.unbegun_of_batch(batch_id, limit=1))


def _is_over(batch: Batch, now: int) -> bool:
    """A draft's time also where the clock was ahead when its file was read: it keeps openids."""
    if batch.expires_at is None:
        return False
    left_ms = batch.expires_at - now
    return left_ms <= 0 or (batch.state is BatchState.DRAFT and left_ms > DRAFT_MS + JUMP_MS)


def _to_work_on(rows: Reading, *, now: int | None) -> tuple[Sequence[Batch], float | None]:
    """Those with something to do, and in how many seconds the next one's time is over."""
    found, times = [], []
    for batch in rows.open_batches(_BATCHES):
        if batch.state in _RUNNING or (batch.state in _ENDS and not _has_unbegun(rows, batch.id)):
            if rows.batch_is_under_way(batch.id):
                times.append(_RECHECK_S)
            else:
                found.append(batch)
        elif batch.state in _TIMED and batch.expires_at is not None:
            # A draft that nobody submits, or a batch that nobody decides on: only its time does anything.
            if now is not None and _is_over(batch, now):
                found.append(batch)
            elif now is not None:
                times.append((batch.expires_at - now) / 1000 + 0.001)
        elif batch.state is not BatchState.DRAFT or batch.submitted_at is not None:
            found.append(batch)
    return found, min(times, default=None)
