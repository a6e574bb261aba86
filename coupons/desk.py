"""The use cases: ask, withdraw, decide, let expire.

Each is one transaction: the state, its event and what Slack must be told are kept together or not at all.
Who is in which group is asked of Slack before the transaction, at the moment of the click.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from coupons.events import SYSTEM, Event, Json, Post, PostKind, Tag
from coupons.lifecycle import move
from coupons.model import (
    Approval,
    Click,
    ClickAction,
    Draft,
    NewClick,
    Person,
    Request,
    State,
    Stock,
)
from coupons.numbers import out_request_no
from coupons.policy import (
    DAY_MS,
    Decision,
    Limit,
    Policy,
    Reason,
    Use,
    may_approve,
    may_ask,
    may_be_trusted,
    may_cancel,
    may_decline,
    may_retry,
    terms,
)
from coupons.ports import Clock, Directory, Issuer, Ledger, Reading, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`/coupon send`, understood."""

    #: What names the Slack delivery for ever: its team and trigger id.
    delivery: str
    requester: str
    #: Team named in the payload.
    team: str
    openid: str
    stock: Stock
    reason: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request stands; `is_new` False when this very delivery had made it before."""

    request: Request
    is_new: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing was made or changed, and why; `request` where there is one."""

    decision: Decision
    request: Request | None = None
    limit: Limit | None = None


class Desk:
    """`team` is the workspace the bot lives in; people of other teams decide nothing."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Directory,
        issuer: Issuer,
        policy: Policy,
        team: str,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._issuer = issuer
        self._policy = policy
        self._team = team
        self._clock = clock

    # --- asking and withdrawing

    async def submit(self, ask: Ask) -> Submitted | Stopped:
        """Raises DirectoryUnavailable and StorageUnavailable; the same delivery may be tried again."""
        agents = await self._people(self._policy.agents) if self._policy.agents else None
        return await self._ledger.write(partial(self._submit, ask=ask, agents=agents))

    def _submit(self, tx: Transaction, *, ask: Ask, agents: frozenset[str] | None) -> Submitted | Stopped:
        number = out_request_no(ask.delivery)
        known = tx.request_by_number(number)
        if known is not None:
            return Submitted(known, is_new=False)
        now = self._clock()
        stopped, approvals_needed = self._terms(tx, ask, agents, now)
        if stopped is not None:
            detail: dict[str, Json] = {
                "reason": stopped.decision.reason,
                "stock_id": ask.stock.stock_id,
                "value_fen": ask.stock.value_fen,
            }
            tx.append(Event(Tag.COMMAND_REFUSED, ask.requester, None, detail))
            return stopped
        body = self._issuer.compose(
            out_request_no=number,
            openid=ask.openid,
            stock_id=ask.stock.stock_id,
            code_mode=ask.stock.code_mode,
        )
        request, is_new = tx.add_request(
            Draft(
                out_request_no=number,
                requester=ask.requester,
                openid=ask.openid,
                stock=ask.stock,
                reason=ask.reason,
                approvals_needed=approvals_needed,
                created_at=now,
                expires_at=now + self._policy.expiry_ms,
                body=body,
            )
        )
        created: dict[str, Json] = {
            "customer": request.customer,
            "stock_id": request.stock_id,
            "stock_name": request.stock_name,
            "value_fen": request.value_fen,
            "reason": request.reason,
            "approvals_needed": request.approvals_needed,
            "out_request_no": request.out_request_no,
        }
        tx.append(Event(Tag.REQUEST_CREATED, ask.requester, request.id, created))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        return Submitted(request, is_new)

    def _terms(
        self, tx: Reading, ask: Ask, agents: frozenset[str] | None, now: int
    ) -> tuple[Stopped | None, int]:
        if ask.team != self._team:
            return Stopped(Decision(Reason.OUTSIDER)), 0
        right = may_ask(ask.requester, agents)
        if not right.allowed:
            return Stopped(right), 0
        per_customer, per_agent = self._policy.per_customer, self._policy.per_agent
        use = Use(
            tx.count_for_customer(ask.openid, now - per_customer.days * DAY_MS) if per_customer else 0,
            tx.count_for_requester(ask.requester, now - per_agent.days * DAY_MS) if per_agent else 0,
        )
        found = terms(self._policy, ask.stock.value_fen, use)
        if found.decision.allowed:
            return None, found.approvals_needed
        limit = per_customer if found.decision.reason is Reason.CUSTOMER_LIMIT else per_agent
        return Stopped(found.decision, limit=limit), 0

    async def cancel(self, request_id: int, person: str) -> Request | Stopped:
        return await self._ledger.write(partial(self._cancel, request_id=request_id, person=person))

    def _cancel(self, tx: Transaction, *, request_id: int, person: str) -> Request | Stopped:
        request = tx.request(request_id)
        if request is None:
            return Stopped(Decision(Reason.NO_SUCH_REQUEST))
        right = may_cancel(request, person)
        if not right.allowed:
            tx.append(
                Event(
                    Tag.CLICK_REFUSED,
                    person,
                    request.id,
                    {"action": "cancel", "reason": right.reason, "state": request.state},
                )
            )
            return Stopped(right, request)
        after = move(request, State.CANCELLED, now=self._clock(), closed_by=person)
        return self._close(tx, request, after, Event(Tag.REQUEST_CANCELLED, person, request.id), notice=False)

    # --- deciding

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
            approvers = await self._people(self._policy.rule_for(request.value_fen).approvers)
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
            return may_approve(request, click.person, approvers, given)
        return may_decline(request, click.person, approvers, given)

    def _refuse_click(
        self, tx: Transaction, click: Click, request: Request | None, decision: Decision
    ) -> None:
        detail: dict[str, Json] = {
            "action": click.action,
            "reason": decision.reason,
            "state": request.state if request else None,
            "asked_for": click.request_id,
        }
        request_id = request.id if request else None
        seq = tx.append(Event(Tag.CLICK_REFUSED, click.person, request_id, detail))
        tx.post(
            Post(
                kind=PostKind.ANSWER,
                request_id=request_id,
                seq=seq,
                person=click.person,
                channel=click.channel,
            )
        )

    def _approve(self, tx: Transaction, request: Request, person: str) -> None:
        now = self._clock()
        tx.add_approval(Approval(request.id, person, now))
        given = tx.approvals(request.id)
        seq = tx.append(
            Event(
                Tag.APPROVAL_GIVEN,
                person,
                request.id,
                {"count": len(given), "needed": request.approvals_needed},
            )
        )
        if len(given) >= request.approvals_needed:
            after = move(request, State.APPROVED, now=now, due_at=now)
            tx.save(request, after)
            names: list[Json] = [approval.approver for approval in given]
            tx.append(Event(Tag.REQUEST_APPROVED, person, request.id, {"approvals": names}))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        tx.post(Post(kind=PostKind.STEP, request_id=request.id, seq=seq))

    def _decline(self, tx: Transaction, request: Request, click: Click) -> None:
        after = move(
            request,
            State.DECLINED,
            now=self._clock(),
            closed_by=click.person,
            decline_reason=click.reason,
        )
        event = Event(Tag.REQUEST_DECLINED, click.person, request.id, {"reason": click.reason})
        self._close(tx, request, after, event)

    def _retry(self, tx: Transaction, request: Request, person: str) -> None:
        now = self._clock()
        tx.save(request, move(request, State.APPROVED, now=now, due_at=now, tries=0, absent_looks=0))
        seq = tx.append(Event(Tag.REQUEST_RETRIED, person, request.id))
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
            self._close(tx, request, after, Event(Tag.REQUEST_EXPIRED, SYSTEM, request.id))
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

    async def _people(self, ids: Iterable[str]) -> frozenset[str]:
        """User ids as they are, groups (S...) as Slack knows them now."""
        people: set[str] = set()
        for entry in ids:
            people |= await self._directory.members(entry) if entry.startswith("S") else {entry}
        return frozenset(people)
