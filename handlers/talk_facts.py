"""What is read for the questions and offers that a card, or a status, tells of."""

from __future__ import annotations

from coupons.events import Tag
from coupons.model import Request, State
from coupons.offers import TALK_TAGS, accepted_offer, open_offer, questions, stock_asked_for
from coupons.ports import Records
from handlers.views.talk import NO_TALK, Talk


def talk_of(rows: Records, request: Request) -> Talk:
    """What a card tells of questions and offers."""
    if request.state is not State.PENDING and request.offer is None:
        return NO_TALK
    events = rows.events_of(request.id, {Tag.REQUEST_CREATED, *TALK_TAGS})
    return Talk(
        questions=tuple(questions(events)),
        offer=open_offer(events),
        accepted=accepted_offer(events),
        asked_for=stock_asked_for(events),
    )
