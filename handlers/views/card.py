"""The card: the one message of a request in the approval channel, drawn anew from its row at each change."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.model import Approval, Request, State
from coupons.money import yuan
from handlers.views.marks import approver, code, inert, listed, masked, own_words, person, plain, when
from handlers.views.message import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    fields,
    header,
    message,
    quote,
    section,
)
from handlers.views.standing import is_doubtful, progress, standing, to_do


def card(request: Request, approvals: Sequence[Approval], *, approvers: Sequence[str]) -> Message:
    """`approvers`: user and group ids that the request's rule names; they are shown, not judged by."""
    return message(
        sentence(request, approvals),
        *facts(request),
        *where_it_stands(request, approvals),
        *_buttons(request),
        context(*_who_and_when(request, approvals, approvers)),
    )


def without_buttons(request: Request, approvals: Sequence[Approval]) -> Message:
    """The same for `/coupon status`, where nobody decides."""
    return message(
        sentence(request, approvals),
        *facts(request),
        *where_it_stands(request, approvals),
        context(*_small_print(request, approvals)),
    )


def sentence(request: Request, approvals: Sequence[Approval]) -> str:
    """The whole card in words: for notifications, for screen readers, and where blocks are refused."""
    now = standing(request, approvals)
    words = (
        f"{now.headline}: request #{request.id} of {person(request.requester)}, {inert(request.stock_name)} "
        f"({yuan(request.value_fen)}) for customer {code(masked(request.openid))}. {now.details}"
    )
    return f"{words} Reason: {own_words(request.reason, request.openid)}" if request.reason else words


def facts(request: Request) -> list[Block]:
    """What was asked for."""
    top = header(f"Request #{request.id}: {yuan(request.value_fen)}")
    asked = fields(
        ("Stock", f"{inert(request.stock_name)} ({code(request.stock_id)})"),
        ("Customer", code(masked(request.openid))),
        ("Asked for by", person(request.requester)),
        ("Asked", when(request.created_at)),
    )
    if not request.reason:
        return [top, asked, section("*Reason*\nNone stated.")]
    return [top, asked, quote("Reason", request.reason, hide=request.openid)]


def where_it_stands(request: Request, approvals: Sequence[Approval]) -> list[Block]:
    """The state, and what belongs to it."""
    now = standing(request, approvals)
    blocks = [section(f"{now.mark} *{now.headline}*\n{now.details}")]
    if request.state is State.HELD:
        blocks.append(section(to_do(request.problem)))
    if request.state is State.DECLINED and request.decline_reason:
        blocks.append(quote("Why", request.decline_reason, hide=request.openid))
    return blocks


def _who_and_when(request: Request, approvals: Sequence[Approval], approvers: Sequence[str]) -> list[str]:
    who = listed(approver(entry) for entry in approvers) or "nobody, because coupon.toml names no approvers"
    match request.state:
        case State.PENDING:
            return [f"May decide, except the requester: {who}", *_small_print(request, approvals)]
        case State.HELD:
            return [f"May retry: {who}", *_small_print(request, approvals)]
        case _:
            return _small_print(request, approvals)


def _small_print(request: Request, approvals: Sequence[Approval]) -> list[str]:
    if request.state is State.PENDING:
        return [f"Expires {when(request.expires_at)}"]
    lines = [progress(request, approvals)]
    if request.attempts:
        # Under this number it is found on the merchant platform, and by WeChat Pay's support.
        lines.append(f"Number at WeChat Pay: {code(request.out_request_no)}")
    if request.problem and request.state in {State.REFUSED, State.UNKNOWN}:
        lines.append(f"Last code: {code(request.problem)}")
    return lines


def _buttons(request: Request) -> list[Block]:
    if request.state is State.PENDING:
        return [actions(_approve(request), _decline(request))]
    if request.state is State.HELD:
        return [actions(_retry(request))]
    return []


def _approve(request: Request) -> Block:
    sure = confirm(
        f"Approve {yuan(request.value_fen)}?",
        f"{plain(request.stock_name, 80)} ({yuan(request.value_fen)}) for customer {masked(request.openid)}. "
        "With the last approval needed, the coupon goes out at once and cannot be called back.",
        yes="Approve",
        no="Not yet",
    )
    return button("Approve", "approve_request", str(request.id), style="primary", confirm=sure)


def _decline(request: Request) -> Block:
    # No confirm: the form that asks for the reason is the second thought.
    return button("Decline", "decline_request", str(request.id), style="danger")


def _retry(request: Request) -> Block:
    doubt = "It is not known whether the customer got the coupon. " if is_doubtful(request) else ""
    sure = confirm(
        f"Retry {yuan(request.value_fen)}?",
        f"{plain(request.stock_name, 80)} ({yuan(request.value_fen)}) for customer {masked(request.openid)}. "
        f"{doubt}The same number is used again. Retry only once the cause has been put right.",
        yes="Retry",
        no="Not yet",
    )
    return button("Retry", "retry_request", str(request.id), style="primary", confirm=sure)
