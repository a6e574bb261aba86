"""Ephemeral answers to people whose click changed nothing: why, and how things stand instead."""

from __future__ import annotations

from collections.abc import Mapping

from coupons.events import Tag
from coupons.model import ClickAction, Request, State
from coupons.permissions import LOOKUPS_BEFORE_CLOSING, URGE_PAUSE_MS, Reason, may_cancel
from coupons.recording import Recorded
from coupons.settling import Pace
from handlers.views.escaping import message_link, person
from handlers.views.message import Message, message
from handlers.views.state_words import (
    NOBODY_TO_REMIND,
    decided_with_its_batch,
    only_the_requester_withdraws,
    sending_began,
    where,
)
from handlers.views.thread_replies import step
from handlers.views.undo_words import cannot_undo, not_known, own
from handlers.views.words import N_, Words

NOTHING_CHANGED = N_("Nothing has changed.")
MAY_NOT_SEE = N_(
    "Only people who may ask for coupons, approve or audit them can see this. An operator can add you."
)

#: Why this person decides nothing at all here.
ABOUT_PERSON: Mapping[str, str] = {
    Reason.OUTSIDER: N_(
        "You are here from another company or workspace, and only people of this workspace may decide about "
        "coupons."
    ),
    Reason.GUEST: N_("You are a guest in this workspace, and guests may not decide about coupons."),
    Reason.BOT: N_("Only people may decide about coupons, and this account is a bot."),
    Reason.DEACTIVATED: N_("This account is deactivated, so it may not decide about coupons."),
}

#: What stops somebody who asks for a coupon; `refusals` says it with the numbers of the limit.
_ASKING: Mapping[str, str] = {
    Reason.NOT_AGENT: N_("You are not among those who may ask for coupons."),
    Reason.CUSTOMER_LIMIT: N_("This customer's limit is reached."),
    Reason.AGENT_LIMIT: N_("Your limit of requests is reached."),
    Reason.STOCK_LIMIT: N_("The limit of this stock is reached."),
    Reason.BUDGET_LIMIT: N_("The budget for coupons is used up for now."),
    Reason.AUTOMATIC_CAP: N_(
        "The day's share of requests without approval is used up, so an approver must decide."
    ),
}


#: Of an approver where the rule asks several groups: it stands nowhere whom it is about but on the card.
_GROUPS: Mapping[str, str] = {
    Reason.GROUP_APPROVED: N_(
        "Request #{number} has the approvals that your groups can give; it waits for somebody of another "
        "group."
    ),
    Reason.NOT_YOUR_TURN: N_(
        "Request #{number} is approved by one group after the other, and those before yours come first."
    ),
    Reason.NEEDED_LATER: N_(
        "Only you are left to give a later approval of request #{number}, and one person counts once. So "
        "somebody else has to give this one."
    ),
}
#: What stops a question, an answer or an offer.
_TALK: Mapping[str, str] = {
    Reason.NOT_SMALLER: N_(
        "What is offered in place of request #{number} must be a coupon of the catalogue that is worth less."
    ),
    Reason.OFFER_ENDED: N_(
        "That offer about request #{number} has ended: it was taken, declined, replaced or taken back "
        "before, or the catalogue has changed."
    ),
    Reason.NO_QUESTION: N_("That question about request #{number} was answered before."),
    Reason.OTHER_COUPON: N_(
        "When you clicked, request #{number} was shown as one for another coupon than it is for now: its "
        "requester took a smaller one. Please look at its card, and decide then."
    ),
}


def answer(words: Words, event: Recorded, request: Request | None, *, workspace_url: str = "") -> Message:
    """Told from a `click:refused`; any other event is told as in the thread.

    `workspace_url`: where the workspace's messages have their links.
    """
    if event.tag != Tag.CLICK_REFUSED:
        return step(words, event, request) if request is not None else message(words(NOTHING_CHANGED))
    why = _why(words, event, request, workspace_url)
    if event.detail.get("reason") == Reason.MAY_BE_GIVEN:
        # The lookups that it wants are made.
        return message(why)
    return message(words.sentences(words(NOTHING_CHANGED), why))


def _why(words: Words, event: Recorded, request: Request | None, workspace_url: str) -> str:
    reason, action = str(event.detail.get("reason")), event.detail.get("action")
    about_person = ABOUT_PERSON.get(reason)
    if about_person is not None:
        return words(about_person)
    about_all = _about_all(words, reason, action)
    if about_all:
        return about_all
    if request is None:
        return _no_such_request(words, event.detail.get("asked_for"))
    if reason == Reason.OTHER_CARD:
        return _other_card(words, request, workspace_url)
    if no_undo := cannot_undo(words, reason, request):
        return words.sentences(no_undo, where(words, request))
    return _about_request(words, reason, action, request)


def _other_card(words: Words, request: Request, workspace_url: str) -> str:
    text = words(
        "This did not come from the card of request #{number} as it stands now, but from an older message, "
        "which may be about another customer.",
        number=request.id,
    )
    if request.card_channel is None or request.card_ts is None:
        return words.sentences(text, words("The card itself does not stand yet."))
    label = words("the card of request #{number}", number=request.id)
    card = message_link(workspace_url, request.card_channel, request.card_ts, label)
    return words.sentences(text, words("What counts is {card}.", card=card))


def _about_all(words: Words, reason: str, action: object) -> str:
    match reason:
        case Reason.PAUSED if action == "pause":
            return words("Sending is paused already.")
        case Reason.NOT_PAUSED:
            return words("Sending is not paused, so there is nothing to resume.")
        case Reason.NOT_AGENT if action in {ClickAction.LOOK_UP_COUPON, ClickAction.LOOK_UP_CUSTOMER}:
            return words(MAY_NOT_SEE)
        case Reason.NOT_APPROVER if action in {"pause", "resume"}:
            return words("Only approvers may pause and resume sending.")
        case _:
            sentence = _ASKING.get(reason)
            return words(sentence) if sentence is not None else ""


def _about_request(  # noqa: PLR0911, C901 - one return for each reason
    words: Words, reason: str, action: object, request: Request
) -> str:
    number, now = request.id, where(words, request)
    match reason:
        case Reason.SELF:
            return words.sentences(own(words, request), _withdraw(words, request) or now)
        case Reason.NOT_APPROVER if action in {ClickAction.RETRY, ClickAction.CLOSE}:
            who = words(
                "Only those who may approve request #{number} may retry or close it while it is held. "
                "Its card names them.",
                number=number,
            )
            return words.sentences(who, _urge(words, request) or now)
        case Reason.IN_BATCH:
            return decided_with_its_batch(words, request)
        case Reason.MAY_BE_GIVEN:
            return _lookup_first(words, request)
        case Reason.NOT_APPROVER if action == ClickAction.OFFER:
            return words(
                "To offer a smaller coupon you must be among those who may approve request #{number} as "
                "it is, and as it would be then.",
                number=number,
            )
        case Reason.NOT_APPROVER:
            return words(
                "You are not among those who may decide about request #{number}. The card names who may.",
                number=number,
            )
        case Reason.NOT_REQUESTER:
            return _not_requester(words, action, request)
        case Reason.TOO_SOON:
            return _too_soon(words, request)
        case Reason.OTHER_REQUEST:
            return words(
                "What Home showed as request #{number} may have been another one. Open Home again to see the "
                "requests as they are now.",
                number=number,
            )
        case Reason.PAUSED:
            paused = words(
                "Sending is paused, so request #{number} cannot be approved now. It can be once an approver "
                "has typed `/coupon resume`.",
                number=number,
            )
            return words.sentences(paused, now)
        case _:
            return words.sentences(_too_late(words, reason, action, request), now)


def _not_requester(words: Words, action: object, request: Request) -> str:
    number, requester = request.id, person(request.requester)
    match action:
        case "cancel":
            return words.sentences(only_the_requester_withdraws(words, request), where(words, request))
        case "urge":
            return words(
                "Request #{number} is not yours: only {requester} can remind the approvers of it.",
                number=number,
                requester=requester,
            )
        case _:
            return words(
                "Request #{number} is not yours: only {requester} can do that.",
                number=number,
                requester=requester,
            )


def _lookup_first(words: Words, request: Request) -> str:
    return words(
        "Request #{number} is not closed yet. {doubt} So the bot looks for it at WeChat Pay first: {lookups} "
        "times, {minutes} minutes apart; {done} of these are done, and it was not there. The thread of the "
        "card says what comes of it; if it is not there, you can close the request then.",
        number=request.id,
        doubt=not_known(words, request),
        lookups=LOOKUPS_BEFORE_CLOSING,
        minutes=Pace().quiet_ms // 60_000,
        done=request.absent_looks,
    )


def _urge(words: Words, request: Request) -> str:
    if request.state is not State.HELD:
        return ""
    return words("Its requester can remind them: `/coupon urge {number}`.", number=request.id)


def _too_soon(words: Words, request: Request) -> str:
    if request.urged_at is None:
        return words("A reminder of request #{number} was asked for a short time ago.", number=request.id)
    return words(
        "A reminder of request #{number} was asked for at {time}; the next can be from {again} on.",
        number=request.id,
        time=words.moment(request.urged_at),
        again=words.moment(request.urged_at + URGE_PAUSE_MS),
    )


def _too_late(  # noqa: PLR0911, PLR0912, C901 - as above
    words: Words, reason: object, action: object, request: Request
) -> str:
    number = request.id
    match reason:
        case Reason.GROUP_APPROVED | Reason.NOT_YOUR_TURN | Reason.NEEDED_LATER:
            return words(_GROUPS[str(reason)], number=number)
        case Reason.ALREADY_APPROVED if action == ClickAction.DECLINE:
            return words(
                "You have approved request #{number} already, so you cannot decline it too.", number=number
            )
        case Reason.ALREADY_APPROVED:
            return words(
                "You have approved request #{number} already, and your approval counts once.", number=number
            )
        case Reason.NOT_SMALLER | Reason.OFFER_ENDED | Reason.NO_QUESTION | Reason.OTHER_COUPON:
            return words(_TALK[Reason(str(reason))], number=number)
        case Reason.NO_APPROVAL:
            return words("There is no approval of yours on request #{number}.", number=number)
        case Reason.TOO_LATE if action == ClickAction.WITHDRAW_APPROVAL:
            return words(
                "Your approval of request #{number} cannot be taken back any more: it no longer waits for "
                "approvals.",
                number=number,
            )
        case Reason.SENDING_BEGAN:
            return sending_began(words, request)
        case Reason.TOO_LATE if action == "urge":
            return words(NOBODY_TO_REMIND, number=number)
        case Reason.TOO_LATE:
            return words("Your click on request #{number} came too late.", number=number)
        case Reason.NOT_HELD:
            return words("Only a held request can be retried or closed, and #{number} is not.", number=number)
        case Reason.NOT_DECLINED:
            return words(
                "Only what was declined can be edited and asked for again, once; request #{number} cannot.",
                number=number,
            )
        case Reason.DUPLICATE:
            return words("The same was asked for in #{number} a short time ago.", number=number)
        case _:
            return words("This could not be done with request #{number}.", number=number)


def _withdraw(words: Words, request: Request) -> str:
    if not may_cancel(request, request.requester).allowed:
        return ""
    return words("To withdraw it, type `/coupon cancel {number}`.", number=request.id)


def _no_such_request(words: Words, number: object) -> str:
    if isinstance(number, int):
        return words("There is no request #{number}.", number=number)
    return words("There is no such request.")
