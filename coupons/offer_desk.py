"""Questions to the requester, and smaller coupons in place of what they asked for.

An offer changes nothing before the requester takes it. Then the request is for the offered coupon: no
approval from before counts, limits and rules are judged anew, and its bytes are composed anew under its own
number, of which WeChat Pay has never heard. The approval of who offered it counts, as far as they may still
approve it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from coupons.approving import approve, withdraw_all, withdraw_approval
from coupons.authority import Authority, Members, parts_people
from coupons.catalogue import Catalogue
from coupons.clock_watch import ClockWatch
from coupons.masking import keepable
from coupons.model import REQUEST_RECORD, Click, ClickAction, Request, Stock
from coupons.needs import detail_of, fills_of
from coupons.offers import TALK_TAGS, Offer, open_offer, questions
from coupons.permissions import Decision, Reason, may_approve
from coupons.policy import Policy
from coupons.ports import Issuer, Ledger, Records, Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event
from coupons.rules import Terms, people, terms
from coupons.talk_policy import may_answer, may_offer, may_question
from coupons.totals import Proposal, facts, totals, without
from coupons.waiting import reminders_anew
from coupons.waiting_events import (
    OfferAccepted,
    OfferDeclined,
    OfferMade,
    OfferWithdrawn,
    QuestionAnswered,
    QuestionAsked,
)

#: What is decided here.
TALK = frozenset(
    {
        ClickAction.ASK,
        ClickAction.ANSWER,
        ClickAction.OFFER,
        ClickAction.ACCEPT_OFFER,
        ClickAction.DECLINE_OFFER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferContext:
    """What Slack says of an offer, asked before the transaction that decides about it."""

    #: None: the catalogue has no such stock (any more).
    stock: Stock | None = None
    #: Who is in each group that is named.
    members: Members = field(default_factory=dict)
    #: Who offered it may take part at all.
    trusted: bool = True


class OfferDesk:
    """Judges and does what TALK names; each within a transaction of the desk."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        catalogue: Catalogue,
        issuer: Issuer,
        policy: Policy,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._catalogue = catalogue
        self._issuer = issuer
        self._policy = policy
        self._clock = clock

    async def context(self, click: Click, request: Request) -> OfferContext:
        """Raises DirectoryUnavailable, StorageUnavailable."""
        if click.action is ClickAction.OFFER:
            stock_id, by = click.reason.partition(" ")[0], None
        elif click.action is ClickAction.ACCEPT_OFFER:
            offer = await self._ledger.read(lambda rows: self.open_offer(rows, request))
            if offer is None:
                return OfferContext()
            stock_id, by = offer.stock_id, offer.by
        else:
            return OfferContext()
        stock = self._catalogue.find(stock_id)
        if stock is None or stock.stock_id != stock_id:
            return OfferContext()
        members = await self._authority.members(self._policy.groups)
        trusted = by is None or (await self._authority.trusts(by)).allowed
        return OfferContext(stock=stock, members=members, trusted=trusted)

    @staticmethod
    def open_offer(rows: Records, request: Request) -> Offer | None:
        """The one that waits for the requester's word."""
        return open_offer(rows.events_of(request.id, TALK_TAGS))

    def judge(
        self, rows: Records, click: Click, request: Request, approvers: frozenset[str], context: OfferContext
    ) -> Decision:
        """`approvers`: whom the request's rule names now."""
        match click.action:
            case ClickAction.ASK:
                return may_question(request, click.person, approvers)
            case ClickAction.ANSWER:
                waiting = [
                    each.seq for each in questions(rows.events_of(request.id, TALK_TAGS)) if not each.answer
                ]
                waits = _seq(click) in waiting
                return may_answer(request, click.person, waits=waits, ended=Reason.NO_QUESTION)
            case ClickAction.OFFER:
                return self._judge_offer(rows, click, request, approvers, context)
            case _:
                return self._judge_word(rows, click, request, context)

    def _judge_offer(
        self, rows: Records, click: Click, request: Request, approvers: frozenset[str], context: OfferContext
    ) -> Decision:
        paused, stock = rows.pause() is not None, context.stock
        if stock is None:
            return may_offer(request, click.person, approvers, None, paused=paused)
        found = self._terms(rows, request, stock, context)
        both = approvers & people(found.approvers, context.members)
        right = may_offer(request, click.person, both, stock.value_fen, paused=paused)
        return found.decision if right.allowed else right

    def _judge_word(self, rows: Records, click: Click, request: Request, context: OfferContext) -> Decision:
        """The requester takes an offer, or does not."""
        offer = self.open_offer(rows, request)
        waits = offer is not None and offer.seq == _seq(click)
        right = may_answer(request, click.person, waits=waits, ended=Reason.OFFER_ENDED)
        if not right.allowed or offer is None or click.action is ClickAction.DECLINE_OFFER:
            return right
        stock = context.stock
        if stock is None or (stock.stock_id, stock.value_fen) != (offer.stock_id, offer.value_fen):
            return Decision(Reason.OFFER_ENDED)
        if stock.value_fen >= request.value_fen:
            return Decision(Reason.NOT_SMALLER)
        if rows.pause() is not None:
            return Decision(Reason.PAUSED)
        return self._terms(rows, request, stock, context).decision

    def _terms(self, rows: Records, request: Request, stock: Stock, context: OfferContext) -> Terms:
        """As if it had been asked for in place of what was, which limits count no more."""
        changed, now = _for_stock(request, stock), self._clock.earliest()
        proposal = Proposal(
            requester=request.requester,
            openid=request.openid,
            stock_id=stock.stock_id,
            value_fen=stock.value_fen,
        )
        counts = without(self._policy, request, rows.used(totals(self._policy, proposal), now), now)
        # The rule is the one that names who may approve it.
        known = replace(
            facts(self._policy, proposal, counts),
            customer_fen=self._authority.facts(rows, changed).customer_fen,
        )
        return terms(self._policy, known, context.members)

    def do(self, tx: Transaction, click: Click, request: Request, context: OfferContext) -> None:
        """What was judged to be allowed, in the same transaction."""
        match click.action:
            case ClickAction.ASK:
                question = QuestionAsked(question=keepable(click.reason, request.openid))
                self._talk(tx, request, question.done_by(click.person, request.id))
            case ClickAction.ANSWER:
                known = {each.seq: each.by for each in questions(tx.events_of(request.id, TALK_TAGS))}
                answered = QuestionAnswered(
                    question=_seq(click),
                    approver=known[_seq(click)],
                    answer=keepable(click.reason.partition(" ")[2], request.openid),
                )
                self._talk(tx, request, answered.done_by(click.person, request.id))
            case ClickAction.OFFER if context.stock is not None:
                why = click.reason.partition(" ")[2]
                made = OfferMade(
                    stock_id=context.stock.stock_id,
                    stock_name=context.stock.name,
                    value_fen=context.stock.value_fen,
                    instead_of=request.stock_id,
                    reason=keepable(why, request.openid),
                )
                self._talk(tx, request, made.done_by(click.person, request.id))
            case ClickAction.DECLINE_OFFER if (offer := self.open_offer(tx, request)) is not None:
                declined = OfferDeclined(offer=offer.seq, approver=offer.by)
                self._talk(tx, request, declined.done_by(click.person, request.id))
            case ClickAction.ACCEPT_OFFER if context.stock is not None:
                self._accept(tx, request, context.stock, context)
            case _:
                pass

    def offer_of(self, rows: Records, request: Request, person: str) -> Offer | None:
        """The one of this person that waits for the requester's word."""
        offer = self.open_offer(rows, request)
        return offer if offer is not None and offer.by == person else None

    def withdraw_approval(self, tx: Transaction, request: Request, person: str) -> None:
        """Theirs, and the offer that they made: it is one too, of another coupon."""
        if any(each.approver == person for each in tx.approvals(request.id)):
            withdraw_approval(tx, request, person)
        if offer := self.offer_of(tx, request, person):
            self._tell(tx, request, OfferWithdrawn(offer=offer.seq).done_by(person, request.id))

    def _talk(self, tx: Transaction, request: Request, event: Event) -> None:
        """The requester, or the approvers, have the word now: reminders begin anew."""
        tx.save(request, reminders_anew(tx, self._policy, request, self._clock()))
        self._tell(tx, request, event)

    def _accept(self, tx: Transaction, request: Request, stock: Stock, context: OfferContext) -> None:
        now, offer = self._clock(), self.open_offer(tx, request)
        if offer is None:
            return
        found = self._terms(tx, request, stock, context)
        body = self._issuer.compose(
            out_request_no=request.out_request_no,
            openid=request.openid,
            stock_id=stock.stock_id,
            code_mode=stock.code_mode,
        )
        accepted = OfferAccepted(
            offer=offer.seq,
            approver=offer.by,
            dropped=withdraw_all(tx, request),
            stock_id=stock.stock_id,
            stock_name=stock.name,
            value_fen=stock.value_fen,
            # Somebody approves it, though a rule might let it pass: they have offered it.
            approvals_needed=max(found.approvals_needed, 1),
            rule=found.place,
            raised=found.raised,
            body_sha256=hashlib.sha256(body).hexdigest(),
            needs=detail_of(found.needs),
        )
        seq = self._tell(tx, request, accepted.done_by(request.requester, request.id))
        after = REQUEST_RECORD.replace(
            reminders_anew(tx, self._policy, _for_stock(request, stock), now),
            {
                "body": body,
                "approvals_needed": accepted.approvals_needed,
                "rule": found.place,
                "raised": tuple(found.raised),
                "needs": found.needs,
                "offer": seq,
            },
        )
        saved = tx.change_stock(request, after)
        by_part = parts_people(self._policy, found.needs, context.members)
        named = people(found.approvers, context.members)
        if context.trusted and may_approve(saved, offer.by, named, (), by_part=by_part).allowed:
            approve(tx, saved, offer.by, fills_of(offer.by, by_part), now=now, offer=offer.seq)

    def _tell(self, tx: Transaction, request: Request, event: Event) -> int:
        """In the thread and on the card, and the requester, whose word or doing it is."""
        seq = tx.append(event)
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq))
        tx.post(Post(kind=PostKind.DIRECT, request_id=request.id, seq=seq, person=request.requester))
        return seq


def _for_stock(request: Request, stock: Stock) -> Request:
    return REQUEST_RECORD.replace(
        request,
        {
            "stock_id": stock.stock_id,
            "stock_name": stock.name,
            "value_fen": stock.value_fen,
            "code_mode": stock.code_mode,
        },
    )


def _seq(click: Click) -> int:
    """Of the event that the click is about; 0: it names none."""
    digits = click.reason.partition(" ")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
