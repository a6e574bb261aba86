"""What the log tells of a request while it waits for its approvals, beside these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coupons.events import Tag
from coupons.recording import Json, Payload, Personal


class ApprovalWithdrawn(Payload, tag=Tag.APPROVAL_WITHDRAWN):
    """Taken back by who had given it, while others were missing: `count` of `needed` are left.

    `approver`: whose it was, where the bot took it back, since it was given to another coupon.
    """

    count: int
    needed: int
    approver: Personal[str | None] = None


class QuestionAsked(Payload, tag=Tag.QUESTION_ASKED):
    """An approver's, to the requester."""

    question: Personal[str]


class QuestionAnswered(Payload, tag=Tag.QUESTION_ANSWERED):
    """By the requester; `question` is the `seq` of the event by which the `approver` asked."""

    question: int
    approver: Personal[str]
    answer: Personal[str]


class OfferMade(Payload, tag=Tag.OFFER_MADE):
    """An approver would approve this smaller coupon `instead_of` the stock that the request is for."""

    stock_id: str
    stock_name: str
    value_fen: int
    instead_of: str
    reason: Personal[str]


class OfferAccepted(Payload, tag=Tag.OFFER_ACCEPTED):
    """The requester took the `offer` (the `seq` of the event that made it): what the request is for now.

    Approvals from before, of `dropped`, count no more; each was withdrawn by an event of its own.
    """

    offer: int
    approver: Personal[str]
    dropped: Personal[Sequence[str]]
    stock_id: str
    stock_name: str
    value_fen: int
    approvals_needed: int
    rule: int
    raised: Sequence[str]
    body_sha256: str
    needs: Personal[Mapping[str, Json] | None] = None


class OfferDeclined(Payload, tag=Tag.OFFER_DECLINED):
    """The requester keeps what they asked for, and not what the `approver` offered."""

    offer: int
    approver: Personal[str]


class OfferWithdrawn(Payload, tag=Tag.OFFER_WITHDRAWN):
    """By the approver who had made it."""

    offer: int
