"""What replies in a card's thread and direct messages say alike, from an event."""

from __future__ import annotations

from coupons.model import Request
from coupons.recording import Recorded
from handlers.views import problems
from handlers.views.escaping import code, own_words
from handlers.views.message import Block, Message, code_line, message, quote, section
from handlers.views.state_words import (
    FINDING_OUT,
    is_doubtful,
    standing,
)
from handlers.views.undo_words import NO_COUPON, no_other, not_known_yet
from handlers.views.words import Words


def declined(words: Words, sentence: str, event: Recorded, request: Request, *more: Block) -> Message:
    """With the approver's words, if there are any; `more` stands below."""
    reason = text_of(event, "reason")
    if not reason:
        return message(sentence, section(sentence), *more)
    said = words("Reason: {reason}", reason=own_words(reason, request.openid))
    return message(
        words.sentences(sentence, said),
        section(sentence),
        quote(words("Why"), reason, hide=request.openid),
        *more,
    )


def unknown(words: Words, event: Recorded, request: Request) -> str:
    """An attempt may have given the coupon."""
    # Only the code: the advice that goes with RULE_LIMIT and its like is false while an attempt is open.
    last = text_of(event, "code")
    return words.sentences(
        words("Request #{number}: {sentence}", number=request.id, sentence=not_known_yet(words, request)),
        words(FINDING_OUT),
        no_other(words, request),
        words("Last attempt: {cause}.", cause=problems.cause(words, last)) if last else "",
    )


def may_have_coupon(event: Recorded, request: Request) -> bool:
    """Whether a hold leaves it open if the customer got the coupon."""
    # A hold whose event does not say is told with care, and so is one of which the row knows more.
    return event.detail.get("not_known") is not False or is_doubtful(request)


def refusal(words: Words, event: Recorded) -> str:
    """WeChat Pay's no, and what the agent may do."""
    return words.sentences(words(NO_COUPON), problems.for_agent(words, text_of(event, "code")))


def proof(words: Words, event: Recorded) -> str:
    """How the bot knows that it was sent."""
    if event.detail.get("by") == "look":
        return words(
            "The coupon stands in the customer's list at WeChat Pay, under this request's out_request_no."
        )
    return words("WeChat Pay confirmed it with a signed answer.")


def sent(words: Words, sentence: str, event: Recorded) -> Message:
    """With the coupon code, to copy."""
    coupon_code = text_of(event, "coupon_code")
    if not coupon_code:
        return message(sentence)
    return message(
        words.sentences(sentence, words("Coupon code: {code}", code=code(coupon_code))),
        section(sentence),
        code_line(words("Coupon code:"), coupon_code),
    )


def as_it_stands(words: Words, request: Request) -> Message:
    """For what has no words of its own."""
    now = standing(words, request)
    return message(
        words(
            "Request #{number}: {headline}. {details}",
            number=request.id,
            headline=now.headline,
            details=now.details,
        )
    )


def text_of(event: Recorded, name: str) -> str:
    """A text among its details, or nothing."""
    value = event.detail.get(name)
    return value if isinstance(value, str) else ""


def numbers_of(event: Recorded, name: str) -> list[int]:
    """A list of numbers among its details, or an empty one."""
    value = event.detail.get(name)
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []
