"""The use cases after asking: withdraw, remind, pause, decide, let expire.

Each is one transaction: the state, its event and what Slack must be told are kept together or not at all.
Who is in which group is asked of Slack before the transaction, at the moment of the click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from coupons.asking import Stopped
from coupons.authority import Authority
from coupons.events import (
    ApprovalGiven,
    ClickRefused,
    RequestApproved,
    RequestCancelled,
    RequestDeclined,
    RequestExpired,
    RequestRetried,
    RequestUrged,
    SendingPaused,
    SendingResumed,
)
from coupons.lifecycle import move
from coupons.masking import keepable
from coupons.model import (
    Approval,
    Click,
    ClickAction,
    NewClick,
    Pause,
    Person,
    Request,
    State,
)
from coupons.policy import (
    Decision,
    Policy,
    Reason,
    may_approve,
    may_be_trusted,
    may_cancel,
    may_decline,
    may_pause,
    may_retry,
    may_urge,
)
from coupons.ports import Clock, Directory, Ledger, Reading, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM, Event
from coupons.terms import people


class Desk:
    """`team` is the workspace the bot lives in; people of other teams decide nothing."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Directory,
        authority: Authority,
        policy: Policy,
        team: str,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._authority = authority
        self._policy = policy
        self._team = team
        self._clock = clock

    # --- withdrawing, reminding, pausing

    async def cancel(self, request_id: int, person: str, *, channel: str | None = None) -> Request | Stopped:
        """`channel`: where a refusal is told. None: the caller tells it. Raises StorageUnavailable."""
        return await self._ledger.write(
            partial(self._cancel, request_id=request_id, person=person, channel=channel)
        )

    def _cancel(
        self, tx: Transaction, *, request_id: int, person: str, channel: str | None
    ) -> Request | Stopped:
        request = tx.request(request_id)
        right = Decision(Reason.NO_SUCH_REQUEST) if request is None else may_cancel(request, person)
        if request is None or not right.allowed:
            return self._stop(tx, "cancel", request_id, request, right, person, channel)
        after = move(request, State.CANCELLED, now=self._clock(), closed_by=person)
        return self._close(tx, request, after, RequestCancelled().done_by(person, request.id), notice=False)

    async def urge(self, request_id: int, person: str, *, channel: str | None = None) -> Request | Stopped:
        """The requester calls a waiting request to mind. `channel` and errors as with `cancel`."""
        return await self._ledger.write(
            partial(self._urge, request_id=request_id, person=person, channel=channel)
        )

    def _urge(
        self, tx: Transaction, *, request_id: int, person: str, channel: str | None
    ) -> Request | Stopped:
        request, now = tx.request(request_id), self._clock()
        right = Decision(Reason.NO_SUCH_REQUEST) if request is None else may_urge(request, person, now=now)
        if request is None or not right.allowed:
            return self._stop(tx, "urge", request_id, request, right, person, channel)
        saved = tx.save(request, replace(request, urged_at=now))
        seq = tx.append(RequestUrged().done_by(person, saved.id))
        tx.post(Post(kind=PostKind.STEP, request_id=saved.id, seq=seq))
        return saved

    def _stop(
        self,
        tx: Transaction,
        action: str,
        asked_for: int,
        request: Request | None,
        right: Decision,
        person: str,
        channel: str | None,
    ) -> Stopped:
        request_id, state = (request.id, request.state) if request else (None, None)
        refused = ClickRefused(action=action, reason=right.reason, state=state, asked_for=asked_for)
        seq = tx.append(refused.done_by(person, request_id))
        if channel is not None:
            answer = PostKind.ANSWER
            tx.post(Post(kind=answer, request_id=request_id, seq=seq, person=person, channel=channel))
        return Stopped(right, request)

    async def pause(self, person: str, *, pause: bool, reason: str = "") -> Pause | Stopped | None:
        """Stop (or go on with) sending: the pause that now stands, or None. Raises like `decide`."""
        members = await self._authority.members(self._policy.approvers)
        known = await self._directory.person(person)
        approvers = people(self._policy.approvers, members)
        return await self._ledger.write(
            partial(self._pause, person=known, pause=pause, reason=reason, approvers=approvers)
        )

    def _pause(
        self, tx: Transaction, *, person: Person, pause: bool, reason: str, approvers: frozenset[str]
    ) -> Pause | Stopped | None:
        right = may_be_trusted(person, self._team)
        if right.allowed:
            right = may_pause(person.user_id, approvers, paused=tx.pause() is not None, pause=pause)
        if not right.allowed:
            refused = ClickRefused(action="pause" if pause else "resume", reason=right.reason)
            tx.append(refused.done_by(person.user_id))
            return Stopped(right)
        reason = keepable(reason)
        after = Pause(person.user_id, self._clock(), reason) if pause else None
        tx.set_pause(after)
        done = SendingPaused(reason=reason) if pause else SendingResumed()
        seq = tx.append(done.done_by(person.user_id))
        tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq))
        return after

    # --- deciding

    async def keep_clicks(self, clicks: Sequence[NewClick]) -> None:
        """All or none; otherwise like `keep_click`."""

        def keep(tx: Transaction) -> None:
            for click in clicks:
                tx.add_click(click)

        await self._ledger.write(keep)

    async def keep_click(self, click: NewClick) -> None:
        """Durable when this returns, so that the ack may go; `decide` does the rest."""
        await self._ledger.write(lambda tx: tx.add_click(click))

    async def decide(self, click: Click) -> None:
        """Judge a kept click by what Slack and the database say now.

        Raises DirectoryUnavailable: nothing was decided, the click is still kept.
        """
        request = await self._ledger.read(lambda rows: rows.request(click.request_id))
        person = await self._directory.person(click.person)
        approvers: frozenset[str] = frozenset()
        if request is not None:
            approvers = await self._authority.approvers(request)
        await self._ledger.write(partial(self._decide, click=click, person=person, approvers=approvers))

    def _decide(self, tx: Transaction, *, click: Click, person: Person, approvers: frozenset[str]) -> None:
        if not tx.close_click(click.id):
            return
        request = tx.request(click.request_id)
        decision = self._judge(tx, click, request, person, approvers)
        if request is None or not decision.allowed:
            self._refuse_click(tx, click, request, decision)
        elif click.action is ClickAction.APPROVE:
            self._approve(tx, request, click.person)
        elif click.action is ClickAction.DECLINE:
            self._decline(tx, request, click)
        else:
            self._retry(tx, request, click.person)

    def _judge(
        self,
        tx: Reading,
        click: Click,
        request: Request | None,
        person: Person,
        approvers: frozenset[str],
    ) -> Decision:
        if click.team and click.team != self._team:
            return Decision(Reason.OUTSIDER)
        trusted = may_be_trusted(person, self._team)
        if not trusted.allowed:
            return trusted
        if request is None:
            return Decision(Reason.NO_SUCH_REQUEST)
        if click.action is ClickAction.RETRY:
            return may_retry(request, click.person, approvers)
        given = tx.approvals(request.id)
        if click.action is ClickAction.APPROVE:
            paused = tx.pause() is not None
            return may_approve(request, click.person, approvers, given, paused=paused)
        return may_decline(request, click.person, approvers, given)

    def _refuse_click(
        self, tx: Transaction, click: Click, request: Request | None, decision: Decision
    ) -> None:
        request_id, state = (request.id, request.state) if request else (None, None)
        refused = ClickRefused(
            action=click.action, reason=decision.reason, state=state, asked_for=click.request_id
        )
        seq = tx.append(refused.done_by(click.person, request_id))
        tx.post(
            Post(
                kind=PostKind.ANSWER,
                request_id=request_id,
                seq=seq,
                person=click.person,
                channel=click.channel,
            )
        )
        if request is not None and decision.reason is Reason.NOT_APPROVER:
            # The rule or the group may have moved since the card was drawn, and the card named them then.
            tx.post(Post(kind=PostKind.CARD, request_id=request.id))

    def _approve(self, tx: Transaction, request: Request, person: str) -> None:
        now = self._clock()
        tx.add_approval(Approval(request.id, person, now))
        given = tx.approvals(request.id)
        approval = ApprovalGiven(count=len(given), needed=request.approvals_needed)
        seq = tx.append(approval.done_by(person, request.id))
        if len(given) >= request.approvals_needed:
            after = move(request, State.APPROVED, now=now, due_at=now, remind_at=None)
            tx.save(request, after)
            names = [each.approver for each in given]
            tx.append(RequestApproved(approvals=names).done_by(person, request.id))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        tx.post(Post(kind=PostKind.STEP, request_id=request.id, seq=seq))

    def _decline(self, tx: Transaction, request: Request, click: Click) -> None:
        reason = keepable(click.reason, request.openid)
        after = move(
            request, State.DECLINED, now=self._clock(), closed_by=click.person, decline_reason=reason
        )
        event = RequestDeclined(reason=reason).done_by(click.person, request.id)
        self._close(tx, request, after, event)

    def _retry(self, tx: Transaction, request: Request, person: str) -> None:
        now = self._clock()
        tx.save(request, move(request, State.APPROVED, now=now, due_at=now, tries=0, absent_looks=0))
        seq = tx.append(RequestRetried().done_by(person, request.id))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        tx.post(Post(kind=PostKind.STEP, request_id=request.id, seq=seq))

    # --- time

    async def expire(self) -> int:
        """Close what nobody decided in time; returns how many."""
        return await self._ledger.write(self._expire)

    def _expire(self, tx: Transaction) -> int:
        now = self._clock()
        late = tx.expired_requests(now, 100)
        for request in late:
            after = move(request, State.EXPIRED, now=now)
            self._close(tx, request, after, RequestExpired().done_by(SYSTEM, request.id))
        return len(late)

    def _close(
        self, tx: Transaction, before: Request, after: Request, event: Event, *, notice: bool = True
    ) -> Request:
        saved = tx.save(before, after)
        seq = tx.append(event)
        tx.post(Post(kind=PostKind.CARD, request_id=saved.id))
        tx.post(Post(kind=PostKind.STEP, request_id=saved.id, seq=seq))
        if notice:
            tx.post(Post(kind=PostKind.NOTICE, request_id=saved.id, seq=seq, person=saved.requester))
        return saved
