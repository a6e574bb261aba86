"""Questions to the requester, and smaller coupons that an approver offers: read from a request's events.

They hang on the request alone, and end with its waiting; no row holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coupons.events import Tag
from coupons.recording import Recorded

#: What tells of them.
TALK_TAGS = frozenset(
    {
        Tag.QUESTION_ASKED,
        Tag.QUESTION_ANSWERED,
        Tag.OFFER_MADE,
        Tag.OFFER_ACCEPTED,
        Tag.OFFER_DECLINED,
        Tag.OFFER_WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverQuestion:
    """`answer` empty: the requester has not answered yet."""

    seq: int
    by: str
    text: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A smaller coupon that `by` would approve. `accepted`: the requester took it."""

    seq: int
    by: str
    stock_id: str
    stock_name: str
    value_fen: int
    reason: str
    accepted: bool = False


def questions(events: Sequence[Recorded]) -> Sequence[ApproverQuestion]:
    """All, oldest first. `events`: those of TALK_TAGS, oldest first."""
    answers = {
        event.detail.get("question"): str(event.detail.get("answer") or "")
        for event in events
        if event.tag == Tag.QUESTION_ANSWERED
    }
    return [
        ApproverQuestion(
            seq=event.seq,
            by=event.actor,
            text=str(event.detail.get("question") or ""),
            answer=answers.get(event.seq, ""),
        )
        for event in events
        if event.tag == Tag.QUESTION_ASKED
    ]


def open_offer(events: Sequence[Recorded]) -> Offer | None:
    """The one that waits for the requester: the last, unless it was taken, declined or withdrawn."""
    last = next((event for event in reversed(events) if event.tag.startswith("offer:")), None)
    return _offer(last) if last is not None and last.tag == Tag.OFFER_MADE else None


def accepted_offer(events: Sequence[Recorded]) -> Offer | None:
    """By which the request is for what it is for now; None: for what was asked."""
    accepted = next((event for event in reversed(events) if event.tag == Tag.OFFER_ACCEPTED), None)
    if accepted is None:
        return None
    made = (event for event in events if event.seq == accepted.detail.get("offer"))
    return next((_offer(event, accepted=True) for event in made if event.tag == Tag.OFFER_MADE), None)


def stock_asked_for(events: Sequence[Recorded]) -> tuple[str, int]:
    """Its name and value in fen, whatever was taken in its place since."""
    made = next((event for event in events if event.tag == Tag.REQUEST_CREATED), None)
    if made is None:
        return "", 0
    value = made.detail.get("value_fen")
    return str(made.detail.get("stock_name") or ""), value if isinstance(value, int) else 0


def _offer(event: Recorded, *, accepted: bool = False) -> Offer:
    value = event.detail.get("value_fen")
    return Offer(
        seq=event.seq,
        by=event.actor,
        stock_id=str(event.detail.get("stock_id")),
        stock_name=str(event.detail.get("stock_name")),
        value_fen=value if isinstance(value, int) else 0,
        reason=str(event.detail.get("reason") or ""),
        accepted=accepted,
    )
