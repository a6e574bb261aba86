"""Questions and smaller coupons, judged once more and plainly, for the lifecycle machine."""

from __future__ import annotations

from coupons.events import Tag
from coupons.model import Click, ClickAction, Request, State
from coupons.offers import Offer, open_offer, questions
from tests.coupons import lifecycle_world as world
from tests.coupons.lifecycle_base import LifecycleBase
from tests.coupons.office import CATALOGUE

#: Answered in the direct messages.
OF_REQUESTER = frozenset({ClickAction.ANSWER, ClickAction.ACCEPT_OFFER, ClickAction.DECLINE_OFFER})


class TalkChecks(LifecycleBase):
    """Who may ask, answer, offer and take; and what a request is that was taken for a smaller coupon."""

    def words_of(self, action: ClickAction, request_id: int, choice: int) -> str:
        """What the click is about: a stock, or the last question or offer (rarely one that never was)."""
        if action is ClickAction.OFFER:
            return f"{CATALOGUE[choice % len(CATALOGUE)].stock_id} not so much"
        wanted = Tag.QUESTION_ASKED if action is ClickAction.ANSWER else Tag.OFFER_MADE
        seqs = [event.seq for event in self.events(request_id) if event.tag == wanted] or [0]
        return f"{seqs[-1]} so late"

    def offers(self, click: Click, old: int) -> bool:
        """Whether an offer of this person waited for the requester then."""
        offered = self.offer_before(click.request_id, old)
        return offered is not None and offered.by == click.person

    def offer_before(self, request_id: int, count: int) -> Offer | None:
        """That waited for the requester after so many of its events."""
        return open_offer(self.events(request_id)[:count])

    def may_talk(self, click: Click, request: Request, old: int, before: world.Moment) -> bool:
        offer, stocks = self.offer_before(request.id, old), {stock.stock_id: stock for stock in CATALOGUE}
        word = click.reason.partition(" ")[0]
        match click.action:
            case ClickAction.ASK:
                return world.may_talk(request, click.person, before, self.groups)
            case ClickAction.OFFER:
                stock = stocks[word]
                return (
                    world.may_talk(request, click.person, before, self.groups)
                    and world.may_talk(world.for_stock(request, stock), click.person, before, self.groups)
                    and before.pause is None
                    and stock.value_fen < request.value_fen
                    and world.within_limits(request, stock, before)
                )
            case ClickAction.ANSWER:
                events = self.events(request.id)[:old]
                waits = word in {str(each.seq) for each in questions(events) if not each.answer}
            case _:
                waits = offer is not None and word == str(offer.seq)
        waits &= click.person == request.requester and request.state is State.PENDING
        if waits and offer is not None and click.action is ClickAction.ACCEPT_OFFER:
            stock = stocks[offer.stock_id]
            waits = before.pause is None and stock.value_fen < request.value_fen
            waits &= world.within_limits(request, stock, before)
        return waits

    def check_accepted(self, request: Request, given: set[str], old: int, before: world.Moment) -> None:
        """The same request for a smaller coupon: no approval but its maker's, by the rule of its value."""
        offer, after = self.offer_before(request.id, old), self.moment().one(request.id)
        assert offer is not None
        assert after.value_fen == offer.value_fen < request.value_fen
        assert after.approvals_needed == max((1, 0, 1, 2)[after.rule] + len(after.raised), 1)
        changed = {
            "stock_id",
            "stock_name",
            "value_fen",
            "body",
            "approvals_needed",
            "rule",
            "raised",
            "offer",
        }
        changed |= {"rev", "state", "due_at", "remind_at", "reminders_from"}
        for name in set(Request.__slots__) - changed:
            assert getattr(after, name) == getattr(request, name)
        assert after.body == self.wechat.compose(
            out_request_no=after.out_request_no,
            openid=after.openid,
            stock_id=after.stock_id,
            code_mode=after.code_mode,
        )
        trusted = world.may_decide(after, before, self.groups)
        counts = {offer.by} if offer.by in trusted else set()
        assert self.approvers(request.id) == counts
        assert after.state is (State.APPROVED if len(counts) >= after.approvals_needed else State.PENDING)
        tags = [event.tag for event in self.events(request.id)[old:]]
        assert tags.count(Tag.APPROVAL_WITHDRAWN) == len(given)
