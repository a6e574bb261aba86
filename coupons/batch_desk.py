"""Clicks under a batch's preview and on its card, decided by what Slack and the database say now.

A decision is one short transaction; what it means for the lines is done in parts by `coupons.batch_work`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from coupons.authority import Authority, parts_people
from coupons.batch_events import (
    BatchApproved,
    BatchCancelled,
    BatchDeclined,
    BatchPaused,
    BatchStruck,
)
from coupons.batch_lines import draw_others, resume_batch
from coupons.batch_terms import rows_of
from coupons.batches import SAME_FILE, Batch, BatchState, move_batch
from coupons.clock_watch import ClockWatch
from coupons.events import ApprovalGiven, ClickRefused, RequestDeclined
from coupons.lifecycle import move
from coupons.masking import keepable
from coupons.model import Click, ClickAction, Request, State
from coupons.needs import Fills, fills_of
from coupons.permissions import YES, Decision, Reason, have_all, may_ask, may_fill
from coupons.policy import Policy
from coupons.ports import Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event
from coupons.rules import people

#: More rows at once are another file.
MOST_STRUCK = 500
_OF_REQUESTER = frozenset({ClickAction.SUBMIT_BATCH, ClickAction.DISCARD_BATCH})
#: The requester may do these, too.
_OF_BOTH = frozenset({ClickAction.PAUSE_BATCH, ClickAction.RESUME_BATCH, ClickAction.CANCEL_BATCH})
_FROM: Mapping[ClickAction, frozenset[BatchState]] = {
    ClickAction.SUBMIT_BATCH: frozenset({BatchState.DRAFT}),
    ClickAction.DISCARD_BATCH: frozenset({BatchState.DRAFT}),
    ClickAction.APPROVE_BATCH: frozenset({BatchState.PENDING}),
    ClickAction.DECLINE_BATCH: frozenset({BatchState.PENDING}),
    ClickAction.STRIKE_LINES: frozenset({BatchState.PENDING}),
    ClickAction.PAUSE_BATCH: frozenset({BatchState.RUNNING, BatchState.PAUSED}),
    ClickAction.RESUME_BATCH: frozenset({BatchState.PAUSED}),
    ClickAction.CANCEL_BATCH: frozenset(
        {BatchState.PENDING, BatchState.APPROVED, BatchState.RUNNING, BatchState.PAUSED}
    ),
}
#: What is clicked under previews and on cards of batches.
OF_BATCHES = frozenset(_FROM)


class BatchDesk:
    """Decides, and carries out what was decided."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        policy: Policy,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._policy = policy
        self._clock = clock

    async def decide(self, click: Click) -> bool:
        """As `Desk.decide`, of a click with a `batch`."""
        batch = await self._ledger.read(lambda rows: rows.batch(click.batch or 0))
        trusted = await self._authority.trusts_click(click)
        approvers, by_part = frozenset[str](), tuple[frozenset[str], ...]()
        if trusted.allowed and click.action is ClickAction.SUBMIT_BATCH:
            # Asking is this click: who was an agent when the file was given may be none any more.
            agents = self._policy.agents
            trusted = may_ask(
                click.person, people(agents, await self._authority.members(agents)) if agents else None
            )
        if batch is not None and click.action not in _OF_REQUESTER:
            named = may_decide(self._policy, batch)
            members = await self._authority.members(named)
            approvers, by_part = people(named, members), parts_people(self._policy, batch.needs, members)
        return await self._ledger.write(
            partial(self._decide, click=click, trusted=trusted, approvers=approvers, by_part=by_part)
        )

    def _decide(
        self,
        tx: Transaction,
        *,
        click: Click,
        trusted: Decision,
        approvers: frozenset[str],
        by_part: Sequence[frozenset[str]],
    ) -> bool:
        batch = tx.batch(click.batch or 0)
        decision = self._judge(tx, click, batch, trusted, approvers, by_part)
        if batch is not None and decision.reason is Reason.OTHER_CARD and _is_being_posted(tx, batch, click):
            return False
        if not tx.close_click(click.id):
            return True
        if batch is None or not decision.allowed:
            self._refuse(tx, click, batch, decision)
            return True
        self._do(tx, batch, click, fills_of(click.person, by_part))
        return True

    def _do(self, tx: Transaction, batch: Batch, click: Click, fills: Fills) -> None:
        number, person = batch.id, click.person
        match click.action:
            case ClickAction.SUBMIT_BATCH:
                self._submit(tx, batch)
            case ClickAction.DISCARD_BATCH:
                self._end(tx, batch, BatchState.DISCARDED, click, None)
                tx.forget_lines(number)
            case ClickAction.APPROVE_BATCH:
                self._approve(tx, batch, person, fills)
            case ClickAction.DECLINE_BATCH:
                event = BatchDeclined(batch=number, reason=keepable(click.reason)).done_by(person)
                self._end(tx, batch, BatchState.DECLINED, click, event)
            case ClickAction.CANCEL_BATCH:
                self._end(
                    tx, batch, BatchState.CANCELLED, click, BatchCancelled(batch=number).done_by(person)
                )
            case ClickAction.STRIKE_LINES:
                self._strike(tx, batch, click)
            case ClickAction.PAUSE_BATCH:
                # Where it was paused for a stock alone, the others stop now too.
                after = replace(batch, state=BatchState.PAUSED, closed_by=person, pause_code="")
                self._save(tx, batch, after, BatchPaused(batch=number).done_by(person))
            case _:
                resume_batch(tx, batch, person, now=self._clock())

    def _judge(
        self,
        tx: Records,
        click: Click,
        batch: Batch | None,
        trusted: Decision,
        approvers: frozenset[str],
        by_part: Sequence[frozenset[str]],
    ) -> Decision:
        if not trusted.allowed:
            return trusted
        if batch is None or not _was_shown(batch, click):
            return Decision(Reason.NO_SUCH_REQUEST if batch is None else Reason.OTHER_CARD)
        right = _right(tx, click, batch, approvers)
        if not right.allowed:
            return right
        if batch.state not in _FROM[click.action] or not _is_open(batch, click):
            return Decision(Reason.TOO_LATE)
        if click.action is ClickAction.SUBMIT_BATCH and _came_meanwhile(tx, batch):
            return Decision(Reason.DUPLICATE)
        is_approval = click.action is ClickAction.APPROVE_BATCH
        return _may_approve(tx, batch, click.person, by_part) if is_approval else YES

    def _refuse(self, tx: Transaction, click: Click, batch: Batch | None, decision: Decision) -> None:
        refused = ClickRefused(
            action=click.action,
            reason=decision.reason,
            state=batch.state if batch else None,
            batch=click.batch,
        )
        if batch is not None and decision.reason is Reason.DUPLICATE:
            # Its preview says so from now on, and the next click counts.
            self._save(tx, batch, replace(batch, problem=SAME_FILE), None)
        seq = tx.append(refused.done_by(click.person))
        tx.post(
            Post(
                kind=PostKind.ANSWER,
                request_id=None,
                batch=batch.id if batch else None,
                seq=seq,
                person=click.person,
                channel=click.channel,
            )
        )

    # --- what each click does

    def _submit(self, tx: Transaction, batch: Batch) -> None:
        self._save(tx, batch, replace(batch, submitted_at=self._clock(), expires_at=None), None)

    def _approve(self, tx: Transaction, batch: Batch, person: str, fills: Fills) -> None:
        now = self._clock()
        approval = ApprovalGiven(
            count=len(tx.batch_approvals(batch.id)) + 1,
            needed=batch.approvals_needed,
            batch=batch.id,
            fills=fills or None,
        )
        seq = tx.append(approval.done_by(person))
        tx.add_batch_approval(batch.id, person, at=now, seq=seq, fills=fills)
        given = tx.batch_approvals(batch.id)
        if have_all(batch, given):
            after = move_batch(batch, BatchState.APPROVED, now=now, expires_at=None, remind_at=None)
            tx.save_batch(batch, after)
            names = [each.approver for each in given]
            tx.append(BatchApproved(batch=batch.id, approvals=names).done_by(person))
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
        tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=batch.id, seq=seq))

    def _strike(self, tx: Transaction, batch: Batch, click: Click) -> None:
        """The rows were read once already, when the form was sent: what cannot be read changes nothing."""
        ranges = rows_of(click.reason, last=tx.last_row_of_batch(batch.id)) or ()
        now, lines = self._clock(), dict[int, Request]()
        for first, last in ranges:
            # Ranges may overlap: each is read whole, and no part of what was typed is struck alone.
            found = tx.requests_of_rows(
                batch.id, State.PENDING, first=first, last=last, limit=MOST_STRUCK + 1
            )
            lines |= {line.id: line for line in found}
        if not 0 < len(lines) < batch.size or len(lines) > MOST_STRUCK:
            # Without any line there would be nothing to approve, and it would wait for nobody.
            self._refuse(tx, click, batch, Decision(Reason.TOO_LATE))
            return
        for line in lines.values():
            tx.save(line, move(line, State.DECLINED, now=now, closed_by=click.person))
            tx.append(RequestDeclined(reason="").done_by(click.person, line.id))
        after = replace(
            batch,
            size=batch.size - len(lines),
            value_fen=batch.value_fen - sum(line.value_fen for line in lines.values()),
            left_out=batch.left_out + len(lines),
        )
        struck = [line.batch_row or 0 for line in lines.values()]
        self._save(tx, batch, after, BatchStruck(batch=batch.id, rows=struck).done_by(click.person))

    def _end(
        self, tx: Transaction, batch: Batch, state: BatchState, click: Click, event: Event | None
    ) -> None:
        reason = keepable(click.reason) if state is BatchState.DECLINED else ""
        after = move_batch(batch, state, now=self._clock(), closed_by=click.person, decline_reason=reason)
        draw_others(tx, batch)
        self._save(tx, batch, after, event)

    def _save(self, tx: Transaction, before: Batch, after: Batch, event: Event | None) -> None:
        saved = tx.save_batch(before, after)
        if saved.state in {BatchState.DRAFT, BatchState.DISCARDED}:
            tx.post(Post(kind=PostKind.PREVIEW, request_id=None, batch=saved.id, person=saved.requester))
            return
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=saved.id))
        if event is not None:
            seq = tx.append(event)
            tx.post(Post(kind=PostKind.REPLY, request_id=None, batch=saved.id, seq=seq))


def may_decide(policy: Policy, batch: Batch) -> tuple[str, ...]:
    """Whom its rule named when it was made, as far as coupon.toml still lets them approve anything."""
    return tuple(each for each in batch.approvers if each in policy.deciders)


def _right(tx: Records, click: Click, batch: Batch, approvers: frozenset[str]) -> Decision:
    is_requester, is_approver = click.person == batch.requester, click.person in approvers
    if click.action in _OF_REQUESTER:
        return YES if is_requester else Decision(Reason.NOT_REQUESTER)
    if click.action in _OF_BOTH and (is_requester or is_approver):
        return YES
    if is_requester or not is_approver:
        return Decision(Reason.SELF if is_requester else Reason.NOT_APPROVER)
    given = any(each.approver == click.person for each in tx.batch_approvals(batch.id))
    return Decision(Reason.ALREADY_APPROVED) if given else YES


def _may_approve(tx: Records, batch: Batch, person: str, by_part: Sequence[frozenset[str]]) -> Decision:
    """Of one of its approvers, while it waits."""
    given = tx.batch_approvals(batch.id)
    part = may_fill(batch.needs, person, given, by_part, askers=frozenset({batch.requester}))
    return Decision(Reason.PAUSED) if part.allowed and tx.pause() is not None else part


def _was_shown(batch: Batch, click: Click) -> bool:
    """Only on the message that is this very batch's preview, or its card, as it stands now."""
    if click.action in _OF_REQUESTER:
        return (click.channel, click.message_ts) == (batch.preview_channel, batch.preview_ts)
    return (click.channel, click.message_ts) == (batch.card_channel, batch.card_ts)


def _is_open(batch: Batch, click: Click) -> bool:
    """Of a draft: only what was read, holds a line and was not submitted yet. To pause: what still sends."""
    if click.action is ClickAction.SUBMIT_BATCH:
        return bool(batch.sha256 and batch.size) and batch.submitted_at is None
    if click.action is ClickAction.PAUSE_BATCH and batch.state is BatchState.PAUSED:
        return batch.closed_by is None
    return click.action is not ClickAction.DISCARD_BATCH or batch.submitted_at is None


def _came_meanwhile(rows: Records, batch: Batch) -> bool:
    """Its file was submitted by another draft, of which its preview says nothing."""
    return batch.problem != SAME_FILE and rows.batch_of_file(batch.sha256, but=batch.id) is not None


def _is_being_posted(rows: Records, batch: Batch, click: Click) -> bool:
    kind = PostKind.PREVIEW if click.action in _OF_REQUESTER else PostKind.BATCH_CARD
    return rows.may_be_posted(Post(kind=kind, request_id=None, batch=batch.id).key)
