"""Questions to the requester and smaller coupons that are offered: on the card, in its thread, and to the
requester, who answers in the direct message."""

from __future__ import annotations

from dataclasses import dataclass

from coupons.events import Tag
from coupons.model import Request, State
from coupons.offers import ApproverQuestion, Offer
from coupons.recording import Recorded
from handlers.views.escaping import inert, listed, own_words, person
from handlers.views.event_words import text_of
from handlers.views.message import Block, Message, actions, button, message, section
from handlers.views.words import Words

#: Of somebody's words on a card, where there are several.
_WORDS = 100
#: Questions that a card shows: the last ones, and each that is not answered.
_SHOWN = 2
_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a card tells of it. `offer` waits for the requester; `accepted` is what the request is for now, in
    place of the stock `asked_for`, with its value in fen."""

    questions: tuple[ApproverQuestion, ...] = ()
    offer: Offer | None = None
    accepted: Offer | None = None
    asked_for: tuple[str, int] = ("", 0)


NO_TALK = Talk()


def lines(words: Words, request: Request, talk: Talk) -> list[str]:
    """Sentences in mrkdwn for the card."""
    found = []
    if talk.accepted is not None:
        stock, value = talk.asked_for
        found.append(
            words(
                "🔁 Asked for was {stock} ({value}). {person} offered this smaller coupon, and "
                "{requester} took it; no approval from before counts.",
                stock=inert(stock, _NAME),
                value=words.money(value),
                person=person(talk.accepted.by),
                requester=person(request.requester),
            )
        )
    if request.state is not State.PENDING:
        return found
    if talk.offer is not None:
        offered = words(
            "🔁 *A smaller coupon is offered*: {person} would approve {stock} ({value}) in its place, if "
            "{requester} takes it. Until then the request stands as it was asked for.",
            person=person(talk.offer.by),
            stock=inert(talk.offer.stock_name, _NAME),
            value=words.money(talk.offer.value_fen),
            requester=person(request.requester),
        )
        found.append(words.sentences(offered, _why(words, talk.offer.reason, request, _WORDS)))
    waiting = [each for each in talk.questions if not each.answer]
    last = [each for each in talk.questions if each.answer][-_SHOWN:]
    return [*found, *(_question(words, request, each) for each in [*last, *waiting][-_SHOWN:])]


def _why(words: Words, reason: str, request: Request, limit: int = 500) -> str:
    return words("Reason: {reason}", reason=own_words(reason, request.openid, limit)) if reason else ""


def _question(words: Words, request: Request, question: ApproverQuestion) -> str:
    asked = words(
        "❓ {person} asks: “{text}”",
        person=person(question.by),
        text=own_words(question.text, request.openid, _WORDS),
    )
    if not question.answer:
        return words.sentences(
            asked, words("{person} has not answered yet.", person=person(request.requester))
        )
    return words(
        "{question} {requester} answered: “{text}”",
        question=asked,
        requester=person(request.requester),
        text=own_words(question.answer, request.openid, _WORDS),
    )


# --- in the thread


def step(words: Words, event: Recorded, request: Request) -> Message:
    """A reply in the card's thread, told from one of `offers.TALK_TAGS`."""
    who, number = person(event.actor), request.id
    match event.tag:
        case Tag.QUESTION_ASKED:
            return message(
                words(
                    "{person} asks {requester} about request #{number}: “{text}”",
                    person=who,
                    requester=person(request.requester),
                    number=number,
                    text=own_words(text_of(event, "question") or "…", request.openid),
                )
            )
        case Tag.QUESTION_ANSWERED:
            return message(
                words(
                    "{person} answers {approver}: “{text}”",
                    person=who,
                    approver=person(text_of(event, "approver")),
                    text=own_words(text_of(event, "answer"), request.openid),
                )
            )
        case Tag.OFFER_MADE:
            text = words(
                "{person} would approve a smaller coupon: {stock} ({value}). {requester} is asked.",
                person=who,
                stock=inert(text_of(event, "stock_name")),
                value=_value(words, event),
                requester=person(request.requester),
            )
            return message(words.sentences(text, _why(words, text_of(event, "reason"), request)))
        case Tag.OFFER_ACCEPTED:
            return message(words.sentences(_accepted(words, event, request), _dropped(words, event)))
        case Tag.OFFER_DECLINED:
            return message(
                words(
                    "{person} does not take the smaller coupon that {approver} offered: request #{number} "
                    "stands as it was asked for.",
                    person=who,
                    approver=person(text_of(event, "approver")),
                    number=number,
                )
            )
        case _:
            return message(words("{person} took the offer of a smaller coupon back.", person=who))


def _accepted(words: Words, event: Recorded, request: Request) -> str:
    return words(
        "{person} took the smaller coupon that {approver} offered: request #{number} is for {stock} "
        "({value}) now.",
        person=person(event.actor),
        approver=person(text_of(event, "approver")),
        number=request.id,
        stock=inert(text_of(event, "stock_name")),
        value=_value(words, event),
    )


def _dropped(words: Words, event: Recorded) -> str:
    names = event.detail.get("dropped")
    people = listed(words, (person(str(name)) for name in (names if isinstance(names, list) else [])))
    return words("Approvals from before do not count any more: {people}.", people=people) if people else ""


def _value(words: Words, event: Recorded) -> str:
    value = event.detail.get("value_fen")
    return words.money(value if isinstance(value, int) else 0)


# --- to the requester


def to_requester(words: Words, event: Recorded, request: Request) -> Message:
    """A direct message, told from one of `offers.TALK_TAGS`; with buttons where it waits for a word."""
    who, number = person(event.actor), request.id
    match event.tag:
        case Tag.QUESTION_ASKED:
            text = words(
                "{person} asks about your request #{number}: “{text}”",
                person=who,
                number=number,
                text=own_words(text_of(event, "question") or "…", request.openid),
            )
            waits = words("It waits for the approvers meanwhile.")
            about, label = f"{number}:{event.seq}", words("Answer the question")
            answer = button(label, "answer_question", about, style="primary")
            return _with_buttons(words.sentences(text, waits), request, answer)
        case Tag.QUESTION_ANSWERED:
            return message(
                words("Your answer on request #{number} stands in the thread of its card.", number=number)
            )
        case Tag.OFFER_MADE:
            return _offered(words, event, request)
        case Tag.OFFER_ACCEPTED:
            following = words("You are told here how it ends.")
            return message(words.sentences(_taken(words, event, request), following))
        case Tag.OFFER_DECLINED:
            return message(
                words("Your request #{number} stands as you asked for it, and waits.", number=number)
            )
        case _:
            return message(
                words(
                    "{person} took the offer of a smaller coupon for your request #{number} back. It "
                    "stands as you asked for it, and waits.",
                    person=who,
                    number=number,
                )
            )


def _taken(words: Words, event: Recorded, request: Request) -> str:
    return words(
        "Your request #{number} is for {stock} ({value}) now.",
        number=request.id,
        stock=inert(text_of(event, "stock_name")),
        value=_value(words, event),
    )


def _offered(words: Words, event: Recorded, request: Request) -> Message:
    text = words(
        "{person} would approve a smaller coupon for your request #{number}: {stock} ({value}), in place of "
        "what you asked for.",
        person=person(event.actor),
        number=request.id,
        stock=inert(text_of(event, "stock_name")),
        value=_value(words, event),
    )
    then = words(
        "If you take it, the request is for that coupon, and approvals from before do not count. If you do "
        "not, it waits as you asked for it."
    )
    about = f"{request.id}:{event.seq}"
    take = button(words("Take the smaller one"), "accept_offer", about, style="primary")
    keep = button(words("Keep what I asked for"), "decline_offer", about)
    why = _why(words, text_of(event, "reason"), request)
    return _with_buttons("\n".join(line for line in (text, why, then) if line), request, take, keep)


def _with_buttons(text: str, request: Request, *buttons: Block) -> Message:
    if request.state is not State.PENDING:
        return message(text)
    # Which request it is: after an older file was put back another one may have the number.
    return message(text, section(text), actions(*buttons, block_id=request.out_request_no))
