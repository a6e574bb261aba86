"""The use cases after asking: withdraw, remind, pause, decide, retry, close, let expire.

Each is one transaction: the state, its event and what Slack must be told are kept together or not at all.
Who is in which group is asked of Slack before the transaction, at the moment of the click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from coupons.approving import approve
from coupons.asking import Stopped
from coupons.authority import Authority, Deciders
from coupons.batch_lines import (
    draw_batch,
    line_has_ended,
    line_is_sent_again,
    line_was_withdrawn,
    may_urge_batch,
    resume_those_of_merchant,
    urge_batch,
)
from coupons.click_answers import refuse_click
from coupons.clicked_on import was_shown
from coupons.clock_watch import ClockWatch
from coupons.events import (
    ClickRefused,
    RequestCancelled,
    RequestClosed,
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
    Click,
    ClickAction,
    NewClick,
    Pause,
    Person,
    Request,
    State,
)
from coupons.needs import fills_of
from coupons.offer_desk import TALK, OfferContext, OfferDesk
from coupons.permissions import (
    YES,
    Decision,
    Reason,
    may_approve,
    may_be_trusted,
    may_cancel,
    may_close,
    may_decline,
    may_pause,
    may_retry,
    may_urge,
)
from coupons.policy import Policy
from coupons.ports import Directory, Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM, Event
from coupons.replies import reply
from coupons.rules import people
from coupons.talk_policy import may_withdraw_approval
from coupons.undoing import asked_before, draw_undone
from coupons.waiting import set_waiting_right

_OF_REQUESTER = frozenset({ClickAction.CANCEL, ClickAction.URGE})


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
        clock: ClockWatch,
        offers: OfferDesk,
    ) -> None:
        self._offers = offers
        self._ledger = ledger
        self._directory = directory
        self._authority = authority
        self._policy = policy
        self._team = team
        self._clock = clock

    # --- withdrawing, reminding, pausing

    async def cancel(self, request_id: int, person: str) -> Request | Stopped:
        """By a command; the caller tells what came of it. Raises StorageUnavailable."""
        return await self._ledger.write(
            partial(self._typed, action=ClickAction.CANCEL, request_id=request_id, person=person)
        )

    async def urge(self, request_id: int, person: str) -> Request | Stopped:
        """The requester calls a waiting request to mind. As with `cancel`."""
        return await self._ledger.write(
            partial(self._typed, action=ClickAction.URGE, request_id=request_id, person=person)
        )

    def _typed(
        self, tx: Transaction, *, action: ClickAction, request_id: int, person: str
    ) -> Request | Stopped:
        request = tx.request(request_id)
        right = Decision(Reason.NO_SUCH_REQUEST)
        batch = tx.batch(request.batch) if request is not None and request.batch is not None else None
        if batch is not None and action is ClickAction.URGE:
            right = may_urge_batch(batch, person, now=self._clock())
        elif request is not None:
            right = self._of_requester(action, request, person)
        if request is None or not right.allowed:
            known, state = (request.id, request.state) if request else (None, None)
            refused = ClickRefused(action=action, reason=right.reason, state=state, asked_for=request_id)
            tx.append(refused.done_by(person, known))
            return Stopped(right, request)
        if batch is not None and action is ClickAction.URGE:
            urge_batch(tx, batch, now=self._clock())
            return request
        return self._cancel(tx, request) if action is ClickAction.CANCEL else self._urge(tx, request)

    def _of_requester(self, action: ClickAction, request: Request, person: str) -> Decision:
        if action is ClickAction.CANCEL:
            return may_cancel(request, person)
        return may_urge(request, person, now=self._clock())

    def _cancel(self, tx: Transaction, request: Request) -> Request:
        person = request.requester
        after = move(request, State.CANCELLED, now=self._clock(), closed_by=person)
        event = RequestCancelled().done_by(person, request.id)
        saved = self._close(tx, request, after, event, tell_requester=False)
        if saved.batch is not None:
            line_was_withdrawn(tx, saved, now=self._clock())
        return saved

    def _urge(self, tx: Transaction, request: Request) -> Request:
        saved = tx.save(request, replace(request, urged_at=self._clock()))
        seq = tx.append(RequestUrged().done_by(saved.requester, saved.id))
        tx.post(Post(kind=PostKind.REPLY, request_id=saved.id, seq=seq))
        return saved

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
        reason, now, before = keepable(reason), self._clock(), tx.pause()
        after = Pause(person.user_id, now, reason) if pause else None
        tx.set_pause(after)
        if before is not None:
            # A clock that is behind must not leave them less; one that was ahead when the pause began tells
            # nothing of its length, and so all of them have their whole time.
            latest = self._clock.latest()
            tx.resume_waiting(latest, before.at if before.at <= latest else 0)
            resume_those_of_merchant(tx, person.user_id, now=now)
        # A card says whether it can be approved, and when it expires.
        tx.redraw_open_cards()
        done = SendingPaused(reason=reason) if pause else SendingResumed()
        seq = tx.append(done.done_by(person.user_id))
        tx.post(Post(kind=PostKind.NEWS, request_id=None, seq=seq))
        return after

    # --- deciding

    async def keep_clicks(self, clicks: Sequence[NewClick]) -> None:
        """All or none; otherwise like `keep_click`."""
        await self._ledger.write(lambda tx: [tx.add_click(click) for click in clicks])

    async def keep_click(self, click: NewClick) -> None:
        """Durable when this returns, so that the ack may go; `decide` does the rest."""
        await self._ledger.write(lambda tx: tx.add_click(click))

    async def decide(self, click: Click) -> bool:
        """Judge a kept click by what Slack and the database say now.

        False: it may have been made on a card that is being posted at this moment. It is still kept, and to
        be decided again soon. Raises DirectoryUnavailable: nothing was decided, the click is still kept.
        """
        trusted, deciders, context = YES, Deciders(), OfferContext()
        # Who asked keeps the right to withdraw, and Slack need not say who that is.
        if click.action not in _OF_REQUESTER:
            request = await self._ledger.read(lambda rows: rows.request(click.request_id))
            trusted = await self._authority.trusts_click(click)
            if request is not None:
                deciders = await self._authority.deciders_of(request)
                context = await self._offers.context(click, request)
        return await self._ledger.write(
            partial(self._decide, click=click, trusted=trusted, deciders=deciders, context=context)
        )

    def _decide(
        self, tx: Transaction, *, click: Click, trusted: Decision, deciders: Deciders, context: OfferContext
    ) -> bool:
        request = tx.request(click.request_id)
        decision = self._judge(tx, click, request, trusted, deciders, context)
        if request is not None and decision.reason is Reason.OTHER_CARD and _is_being_posted(tx, request):
            # People are quicker than Slack's answer that says where the card stands now.
            return False
        if not tx.close_click(click.id):
            return True
        if request is None or not decision.allowed:
            self._refuse_click(tx, click, request, decision)
        elif click.action in TALK:
            self._offers.do(tx, click, request, context)
        else:
            self._do(tx, click, request, deciders)
        return True

    def _do(self, tx: Transaction, click: Click, request: Request, deciders: Deciders) -> None:
        match click.action:
            case ClickAction.APPROVE:
                fills = fills_of(click.person, deciders.by_part)
                approve(tx, request, click.person, fills, now=self._clock())
            case ClickAction.WITHDRAW_APPROVAL:
                self._offers.withdraw_approval(tx, request, click.person)
            case ClickAction.DECLINE:
                self._decline(tx, request, click)
            case ClickAction.RETRY:
                self._retry(tx, request, click.person)
            case ClickAction.CLOSE:
                self._close_held(tx, request, click)
            case ClickAction.CANCEL:
                self._cancel(tx, request)
            case _:
                self._urge(tx, request)

    def _judge(
        self,
        tx: Records,
        click: Click,
        request: Request | None,
        trusted: Decision,
        deciders: Deciders,
        context: OfferContext,
    ) -> Decision:
        if not trusted.allowed:
            return trusted
        if request is None:
            return Decision(Reason.NO_SUCH_REQUEST)
        if request.batch is not None and click.action not in {ClickAction.RETRY, ClickAction.CLOSE}:
            return Decision(Reason.IN_BATCH)
        shown = was_shown(request, click)
        if shown.allowed and click.action in TALK:
            return self._offers.judge(tx, click, request, deciders.people, context)
        return self._may(tx, click, request, deciders) if shown.allowed else shown

    def _may(self, tx: Records, click: Click, request: Request, deciders: Deciders) -> Decision:
        if click.action in _OF_REQUESTER:
            return self._of_requester(click.action, request, click.person)
        given, approvers = tx.approvals(request.id), deciders.people
        before = asked_before(tx, request)
        match click.action:
            case ClickAction.RETRY:
                return may_retry(request, click.person, approvers)
            case ClickAction.CLOSE:
                return may_close(request, click.person, approvers)
            case ClickAction.WITHDRAW_APPROVAL:
                offered = self._offers.offer_of(tx, request, click.person) is not None
                return may_withdraw_approval(request, click.person, given, offered=offered)
            case ClickAction.DECLINE:
                return may_decline(request, click.person, approvers, given, asked_before=before)
            case _:
                paused = tx.pause() is not None
                return may_approve(
                    request,
                    click.person,
                    approvers,
                    given,
                    by_part=deciders.by_part,
                    paused=paused,
                    asked_before=before,
                )

    def _refuse_click(
        self, tx: Transaction, click: Click, request: Request | None, decision: Decision
    ) -> None:
        refuse_click(tx, click, request, decision)
        if request is not None and decision.reason is Reason.MAY_BE_GIVEN:
            self._look_up_before_closing(tx, request)
        if request is not None and decision.reason is Reason.NOT_APPROVER:
            # The rule or the group may have moved since the card was drawn, and the card named them then.
            _draw(tx, request)

    def _decline(self, tx: Transaction, request: Request, click: Click) -> None:
        reason = keepable(click.reason, request.openid)
        after = move(
            request, State.DECLINED, now=self._clock(), closed_by=click.person, decline_reason=reason
        )
        event = RequestDeclined(reason=reason).done_by(click.person, request.id)
        self._close(tx, request, after, event)

    def _retry(self, tx: Transaction, request: Request, person: str) -> None:
        now = self._clock()
        tx.save(
            request, move(request, State.APPROVED, now=now, due_at=now, look_at=None, tries=0, absent_looks=0)
        )
        seq = tx.append(RequestRetried().done_by(person, request.id))
        if request.batch is not None:
            line_is_sent_again(tx, request)
            return
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq))

    def _close_held(self, tx: Transaction, request: Request, click: Click) -> None:
        reason = keepable(click.reason, request.openid)
        after = move(request, State.CLOSED, now=self._clock(), closed_by=click.person, decline_reason=reason)
        lookups = request.absent_looks if request.open_attempts else 0
        event = RequestClosed(reason=reason, looks=lookups).done_by(click.person, request.id)
        self._close(tx, request, after, event)

    def _look_up_before_closing(self, tx: Transaction, request: Request) -> None:
        """The sending loop looks for the coupon; when it did not find it, the person may close."""
        if request.look_at is None:
            tx.save(request, replace(request, look_at=self._clock()))
        _draw(tx, request)

    # --- time

    async def expire(self, now: int) -> int:
        """Close what nobody decided in time, by a clock that is believed; returns how many it changed.

        A pause stops their time: then it closes none.
        """
        return await self._ledger.write(partial(self._expire, now=now))

    def _expire(self, tx: Transaction, *, now: int) -> int:
        moved = set_waiting_right(tx, now=now)
        if tx.pause() is not None:
            return moved
        late = tx.expired_requests(now, 100)
        for request in late:
            after = move(request, State.EXPIRED, now=now)
            self._close(tx, request, after, RequestExpired().done_by(SYSTEM, request.id))
        return moved + len(late)

    def _close(
        self, tx: Transaction, before: Request, after: Request, event: Event, *, tell_requester: bool = True
    ) -> Request:
        saved = tx.save(before, after)
        seq = tx.append(event)
        _draw(tx, saved)
        draw_undone(tx, saved)
        if saved.batch is not None:
            line_has_ended(tx, saved)
            return saved
        reply(tx, saved.id, seq)
        if tell_requester:
            tx.post(Post(kind=PostKind.DIRECT, request_id=saved.id, seq=seq, person=saved.requester))
        return saved


def _draw(tx: Transaction, request: Request) -> None:
    """Its card, or the one of its batch."""
    if request.batch is None:
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
    else:
        draw_batch(tx, request.batch)


def _is_being_posted(rows: Records, request: Request) -> bool:
    return rows.may_be_posted(Post(kind=PostKind.CARD, request_id=request.id).key)
