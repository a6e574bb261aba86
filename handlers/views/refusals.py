"""Why no request was made of a command or a form."""

from __future__ import annotations

from coupons.asking import Stopped
from coupons.masking import masked
from coupons.model import Request
from coupons.permissions import Reason
from coupons.policy import Limit
from handlers.views.escaping import code, inert, own_words
from handlers.views.message import Message, message
from handlers.views.words import Words


def stopped(words: Words, stopped: Stopped) -> Message:
    """Why nothing was made of a command or a form."""
    if stopped.decision.reason is Reason.OTHER_DATA and stopped.request is not None:
        return _stands_otherwise(words, stopped.request)
    return command_refused(words, stopped.decision.reason, limit=stopped.limit)


def _stands_otherwise(words: Words, request: Request) -> Message:
    text = words(
        "Request #{number} stands already from this very form or command, with other data: {stock} ({value}) "
        "for customer {customer}.",
        number=request.id,
        stock=inert(request.stock_name),
        value=words.money(request.value_fen),
        customer=code(masked(request.openid)),
    )
    reason = own_words(request.reason, request.openid)
    return message(
        words.sentences(
            text,
            words("Nothing new was made."),
            words(
                "For something else open the form again with `/coupon`; `/coupon cancel {number}` withdraws "
                "#{number} until sending begins.",
                number=request.id,
            ),
            words("Reason: {reason}", reason=reason) if reason else "",
        )
    )


def command_refused(words: Words, reason: Reason, *, limit: Limit | None = None) -> Message:
    """No request was made, and why."""
    return message(words.sentences(words("No request was made."), refusal(words, reason, limit)))


def refusal(  # noqa: C901, PLR0911, PLR0912 - one return for each reason
    words: Words, reason: Reason, limit: Limit | None
) -> str:
    # Where a sum is limited too, the count may not be what was reached.
    if limit is not None and limit.fen is not None:
        limit = None
    match reason:
        case Reason.CUSTOMER_LIMIT if limit is not None and limit.count is not None:
            return words(
                "This customer has reached the limit of {count} in {days}; requests that are still open "
                "count too. A lead can tell you what else to offer.",
                count=limit.count,
                days=_days(words, limit.days),
            )
        case Reason.AGENT_LIMIT if limit is not None and limit.count is not None:
            return words(
                "You have reached your limit of {count} requests in {days}; those that are still open count "
                "too. Please ask a lead.",
                count=limit.count,
                days=_days(words, limit.days),
            )
        case Reason.CUSTOMER_LIMIT:
            return words(
                "This customer has reached the limit for coupons. A lead can tell you what else to offer."
            )
        case Reason.AGENT_LIMIT:
            return words("You have reached your limit for coupons. Please ask a lead.")
        case Reason.STOCK_LIMIT:
            return words("This stock has reached its limit. Another one may do, or ask a lead.")
        case Reason.BUDGET_LIMIT:
            return words("The budget for coupons is used up. Please ask a lead.")
        case Reason.REASON_REQUIRED:
            return words("A coupon of this value needs a reason: please say in a few words what happened.")
        case Reason.TICKET_REQUIRED:
            return words("A coupon of this value needs the customer's ticket: please name it.")
        case Reason.BOTH_REQUIRED:
            return words(
                "A coupon of this value needs a reason and the customer's ticket: please say in a few words "
                "what happened, and name the ticket."
            )
        case Reason.DUPLICATE:
            return words(
                "The same was asked for a short time ago. The form asks whether this is another one."
            )
        case Reason.NOT_DECLINED:
            return words("Only what was declined can be edited and asked for again, and only once.")
        case Reason.NOT_AGENT:
            return words(
                "You are not among those who may ask for coupons. An operator can add you to the role "
                "`agents`."
            )
        case Reason.OUTSIDER:
            return words(
                "You are here from another company or workspace, and only people of this one may ask for "
                "coupons."
            )
        case _:
            return words("This account may not ask for coupons.")


def _days(words: Words, days: int) -> str:
    return words.plural("1 day", "{n} days", days)
