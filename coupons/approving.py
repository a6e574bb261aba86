"""An approval of a request is given, or taken back: each in the transaction of the desk that decides it."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.events import ApprovalGiven, RequestApproved
from coupons.lifecycle import move
from coupons.model import Approval, Request, State
from coupons.needs import Fills
from coupons.permissions import have_all
from coupons.ports import Transaction
from coupons.posts import RESULT_WITHIN_MS, Post, PostKind
from coupons.recording import SYSTEM
from coupons.waiting_events import ApprovalWithdrawn


def approve(
    tx: Transaction, request: Request, person: str, fills: Fills, *, now: int, offer: int | None = None
) -> None:
    """With the last one that is missing the request is approved as a whole, and goes out.

    `fills`: the parts of its needs that this person could fill. `offer`: the `seq` of what they had offered,
    where the requester took it.
    """
    tx.add_approval(Approval(request.id, person, now, fills))
    given = tx.approvals(request.id)
    approval = ApprovalGiven(
        count=len(given), needed=request.approvals_needed, fills=fills or None, offer=offer
    )
    seq = tx.append(approval.done_by(person, request.id))
    reply_after_ms = 0
    if have_all(request, given):
        reply_after_ms = RESULT_WITHIN_MS
        after = move(request, State.APPROVED, now=now, due_at=now, remind_at=None)
        tx.save(request, after)
        names = [each.approver for each in given]
        tx.append(RequestApproved(approvals=names).done_by(person, request.id))
    tx.post(Post(kind=PostKind.CARD, request_id=request.id))
    tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq), reply_after_ms)


def withdraw_approval(tx: Transaction, request: Request, person: str) -> None:
    """Who took it back may approve or decline later, as if they had not said anything."""
    tx.remove_approval(request.id, person)
    withdrawn = ApprovalWithdrawn(count=len(tx.approvals(request.id)), needed=request.approvals_needed)
    seq = tx.append(withdrawn.done_by(person, request.id))
    tx.post(Post(kind=PostKind.CARD, request_id=request.id))
    tx.post(Post(kind=PostKind.REPLY, request_id=request.id, seq=seq))


def withdraw_all(tx: Transaction, request: Request) -> Sequence[str]:
    """They were given to another coupon than it is for from now on: none of them counts any more.

    Returns whose they were.
    """
    given = [each.approver for each in tx.approvals(request.id)]
    for left, approver in zip(reversed(range(len(given))), given, strict=True):
        tx.remove_approval(request.id, approver)
        withdrawn = ApprovalWithdrawn(count=left, needed=request.approvals_needed, approver=approver)
        tx.append(withdrawn.done_by(SYSTEM, request.id))
    return given
