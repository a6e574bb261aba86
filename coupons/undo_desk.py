"""Asking to take a sent coupon back: the undo is a request of its own, with the number of the first and `-d`.

What it does is decided like every other click: by what Slack and the database say now. From then on it is
approved, withdrawn, sent and settled like a request that gives a coupon.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from coupons.asking import detail_of_new
from coupons.authority import Authority, Members
from coupons.click_answers import refuse_click
from coupons.clicked_on import was_shown
from coupons.clock_watch import ClockWatch
from coupons.masking import keepable
from coupons.model import Click, Draft, Request, Stock
from coupons.needs import PLAIN
from coupons.permissions import Decision, Reason, may_ask_for_undo, may_undo
from coupons.policy import Policy
from coupons.ports import Issuer, Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.request_number import undo_number
from coupons.rules import find_rule, people
from coupons.undo_events import UndoCreated
from coupons.undoing import tell_of_undo
from coupons.waiting import first_reminder


class UndoDesk:
    """What becomes of clicks and commands that ask a coupon back."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        issuer: Issuer,
        policy: Policy,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._issuer = issuer
        self._policy = policy
        self._clock = clock

    async def decide(self, click: Click) -> bool:
        """As `Desk.decide`; a click on a card that is being posted is not waited for: sent cards stand."""
        members = await self._authority.members(self._policy.groups)
        trusted = await self._authority.trusts_click(click)
        return await self._ledger.write(partial(self._decide, click=click, trusted=trusted, members=members))

    def _decide(self, tx: Transaction, *, click: Click, trusted: Decision, members: Members) -> bool:
        request = tx.request(click.request_id)
        decision = self._judge(tx, click, request, trusted, members)
        if not tx.close_click(click.id):
            return True
        if request is None or not decision.allowed:
            refuse_click(tx, click, request, decision)
            return True
        self._ask(tx, request, click, members)
        return True

    def _judge(
        self, tx: Records, click: Click, request: Request | None, trusted: Decision, members: Members
    ) -> Decision:
        if not trusted.allowed:
            return trusted
        if request is None:
            return Decision(Reason.NO_SUCH_REQUEST)
        shown = was_shown(request, click)
        if not shown.allowed:
            return shown
        policy = self._policy
        agents = people(policy.agents, members) if policy.agents else None
        approvers = people(policy.approvers, members)
        right = may_ask_for_undo(click.person, request.requester, agents, approvers)
        return may_undo(request, tx.undos_of(request.id)) if right.allowed else right

    def _ask(self, tx: Transaction, sent: Request, click: Click, members: Members) -> None:
        [(undo, _)] = tx.add_requests([self._draft(tx, sent, click, members)])
        seq = tx.append(created(undo, sent).done_by(undo.requester, undo.id))
        tx.post(Post(kind=PostKind.CARD, request_id=undo.id))
        tell_of_undo(tx, undo, seq)
        if sent.requester != undo.requester:
            tx.post(Post(kind=PostKind.DIRECT, request_id=sent.id, seq=seq, person=sent.requester))

    def _draft(self, tx: Records, sent: Request, click: Click, members: Members) -> Draft:
        """Of the undo, approved by the rule of its value: by one person at least."""
        number = undo_number(sent.out_request_no, len(tx.undos_of(sent.id)))
        known = self._authority.facts(tx, replace(sent, requester=click.person))
        place, rule = find_rule(self._policy, known, members)
        now, waits_from = self._clock(), self._clock.latest()
        return Draft(
            out_request_no=number,
            requester=click.person,
            openid=sent.openid,
            stock=Stock(sent.stock_id, "", sent.stock_name, sent.value_fen, sent.code_mode),
            reason=keepable(click.reason, sent.openid),
            # A customer loses something: a rule that gives by itself does not take by itself.
            approvals_needed=max(1, rule.approvals if rule is not None else 1),
            needs=PLAIN if rule is None else rule.needs,
            created_at=now,
            waits_from=waits_from,
            expires_at=waits_from + self._policy.expiry_ms,
            body=self._issuer.compose_undo(
                out_request_no=number, stock_id=sent.stock_id, coupon_code=sent.coupon_code or ""
            ),
            rule=place,
            remind_at=first_reminder(tx, self._policy, waits_from=waits_from, now=now),
            undoes=sent.id,
        )


def created(undo: Request, sent: Request) -> UndoCreated:
    """What the log tells of a new undo."""
    return UndoCreated(undoes=sent.id, asked_by=sent.requester, **detail_of_new(undo))
