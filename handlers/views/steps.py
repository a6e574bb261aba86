"""What happened, told from an event: in the card's thread, and to the requester by direct message.

An event is told as the truth of its moment, even when the request has moved on since.
"""

from __future__ import annotations

from coupons.events import Recorded, Tag
from coupons.model import Request
from coupons.money import yuan
from handlers.views import problems
from handlers.views.marks import code, inert, listed, masked, own_words, person, when
from handlers.views.message import Message, code_line, message, quote, section
from handlers.views.standing import (
    NO_COUPON,
    NO_OTHER,
    NOT_KNOWN,
    NOT_KNOWN_YET,
    SAME_NUMBER,
    is_doubtful,
    standing,
    to_do,
)


def step(event: Recorded, request: Request) -> Message:  # noqa: PLR0911, C901 - one return for each tag
    """A reply in the thread of the card."""
    who = person(event.actor)
    match event.tag:
        case Tag.APPROVAL_GIVEN:
            return message(_approval(event))
        case Tag.REQUEST_APPROVED:
            return message(f"Request #{request.id} has the approvals it needs: {_approvers(event)}.")
        case Tag.REQUEST_DECLINED:
            return _declined(f"{who} declined request #{request.id}. {NO_COUPON}", event, request)
        case Tag.REQUEST_CANCELLED:
            return message(f"{who} withdrew request #{request.id}. {NO_COUPON}")
        case Tag.REQUEST_EXPIRED:
            return message(
                f"Request #{request.id} expired: it did not get its approvals in time. {NO_COUPON}"
            )
        case Tag.REQUEST_RETRIED:
            return message(f"{who} put request #{request.id} back to work. {SAME_NUMBER}")
        case Tag.REQUEST_UNKNOWN:
            return message(_unknown(event, request))
        case Tag.REQUEST_HELD:
            return message(f"{_held(event, request)}\n{to_do(_text(event, 'code'))}")
        case Tag.REQUEST_REFUSED:
            return message(f"WeChat Pay refused request #{request.id}. {_refusal(event)}")
        case Tag.REQUEST_SENT:
            return _sent(f"Request #{request.id} is sent. {_proof(event)}", event)
        case _:
            return _as_it_stands(request)


def notice(event: Recorded, request: Request) -> Message:  # noqa: PLR0911 - one return for each tag
    """A direct message to the requester, who sees no card beside it: it names stock and customer too."""
    who, about = person(event.actor), _about(request)
    match event.tag:
        case Tag.REQUEST_SENT:
            return _sent(f"Your request #{request.id} is sent. {about} {_proof(event)}", event)
        case Tag.REQUEST_DECLINED:
            return _declined(
                f"{who} declined your request #{request.id}. {about} {NO_COUPON}", event, request
            )
        case Tag.REQUEST_REFUSED:
            return message(f"WeChat Pay refused your request #{request.id}. {about}\n{_refusal(event)}")
        case Tag.REQUEST_HELD:
            return message(_held_notice(event, request))
        case Tag.REQUEST_UNKNOWN:
            return message(f"{_unknown(event, request)} {about}")
        case Tag.REQUEST_EXPIRED:
            return message(
                f"Your request #{request.id} expired: it did not get its approvals by "
                f"{when(request.expires_at)}. {about} {NO_COUPON} If the customer should still have one, "
                "ask again with `/coupon send`."
            )
        case Tag.REQUEST_CANCELLED:
            return message(f"{who} withdrew your request #{request.id}. {about} {NO_COUPON}")
        case _:
            return _as_it_stands(request)


def _approval(event: Recorded) -> str:
    who, count, needed = person(event.actor), _number(event, "count"), _number(event, "needed")
    if count < needed:
        return f"{who} approved ({count} of {needed})."
    return f"{who} approved ({count} of {needed}). The bot asks WeChat Pay for the coupon next."


def _approvers(event: Recorded) -> str:
    names = event.detail.get("approvals")
    return listed(person(str(name)) for name in (names if isinstance(names, list) else []))


def _declined(sentence: str, event: Recorded, request: Request) -> Message:
    reason = _text(event, "reason")
    if not reason:
        return message(sentence)
    return message(
        f"{sentence} Reason: {own_words(reason, request.openid)}",
        section(sentence),
        quote("Why", reason, hide=request.openid),
    )


def _unknown(event: Recorded, request: Request) -> str:
    # Only the code: the advice that goes with RULE_LIMIT and its like is false while an attempt is open.
    said = f"Request #{request.id}: {NOT_KNOWN_YET} The bot is finding out, with the same number. {NO_OTHER}"
    last = _text(event, "code")
    return f"{said} Last code: {code(last)}." if last else said


def _held(event: Recorded, request: Request) -> str:
    if _may_have_coupon(event, request):
        return f"Request #{request.id} is held: an operator must look into it first. {NOT_KNOWN}"
    return f"Request #{request.id} is held: an operator must put something right first."


def _may_have_coupon(event: Recorded, request: Request) -> bool:
    # A hold whose event does not say is told with care, and so is one of which the row knows more.
    return event.detail.get("not_known") is not False or is_doubtful(request)


def _held_notice(event: Recorded, request: Request) -> str:
    not_known = _may_have_coupon(event, request)
    why = NOT_KNOWN if not_known else problems.for_agent(_text(event, "code"))
    return (
        f"Your request #{request.id} is held. {_about(request)}\n{why} An operator has to act, and then it "
        f"goes on by itself: you need do nothing. {NO_OTHER}"
    )


def _refusal(event: Recorded) -> str:
    return f"{NO_COUPON} {problems.for_agent(_text(event, 'code'))}"


def _proof(event: Recorded) -> str:
    if event.detail.get("by") == "look":
        return "The coupon stands in the customer's list at WeChat Pay, under this request's number."
    return "WeChat Pay confirmed it with a signed answer."


def _sent(sentence: str, event: Recorded) -> Message:
    coupon_code = _text(event, "coupon_code")
    if not coupon_code:
        return message(sentence)
    return message(
        f"{sentence} Coupon code: {code(coupon_code)}",
        section(sentence),
        code_line("Coupon code:", coupon_code),
    )


def _about(request: Request) -> str:
    return (
        f"Stock: {inert(request.stock_name)} ({yuan(request.value_fen)}). "
        f"Customer: {code(masked(request.openid))}."
    )


def _as_it_stands(request: Request) -> Message:
    now = standing(request)
    return message(f"Request #{request.id}: {now.headline}. {now.details}")


def _text(event: Recorded, name: str) -> str:
    value = event.detail.get(name)
    return value if isinstance(value, str) else ""


def _number(event: Recorded, name: str) -> int:
    value = event.detail.get(name)
    return value if isinstance(value, int) else 0
