"""One request's whole story for a terminal: what it is, and then what happened, with the time between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot.wording.terminal_table import filled, plain
from coupons.auditing import Story
from coupons.days import beijing_time
from coupons.model import Request, State
from coupons.recording import Recorded
from handlers.views import problems, rendering, story
from handlers.views.state_words import STATES
from handlers.views.words import Words

_LABEL: Final = 16


def lines(words: Words, found: Story) -> Iterator[str]:
    """No line break or terminal command of anybody's words gets through, and no openid."""
    number, state = found.request.id, words(STATES[found.request.state])
    yield words("Request #{number}: {state}", number=number, state=state)
    yield from (plain(f"  {filled(label, _LABEL)} {fact}") for label, fact in _facts(words, found))
    yield ""
    yield words("What happened, in Beijing time:")
    yield from event_lines(words, found.events)
    yield ""
    yield from (plain(line) for line in _others(words, found))


def event_lines(words: Words, events: Sequence[Recorded]) -> Iterator[str]:
    """One for each, with the time from the one before."""
    before: int | None = None
    for event in events:
        since = "" if before is None else f"+{words.duration(event.ts - before)}"
        sentence = story.sentence(words, event, rendering.plain())
        yield plain(f"{event.seq:>7}  {beijing_time(event.ts)}  {filled(since, 9)} {sentence}")
        before = event.ts


def _facts(words: Words, found: Story) -> Iterator[tuple[str, str]]:
    request = found.request
    yield words("Coupon"), f"{request.stock_name} ({request.stock_id}), {words.money(request.value_fen)}"
    if request.coupon_code:
        yield words("Coupon code"), request.coupon_code
    yield words("Asked for by"), f"{request.requester}, {words.instant(request.created_at)}"
    yield (
        words("Customer"),
        words(
            "number {customer} (`coupon-bot audit openid {number}` shows who that is)",
            customer=request.customer,
            number=request.id,
        ),
    )
    yield words("Reason"), request.reason
    if request.ticket:
        yield words("Ticket"), request.ticket
    if request.duplicate_of is not None:
        yield (
            words("Like"),
            words(
                "#{number}, asked for shortly before; the requester confirmed", number=request.duplicate_of
            ),
        )
    if request.follows is not None:
        yield words("In place of"), words("#{number}, which was declined", number=request.follows)
    for approval in found.approvals:
        yield words("Approved by"), f"{approval.approver}, {words.instant(approval.at)}"
    if not found.approvals:
        yield words("Approved by"), _nobody(words, request)
    if request.closed_at is not None:
        by = f" ({request.closed_by})" if request.closed_by else ""
        yield words("Ended"), f"{words.instant(request.closed_at)}{by}"
    if request.decline_reason:
        closed = request.state is State.CLOSED
        yield words("Closed because") if closed else words("Declined because"), request.decline_reason
    if request.problem:
        yield words("Last problem"), problems.cause(words, request.problem, show=plain)
    yield words("Attempts"), str(request.attempts)
    yield words("out_request_no"), request.out_request_no


def _nobody(words: Words, request: Request) -> str:
    if request.approvals_needed == 0:
        return words("rule {rule} of coupon.toml, without a person", rule=request.rule)
    if request.state is State.PENDING:
        return words("nobody yet; needs {count}", count=request.approvals_needed)
    return words("nobody")


def _others(words: Words, found: Story) -> Iterator[str]:
    """Why did this customer get two?"""
    yield story.heading_of_others(words, found)
    for other in found.others:
        state = filled(words(STATES[other.state]), 9)
        coupon = f"{state} {words.money(other.value_fen)}, {other.stock_name}"
        whose = f"{other.requester}: {other.reason}"
        yield f"{f'#{other.id}':>7}  {words.instant(other.created_at)}  {coupon}, {whose}"
        if other.duplicate_of == found.request.id or found.request.duplicate_of == other.id:
            yield f"         {words('the requester confirmed that it is another one')}"
