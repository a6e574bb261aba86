"""Direct messages to the requester, told from an event as the truth of its moment."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.events import Tag
from coupons.masking import masked
from coupons.model import Request, State
from coupons.offers import TALK_TAGS
from coupons.recording import Recorded
from handlers.views import problems, talk
from handlers.views.channel_loss import Lost, not_posted
from handlers.views.escaping import code, inert, person
from handlers.views.event_words import (
    as_it_stands,
    declined,
    may_have_coupon,
    proof,
    refusal,
    text_of,
    unknown,
)
from handlers.views.message import Block, Message, actions, button, code_line, message, section, to_copy
from handlers.views.undo_words import ask_again, direct_message, no_coupon, no_other, not_known
from handlers.views.words import Words


def to_requester(  # noqa: PLR0911, C901 - one return for each tag
    words: Words, event: Recorded, request: Request, *, to_paste: Sequence[str] = ()
) -> Message:
    """A direct message to the requester, who sees no card beside it: it names stock and customer too.

    `to_paste`: sentences with the coupon code for the customer, in Chinese and in English.
    """
    who, number, about = person(event.actor), request.id, _about(words, request)
    match event.tag:
        case _ if event.tag in TALK_TAGS:
            return talk.to_requester(words, event, request)
        case Tag.REQUEST_SENT:
            text = words("The coupon of your request #{number} is sent.", number=number)
            return _sent(words, words.sentences(text, about, proof(words, event)), event, to_paste)
        case Tag.REQUEST_DECLINED:
            text = words("{person} declined your request #{number}.", person=who, number=number)
            text = words.sentences(text, about, no_coupon(words, request))
            return declined(words, text, event, request, *_again(words, request))
        case Tag.REQUEST_REFUSED:
            text = words("WeChat Pay refused your request #{number}.", number=number)
            return message(f"{words.sentences(text, about)}\n{refusal(words, event)}")
        case Tag.REQUEST_HELD:
            return message(_held(words, event, request))
        case Tag.REQUEST_UNKNOWN:
            return message(words.sentences(unknown(words, event, request), about))
        case Tag.REQUEST_CLOSED:
            text = words("{person} closed your request #{number}, which was held.", person=who, number=number)
            again = ask_again(words, request)
            text = words.sentences(text, about, no_coupon(words, request), again)
            return declined(words, text, event, request)
        case Tag.REQUEST_EXPIRED:
            text = _expired(words, request)
            return message(text, section(text), *_again(words, request))
        case Tag.REQUEST_CANCELLED:
            text = words("{person} withdrew your request #{number}.", person=who, number=number)
            return message(words.sentences(text, about, no_coupon(words, request)))
        case Tag.UNDO_CREATED | Tag.UNDO_DONE | Tag.UNDO_REFUSED:
            return direct_message(words, event, request, about)
        case _:
            return as_it_stands(words, request)


def no_card(words: Words, request: Request, lost: Lost) -> Message:
    """Its card was promised, and cannot be posted."""
    text = words(
        "The card of your request #{number} does not stand yet, so nobody can see or decide it.",
        number=request.id,
    )
    if not request.approvals_needed:
        text = words(
            "The card of your request #{number}, which needs no approval, does not stand yet.",
            number=request.id,
        )
    return message(words.sentences(text, _about(words, request), not_posted(words, lost)))


def _held(words: Words, event: Recorded, request: Request) -> str:
    doubtful = may_have_coupon(event, request)
    text = words("Your request #{number} is held.", number=request.id)
    why = not_known(words, request) if doubtful else problems.for_agent(words, text_of(event, "code"))
    wait = words(
        "It does not go on by itself: an operator has to put the cause right, and then an approver retries "
        "or closes it. `/coupon urge {number}` reminds the approvers, and you are told how it ends.",
        number=request.id,
    )
    then = words.sentences(why, wait, no_other(words, request))
    return f"{words.sentences(text, _about(words, request))}\n{then}"


def _expired(words: Words, request: Request) -> str:
    return words.sentences(
        words(
            "Your request #{number} expired: it did not get its approvals by {time}.",
            number=request.id,
            time=words.moment(request.expires_at),
        ),
        _about(words, request),
        no_coupon(words, request),
        ask_again(words, request),
    )


def _about(words: Words, request: Request) -> str:
    return words(
        "Stock: {stock} ({value}). Customer: {customer}.",
        stock=inert(request.stock_name),
        value=words.money(request.value_fen),
        customer=code(masked(request.openid)),
    )


def _again(words: Words, request: Request) -> list[Block]:
    if request.state not in {State.DECLINED, State.EXPIRED} or request.undoes is not None:
        return []
    edit = button(words("Edit and send again"), "edit_request", str(request.id))
    # Which request it is: after an older file was put back another one may have the number.
    return [actions(edit, block_id=request.out_request_no)]


def _sent(words: Words, sentence: str, event: Recorded, to_paste: Sequence[str]) -> Message:
    """First what a waiting customer wants: the code, and the sentence to send it with."""
    coupon_code = text_of(event, "coupon_code")
    if not coupon_code:
        return message(sentence)
    labels = words("For the customer, in Chinese:"), words("For the customer, in English:")
    return message(
        f"{words('Coupon code: {code}', code=code(coupon_code))}\n{sentence}",
        code_line(words("Coupon code:"), coupon_code),
        *(to_copy(label, ready) for label, ready in zip(labels, to_paste, strict=False)),
        section(sentence),
    )
