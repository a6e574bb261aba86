"""Where a request stands, in words: the one place that turns a row into claims about a coupon.

"Sent" is said of one state only. Where an attempt may have given the coupon, that is said in every state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coupons.model import Approval, Request, State
from handlers.views import problems
from handlers.views.marks import code, listed, person, when

NO_COUPON = "The customer gets no coupon from this request."
NOT_KNOWN_YET = "It is not known yet whether the customer got the coupon."
NOT_KNOWN = "It is not known whether the customer got the coupon."
NO_OTHER = "Please do not ask for another one meanwhile: that could give the customer two."
SAME_NUMBER = "The same number is used again, so that there can be only one coupon."


@dataclass(frozen=True, slots=True)
class Standing:
    """`headline` is a few words, `details` whole sentences in mrkdwn."""

    mark: str
    headline: str
    details: str


def is_doubtful(request: Request) -> bool:
    """Whether an attempt that is over may have given the coupon; one on the wire is simply under way."""
    on_the_wire = int(request.running and request.state is State.SENDING)
    return request.unknown_at is not None or request.open_attempts > on_the_wire


def standing(request: Request, approvals: Sequence[Approval] | None = None) -> Standing:  # noqa: PLR0911, C901 - one for each state
    """What may be said of the request now; `approvals` None where they were not read."""
    match request.state:
        case State.PENDING:
            return Standing("⏳", "Waiting for approval", progress(request, approvals))
        case State.APPROVED:
            return _approved(request)
        case State.SENDING:
            return _sending(request)
        case State.UNKNOWN:
            return Standing(
                "❓",
                "Not known yet",
                f"{NOT_KNOWN_YET} The bot is finding out, with the same number. {NO_OTHER}",
            )
        case State.HELD:
            return _held(request)
        case State.SENT:
            return Standing("✅", "Sent", _sent(request))
        case State.REFUSED:
            return Standing(
                "⛔", "Refused by WeChat Pay", f"{NO_COUPON} {problems.for_agent(request.problem)}"
            )
        case State.DECLINED:
            return Standing("✋", "Declined", f"{_declined(request)} {NO_COUPON}")
        case State.CANCELLED:
            return Standing("↩️", "Withdrawn", f"{_withdrawn(request)} {NO_COUPON}")
        case State.EXPIRED:
            return Standing(
                "⌛", "Expired", f"It did not get its approvals by {when(request.expires_at)}. {NO_COUPON}"
            )


def progress(request: Request, approvals: Sequence[Approval] | None) -> str:
    """`Approvals: 1 of 2 (@wang).`"""
    needed = request.approvals_needed
    if approvals is None:
        return f"Approvals needed: {needed}."
    count = len(approvals)
    if not approvals:
        return f"Approvals: {count} of {needed}."
    return f"Approvals: {count} of {needed} ({listed(person(given.approver) for given in approvals)})."


def _approved(request: Request) -> Standing:
    if not request.attempts:
        return Standing("👍", "Approved", _careful(request, "The bot asks WeChat Pay for the coupon next."))
    again = "An approver released it: the bot asks WeChat Pay again, with the same number."
    return Standing("👍", "Approved, to be tried again", _careful(request, again))


def _sending(request: Request) -> Standing:
    if request.running:
        now = "The bot is asking WeChat Pay for the coupon now."
    elif request.problem:
        now = (
            f"WeChat Pay has not said yes yet ({code(request.problem)}). The bot asks again, with the same "
            "number."
        )
    else:
        now = "WeChat Pay has not said yes yet. The bot asks again, with the same number."
    return Standing("📨", "Sending", _careful(request, now))


def _careful(request: Request, sentence: str) -> str:
    return f"{sentence} {NOT_KNOWN_YET} {NO_OTHER}" if is_doubtful(request) else sentence


def _held(request: Request) -> Standing:
    if is_doubtful(request):
        return Standing("🛑", "Held", f"{NOT_KNOWN} An operator must look into it first. {NO_OTHER}")
    return Standing("🛑", "Held", f"An operator must put something right first. {NO_OTHER}")


def to_do(problem: str) -> str:
    """What an operator has to do about a request held with this code."""
    return (
        f"*For the operator* ({code(problem or 'no code')}): {problems.for_operator(problem)} {SAME_NUMBER}"
    )


def _sent(request: Request) -> str:
    if request.closed_at is None:
        return "WeChat Pay has confirmed the coupon. Its code is in the card's thread."
    return (
        f"WeChat Pay has confirmed the coupon ({when(request.closed_at)}). Its code is in the card's thread."
    )


def _declined(request: Request) -> str:
    return f"{person(request.closed_by)} declined it." if request.closed_by else "An approver declined it."


def _withdrawn(request: Request) -> str:
    return f"{person(request.closed_by or request.requester)} withdrew it."
