"""Asking for a coupon: the request and what it needs, in one transaction; or only what it would need."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from coupons.authority import Authority, Members, parts_people
from coupons.clock_watch import ClockWatch
from coupons.events import ClickRefused, CommandRefused, RequestApproved, RequestCreated, Tag
from coupons.lifecycle import move
from coupons.masking import keepable
from coupons.model import Draft, Pause, Request, State, Stock
from coupons.needs import detail_of, enough_people
from coupons.permissions import YES, Decision, Reason, may_ask, may_follow, must_say
from coupons.policy import Limit, Policy
from coupons.ports import Issuer, Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import SYSTEM
from coupons.request_number import out_request_no
from coupons.rules import Left, Terms, limits_left, people, terms
from coupons.totals import Counts, Proposal, facts, judge, totals
from coupons.waiting import first_reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`/coupon send` or the form, understood."""

    #: What names the Slack delivery for ever: its team and trigger or view id.
    delivery: str
    requester: str
    #: Team named in the payload.
    team: str
    openid: str
    stock: Stock
    reason: str
    ticket: str = ""
    #: The requester has seen that the like was asked for a short time ago.
    confirmed: bool = False
    #: The declined request that this one takes the place of.
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request stands; `is_new` False when this very delivery had made it before.

    `shortened`: the reason or ticket held a person's number or address, and is not kept as it was typed.
    """

    request: Request
    is_new: bool
    shortened: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing was made or changed, and why; `request` where there is one."""

    decision: Decision
    request: Request | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What asking would come to at this moment; nobody was told of it."""

    terms: Terms
    #: People who could approve now.
    able: tuple[str, ...]
    left: tuple[Left, ...]
    duplicate: Request | None
    pause: Pause | None
    #: What the request would have to say of itself, if it said nothing.
    required: Decision = YES
    #: Of these, who could fill each part, where several groups are asked.
    by_part: tuple[frozenset[str], ...] = ()

    @property
    def are_enough(self) -> bool:
        """Whether they could give all the approvals that it needs."""
        if self.terms.needs:
            return enough_people(self.terms.needs, self.by_part)
        return len(self.able) >= self.terms.approvals_needed


class Asking:
    """`team` is the workspace the bot lives in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        issuer: Issuer,
        policy: Policy,
        team: str,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._issuer = issuer
        self._policy = policy
        self._team = team
        self._clock = clock

    async def submit(self, ask: Ask) -> Submitted | Stopped:
        """Raises DirectoryUnavailable and StorageUnavailable; the same delivery may be tried again.

        Stopped with DUPLICATE: ask the requester, and submit again with `confirmed`. With OTHER_DATA: this
        delivery made `Stopped.request`, which asks for something else.
        """
        members, trust = await asyncio.gather(self._members(), self._trust(ask))
        return await self._ledger.write(partial(self._submit, ask=ask, members=members, trust=trust))

    async def outlook(self, ask: Ask) -> Outlook | Stopped:
        """What `submit` would do, without doing it. Raises like it."""
        members, trust = await asyncio.gather(self._members(), self._trust(ask))
        found = await self._ledger.read(partial(self._outlook, ask=ask, members=members, trust=trust))
        if isinstance(found, Stopped):
            return found
        able = await self._authority.able(found.terms.approvers, but=ask.requester)
        needs = found.terms.needs
        by_part = parts_people(self._policy, needs, await self._authority.members(needs.entries))
        return Outlook(
            terms=found.terms,
            able=able,
            left=found.left,
            duplicate=found.duplicate,
            pause=found.pause,
            required=found.required,
            by_part=tuple(each & {*able} for each in by_part),
        )

    async def edit(self, number: int, person: str, *, out_request_no: str) -> Request | Stopped:
        """The declined or expired request that this person may send again, edited.

        `out_request_no`: of the request that the button was about. Raises StorageUnavailable.
        """
        return await self._ledger.write(
            partial(self._edit, number=number, person=person, out_request_no=out_request_no)
        )

    def _edit(self, tx: Transaction, *, number: int, person: str, out_request_no: str) -> Request | Stopped:
        request = tx.request(number)
        right = may_follow(request, person)
        if request is not None:
            if request.out_request_no != out_request_no:
                right = Decision(Reason.OTHER_REQUEST)
            elif right.allowed or (
                request.state is State.EXPIRED and person == request.requester and request.undoes is None
            ):
                return request
        request_id, state = (request.id, request.state) if request else (None, None)
        refused = ClickRefused(action="edit", reason=right.reason, state=state, asked_for=number)
        tx.append(refused.done_by(person, request_id))
        return Stopped(right, request)

    async def _members(self) -> Members:
        named = {*self._policy.agents}
        named.update(entry for rule in self._policy.rules for entry in rule.requesters)
        return await self._authority.members(named)

    async def _trust(self, ask: Ask) -> Decision:
        # Where a person approves, that person sees who asks; where nobody does, a guest or a bot must not.
        if all(rule.approvals for rule in self._policy.rules):
            return YES
        return await self._authority.trusts(ask.requester)

    def _outlook(self, rows: Records, *, ask: Ask, members: Members, trust: Decision) -> Outlook | Stopped:
        right = self._right(ask, members)
        if not right.allowed:
            return Stopped(right)
        earliest = self._clock.earliest()
        proposal = _proposal(ask)
        known = facts(self._policy, proposal, self._counts(rows, proposal, earliest))
        found = terms(self._policy, known, members)
        if not found.approvals_needed and not trust.allowed:
            return Stopped(trust)
        return Outlook(
            terms=found,
            able=(),
            left=tuple(limits_left(self._policy, known)),
            duplicate=self._duplicate(rows, ask, earliest),
            pause=rows.pause(),
            required=must_say(self._policy.required, ask.stock.value_fen, "", ""),
        )

    def _submit(self, tx: Transaction, *, ask: Ask, members: Members, trust: Decision) -> Submitted | Stopped:
        typed = ask
        ask = replace(ask, reason=keepable(ask.reason, ask.openid), ticket=keepable(ask.ticket, ask.openid))
        shortened = (ask.reason, ask.ticket) != (typed.reason, typed.ticket)
        number = out_request_no(ask.delivery)
        known = tx.request_by_number(number)
        if known is not None and _asks_for(ask, _as_made(tx, known)):
            return Submitted(known, is_new=False, shortened=shortened)
        if known is not None:
            # A form that was taken without its person being told, and then corrected.
            other = Stopped(Decision(Reason.OTHER_DATA), known)
            self._tell_stopped(tx, ask, other)
            return other
        # No clock that is ahead may make limits forget; none that is behind may make this expire early.
        now, earliest, waits_from = self._clock(), self._clock.earliest(), self._clock.latest()
        found = self._terms(tx, ask, members, trust, earliest)
        if isinstance(found, Stopped):
            self._tell_stopped(tx, ask, found)
            return found
        duplicate = self._duplicate(tx, ask, earliest)
        if duplicate is not None and not ask.confirmed:
            return Stopped(Decision(Reason.DUPLICATE), duplicate)
        body = self._issuer.compose(
            out_request_no=number,
            openid=ask.openid,
            stock_id=ask.stock.stock_id,
            code_mode=ask.stock.code_mode,
        )
        draft = Draft(
            out_request_no=number,
            requester=ask.requester,
            openid=ask.openid,
            stock=ask.stock,
            reason=ask.reason,
            approvals_needed=found.approvals_needed,
            created_at=now,
            waits_from=waits_from,
            expires_at=waits_from + self._policy.expiry_ms,
            body=body,
            ticket=ask.ticket,
            rule=found.place,
            raised=found.raised,
            needs=found.needs,
            duplicate_of=duplicate.id if duplicate else None,
            follows=ask.follows,
            remind_at=first_reminder(tx, self._policy, waits_from=waits_from, now=now),
        )
        [(request, is_new)] = tx.add_requests([draft])
        tx.append(created(request).done_by(ask.requester, request.id))
        if request.approvals_needed == 0:
            request = tx.save(request, move(request, State.APPROVED, now=now, due_at=now, remind_at=None))
            tx.append(RequestApproved(approvals=(), rule=request.rule).done_by(SYSTEM, request.id))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        return Submitted(request, is_new, shortened)

    def _right(self, ask: Ask, members: Members) -> Decision:
        if ask.team != self._team:
            return Decision(Reason.OUTSIDER)
        agents = people(self._policy.agents, members) if self._policy.agents else None
        return may_ask(ask.requester, agents)

    def _terms(self, tx: Records, ask: Ask, members: Members, trust: Decision, now: int) -> Terms | Stopped:
        for right in (
            self._right(ask, members),
            must_say(self._policy.required, ask.stock.value_fen, ask.reason, ask.ticket),
        ):
            if not right.allowed:
                return Stopped(right)
        if ask.follows is not None:
            declined = tx.request(ask.follows)
            right = may_follow(declined, ask.requester)
            if not right.allowed:
                return Stopped(right, declined)
            follower = tx.follower_of(ask.follows)
            if follower is not None:
                return Stopped(Decision(Reason.NOT_DECLINED), follower)
        proposal = _proposal(ask)
        found = judge(self._policy, proposal, self._counts(tx, proposal, now), members)
        if not found.decision.allowed:
            return Stopped(found.decision, limit=found.limit)
        if not found.approvals_needed and not trust.allowed:
            return Stopped(trust)
        return found

    def _counts(self, rows: Records, proposal: Proposal, now: int) -> Counts:
        return rows.used(totals(self._policy, proposal), now)

    def _duplicate(self, rows: Records, ask: Ask, now: int) -> Request | None:
        if not self._policy.duplicate_ms:
            return None
        return rows.duplicate_of(
            openid=ask.openid,
            stock_id=ask.stock.stock_id,
            ticket=ask.ticket,
            since=now - self._policy.duplicate_ms,
        )

    def _tell_stopped(self, tx: Transaction, ask: Ask, stopped: Stopped) -> None:
        refused = CommandRefused(
            reason=stopped.decision.reason,
            stock_id=ask.stock.stock_id,
            value_fen=ask.stock.value_fen,
            customer=tx.customer_of(ask.openid),
            limit=_limit_detail(stopped.limit) if stopped.limit else None,
        )
        tx.append(refused.done_by(ask.requester))


def _proposal(ask: Ask) -> Proposal:
    return Proposal(
        requester=ask.requester,
        openid=ask.openid,
        stock_id=ask.stock.stock_id,
        value_fen=ask.stock.value_fen,
    )


def _as_made(rows: Records, request: Request) -> Request:
    """With the stock that it was made for, whatever smaller one its requester took since."""
    if request.offer is None:
        return request
    [made] = rows.events_of(request.id, {Tag.REQUEST_CREATED})
    return replace(request, stock_id=str(made.detail["stock_id"]))


def _asks_for(ask: Ask, request: Request) -> bool:
    asked = (ask.requester, ask.openid, ask.stock.stock_id, ask.reason, ask.ticket, ask.follows)
    known = (request.requester, request.openid, request.stock_id, request.reason, request.ticket)
    return asked == (*known, request.follows)


def _limit_detail(limit: Limit) -> dict[str, int]:
    detail = {"days": limit.days, "count": limit.count, "fen": limit.fen}
    return {name: value for name, value in detail.items() if value is not None}


def created(request: Request) -> RequestCreated:
    """What the log tells of a new request."""
    return RequestCreated(**detail_of_new(request))


def detail_of_new(request: Request) -> dict[str, Any]:
    """The same of an undo, which the log tells more of."""
    return {
        "customer": request.customer,
        "stock_id": request.stock_id,
        "stock_name": request.stock_name,
        "value_fen": request.value_fen,
        "reason": request.reason,
        "ticket": request.ticket,
        "approvals_needed": request.approvals_needed,
        "body_sha256": hashlib.sha256(request.body).hexdigest(),
        "rule": request.rule,
        "raised": request.raised,
        "duplicate_of": request.duplicate_of,
        "follows": request.follows,
        "out_request_no": request.out_request_no,
        "batch": request.batch,
        "row": request.batch_row,
        "needs": detail_of(request.needs),
    }
