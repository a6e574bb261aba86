"""Who may ask the requester, answer, offer a smaller coupon, and take an approval back: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.model import Approval, Request, State
from coupons.permissions import YES, Decision, Reason, may_decide_request


def may_question(request: Request, person: str, approvers: frozenset[str]) -> Decision:
    """Who may decide may ask the requester first, also who has approved already."""
    right = may_decide_request(request, person, approvers)
    if right.allowed and request.state is not State.PENDING:
        return Decision(Reason.TOO_LATE)
    return right


def may_offer(
    request: Request, person: str, approvers: frozenset[str], value_fen: int | None, *, paused: bool
) -> Decision:
    """`approvers`: who may approve both, what was asked for and what is offered.

    `value_fen`: of the offered stock; None: there is none. An offer is an approval of it.
    """
    right = may_question(request, person, approvers)
    nothing = value_fen is None or value_fen >= request.value_fen or request.undoes is not None
    if right.allowed and nothing:
        return Decision(Reason.NOT_SMALLER)
    return Decision(Reason.PAUSED) if right.allowed and paused else right


def may_answer(request: Request, person: str, *, waits: bool, ended: Reason) -> Decision:
    """The requester answers a question, or an offer. `waits`: it does; else `ended` says why not."""
    if person != request.requester:
        return Decision(Reason.NOT_REQUESTER)
    if request.state is not State.PENDING:
        return Decision(Reason.TOO_LATE)
    return YES if waits else Decision(ended)


def may_withdraw_approval(
    request: Request, person: str, given: Sequence[Approval], *, offered: bool = False
) -> Decision:
    """Whoever gave one may take it back while others are missing, whatever the rule says by now.

    Where groups approve in order, only the last one: others have approved because of those before.
    `offered`: this person's offer of a smaller coupon waits for the requester.
    """
    if not offered and all(approval.approver != person for approval in given):
        return Decision(Reason.NO_APPROVAL)
    if not offered and request.needs.in_order and given[-1].approver != person:
        return Decision(Reason.TOO_LATE)
    return YES if request.state is State.PENDING else Decision(Reason.TOO_LATE)
