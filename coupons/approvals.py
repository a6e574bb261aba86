"""Do a request's events show that it may be sent? What its row says of that is not believed.

Whoever can write the file can write `approved` into a row. The events stand in the chain, which auditors hold
to checkpoints and exports; to forge a coupon there leaves a mark that stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coupons.events import Tag
from coupons.needs import Fills, are_filled, needs_of
from coupons.recording import SYSTEM, Recorded

#: After one of these nothing is sent any more.
_ENDS = frozenset(
    {
        Tag.REQUEST_DECLINED,
        Tag.REQUEST_CANCELLED,
        Tag.REQUEST_EXPIRED,
        Tag.REQUEST_CLOSED,
        Tag.REQUEST_SENT,
        Tag.REQUEST_REFUSED,
        Tag.UNDO_DONE,
        Tag.UNDO_REFUSED,
    }
)
#: Each says what the request is for, and how many approvals that needs; the last one counts.
_TERMS = frozenset({Tag.REQUEST_CREATED, Tag.UNDO_CREATED, Tag.OFFER_ACCEPTED})
_HOLDS = frozenset({Tag.REQUEST_HELD, Tag.REQUEST_RETRIED})
_CREATED = frozenset({Tag.REQUEST_CREATED, Tag.UNDO_CREATED})
#: What is looked at; attempts, of which there may be many, are not.
APPROVAL_TAGS = frozenset(
    {
        *_CREATED,
        Tag.APPROVAL_GIVEN,
        Tag.APPROVAL_WITHDRAWN,
        Tag.OFFER_MADE,
        Tag.OFFER_ACCEPTED,
        Tag.REQUEST_APPROVED,
        *_HOLDS,
        *_ENDS,
    }
)


def body_digest(events: Sequence[Recorded]) -> str | None:
    """The SHA-256 of the bytes by the event that made the request, or that made it one for a smaller coupon;
    None of versions that did not tell it."""
    made = next((event for event in reversed(events) if event.tag in _TERMS), None)
    digest = made.detail.get("body_sha256") if made else None
    return digest if digest is None else str(digest)


def coupon_to_take_back(events: Sequence[Recorded]) -> object:
    """Of an undo: the request whose coupon it takes back, by the event that made it. None: it gives one."""
    made = next((event for event in events if event.tag in _CREATED), None)
    return made.detail.get("undoes") if made and made.tag == Tag.UNDO_CREATED else None


def may_be_sent(events: Sequence[Recorded], of_batch: Sequence[Recorded] = ()) -> bool:
    """`events`: of one request, those of APPROVAL_TAGS, oldest first.

    `of_batch`: the approvals of the batch that it is a line of. Which batch, the event says that made it.
    """
    made = [event for event in events if event.tag in _CREATED]
    approved = [event for event in events if event.tag == Tag.REQUEST_APPROVED]
    if len(made) != 1 or len(approved) != 1 or made[0].seq > approved[0].seq:
        return False
    if any(event.tag in _ENDS for event in events):
        return False
    holds = [event.tag for event in events if event.tag in _HOLDS]
    if holds and holds[-1] != Tag.REQUEST_RETRIED:
        return False
    terms = [event for event in events if event.tag in _TERMS][-1]
    if terms.tag == Tag.OFFER_ACCEPTED and not _was_offered(terms, made[0], approved[0], events):
        return False
    return _has_approvals(made[0], terms, approved[0], events, of_batch)


def _was_offered(accepted: Recorded, made: Recorded, approved: Recorded, events: Sequence[Recorded]) -> bool:
    """Its requester took, before it was approved, what somebody had offered."""
    offer = next((event for event in events if event.seq == accepted.detail.get("offer")), None)
    return (
        offer is not None
        and offer.tag == Tag.OFFER_MADE
        and made.seq < offer.seq < accepted.seq < approved.seq
        and accepted.actor == made.actor != offer.actor
        and all(accepted.detail.get(name) == offer.detail.get(name) for name in ("stock_id", "value_fen"))
        and made.detail.get("batch") is None
        and all(
            event.actor == offer.actor
            for event in events
            if event.tag == Tag.APPROVAL_GIVEN and event.seq > accepted.seq and "offer" in event.detail
        )
    )


def _has_approvals(
    made: Recorded,
    terms: Recorded,
    approved: Recorded,
    events: Sequence[Recorded],
    of_batch: Sequence[Recorded],
) -> bool:
    needed, names = terms.detail.get("approvals_needed"), approved.detail.get("approvals")
    needs = needs_of(terms.detail.get("needs"))
    if not isinstance(needed, int) or isinstance(needed, bool) or not isinstance(names, list):
        return False
    if needs is None or (needs and needs.total != needed):
        return False
    if needed == 0 and terms is made and made.tag == Tag.REQUEST_CREATED:
        # A rule let it pass, which the bot itself tells.
        rule = made.detail.get("rule")
        return approved.actor == SYSTEM and not names and bool(rule) and approved.detail.get("rule") == rule
    batch = made.detail.get("batch")
    if batch != approved.detail.get("batch"):
        return False
    if batch is not None:
        events = [
            event for event in of_batch if event.request_id is None and event.detail.get("batch") == batch
        ]
    else:
        # An approval is of the coupon that the request was for then.
        events = [event for event in events if event.seq > terms.seq]
    given = approved_by(event for event in events if event.seq < approved.seq)
    said = {*map(str, names)}
    if not said <= given.keys() - {made.actor, made.detail.get("asked_by"), SYSTEM} or not 0 < needed <= len(
        said
    ):
        return False
    return not needs or are_filled(needs, (fills for name, fills in given.items() if name in said))


def approved_by(events: Iterable[Recorded]) -> Mapping[str, Fills]:
    """Whose approvals these events, oldest first, leave, and what each could fill, in the order in which they
    came: one that was taken back counts as none.
    """
    given: dict[str, Fills] = {}
    for event in events:
        if event.tag == Tag.APPROVAL_GIVEN:
            # Once more after it was taken back, it comes last.
            given.pop(event.actor, None)
            given[event.actor] = _fills(event.detail.get("fills"))
        elif event.tag == Tag.APPROVAL_WITHDRAWN:
            given.pop(withdrawn_of(event), None)
    return given


def _fills(detail: object) -> Fills:
    if not isinstance(detail, list):
        return ()
    return tuple(place for place in detail if isinstance(place, int) and not isinstance(place, bool))


def withdrawn_of(event: Recorded) -> str:
    """Whose approval an `approval:withdrawn` took back."""
    return str(event.detail.get("approver") or event.actor)
