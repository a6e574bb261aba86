"""Questions, answers and offers in a request's story, as `story` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coupons.events import Tag
from handlers.views.words import N_

#: By tag: the first sentence for which the event has all.
SENTENCES: Final[Mapping[str, tuple[str, ...]]] = {
    Tag.APPROVAL_WITHDRAWN: (
        N_("the approval of {approver} counted no more, since it was for another coupon"),
        N_("{who} took the approval back ({count} of {needed})"),
    ),
    Tag.QUESTION_ASKED: (N_("{who} asked the requester: “{question}”"),),
    Tag.QUESTION_ANSWERED: (N_("{who} answered {approver}: “{answer}”"),),
    Tag.OFFER_MADE: (
        N_("{who} offered a smaller coupon, {stock} ({value}), in its place: “{reason}”"),
        N_("{who} offered a smaller coupon, {stock} ({value}), in its place"),
    ),
    Tag.OFFER_ACCEPTED: (
        N_(
            "{who} took the smaller coupon that {approver} offered: it was for {stock} ({value}) from then on"
        ),
    ),
    Tag.OFFER_DECLINED: (N_("{who} did not take the smaller coupon that {approver} offered"),),
    Tag.OFFER_WITHDRAWN: (N_("{who} took the offer of a smaller coupon back"),),
}
