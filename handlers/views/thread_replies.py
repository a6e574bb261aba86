"""What happened, told from an event in the card's thread, and news in the approval channel.

An event is told as the truth of its moment, even when the request has moved on since.
"""

from __future__ import annotations

from collections.abc import Sequence

from coupons.events import Tag
from coupons.model import Request, State
from coupons.offers import TALK_TAGS
from coupons.recording import Recorded
from handlers.views import talk
from handlers.views.approver_calls import call, waited
from handlers.views.escaping import approver, inert, listed, person, person_or_bot, without_openids
from handlers.views.event_words import (
    as_it_stands,
    declined,
    may_have_coupon,
    proof,
    refusal,
    sent,
    text_of,
    unknown,
)
from handlers.views.message import Message, message, section
from handlers.views.state_words import SAME_NUMBER, to_do
from handlers.views.undo_words import asks_next, no_coupon, not_known, thread_reply
from handlers.views.words import N_, Words

#: How a checkpoint's message begins, in every language: by this it is known when it is read back.
CHECKPOINT_MARK = "🔏"
_MINUTE_MS = 60_000


def step(
    words: Words,
    event: Recorded,
    request: Request,
    *,
    approval: Recorded | None = None,
    approvers: Sequence[str] = (),
    paused: bool = False,
) -> Message:
    """A reply in the thread of the card. `approval`: told first in it; `approvers`: ids of whom to call where
    it calls them."""
    text = _step(words, event, request, approvers, paused=paused)
    if approval is None:
        return text
    first = _approved(words, approval)
    return message(words.sentences(first, text.text), section(first), *text.blocks)


def _step(  # noqa: PLR0911, PLR0912, C901 - one return for each tag
    words: Words, event: Recorded, request: Request, approvers: Sequence[str], *, paused: bool
) -> Message:
    who, number, ends = person(event.actor), request.id, no_coupon(words, request)
    match event.tag:
        case Tag.APPROVAL_GIVEN:
            return message(_approval(words, event, request))
        case _ if event.tag in TALK_TAGS:
            return talk.step(words, event, request)
        case Tag.APPROVAL_WITHDRAWN:
            return message(_approval_withdrawn(words, event))
        case Tag.REQUEST_APPROVED:
            people = _approvers(words, event)
            if not people:
                return message(_automatic(words, event, request))
            return message(
                words("Request #{number} has the approvals it needs: {people}.", number=number, people=people)
            )
        case Tag.REQUEST_DECLINED:
            text = words("{person} declined request #{number}.", person=who, number=number)
            return declined(words, words.sentences(text, ends), event, request)
        case Tag.REQUEST_CANCELLED:
            text = words("{person} withdrew request #{number}.", person=who, number=number)
            return message(words.sentences(text, ends))
        case Tag.REQUEST_CLOSED:
            text = words("{person} closed request #{number}.", person=who, number=number)
            return declined(words, words.sentences(text, ends), event, request)
        case Tag.ATTEMPT_LATE:
            text = words(
                "An answer of WeChat Pay's to request #{number} came only now, and it contradicts how the "
                "request ended. An operator must compare with WeChat Pay: `coupon-bot reconcile`.",
                number=number,
            )
            return message(text)
        case Tag.COUPON_LOOKED_UP if request.state is State.HELD:
            return message(
                words(
                    "Request #{number}: the bot looked for the coupon at WeChat Pay twice, and it is not "
                    "there. An approver can close the request now, or retry it.",
                    number=number,
                )
            )
        case Tag.REQUEST_EXPIRED:
            text = words("Request #{number} expired: it did not get its approvals in time.", number=number)
            return message(words.sentences(text, ends))
        case Tag.REQUEST_RETRIED:
            text = words("{person} put request #{number} back to work.", person=who, number=number)
            return message(words.sentences(text, words(SAME_NUMBER)))
        case Tag.REQUEST_URGED | Tag.REQUEST_REMINDED if request.state is State.PENDING:
            return message(_call(words, event, request, approvers, paused=paused))
        case Tag.REQUEST_URGED if request.state is State.HELD:
            return message(_call_for_held(words, event, request, approvers))
        case Tag.REQUEST_UNKNOWN:
            return message(unknown(words, event, request))
        case Tag.REQUEST_HELD:
            return message(f"{_held(words, event, request)}\n{to_do(words, text_of(event, 'code'))}")
        case Tag.REQUEST_REFUSED:
            text = words("WeChat Pay refused request #{number}.", number=number)
            return message(words.sentences(text, refusal(words, event)))
        case Tag.REQUEST_SENT:
            text = words("The coupon of request #{number} is sent.", number=number)
            return sent(words, words.sentences(text, proof(words, event)), event)
        case Tag.UNDO_CREATED | Tag.UNDO_DONE | Tag.UNDO_REFUSED:
            return thread_reply(words, event, request)
        case _:
            return as_it_stands(words, request)


def news(words: Words, event: Recorded) -> Message:
    """To the approval channel or the audit channel, of no request in particular."""
    if event.tag == Tag.AUDIT_CHECKPOINT:
        return _checkpoint(words, event)
    if event.tag == Tag.DATABASE_RESTORED:
        return message(_restored(words, event))
    if event.tag in {Tag.CLOCK_DOUBTED, Tag.CLOCK_CONFIRMED}:
        return message(_clock(words, event))
    who = person_or_bot(words, event.actor)
    if event.tag == Tag.SENDING_RESUMED:
        return message(
            words(
                "▶️ {person} resumed sending. Requests can be approved again, and those approved go out now.",
                person=who,
            )
        )
    text = words(
        "⏸️ {person} paused sending. Nothing can be approved, and nothing goes out, until an approver types "
        "`/coupon resume`. Asking, declining and withdrawing go on; no request expires meanwhile.",
        person=who,
    )
    reason = inert(without_openids(text_of(event, "reason")), 300)
    return message(words.sentences(text, words("Reason: {reason}", reason=reason) if reason else ""))


def _checkpoint(words: Words, event: Recorded) -> Message:
    text = words.plural(
        "🔏 The audit log holds 1 event. This line proves later that it was not changed or cut off.",
        "🔏 The audit log holds {n} events. This line proves later that none was changed or cut off.",
        _number(event, "seq"),
    )
    return message(f"{text}\n```{text_of(event, 'line')}```")


def _restored(words: Words, event: Recorded) -> str:
    posted = _number(event, "posted_seq")
    if event.detail.get("kind") == "key":
        return _another_key(words, posted, text_of(event, "key"))
    if event.detail.get("kind") == "tail":
        found = words(
            "🚨 The database ends at event #{head}, but a checkpoint of event #{posted} stands in the audit "
            "channel: an older file was put back, or the end was cut off.",
            head=_number(event, "head_seq"),
            posted=posted,
        )
    else:
        found = words(
            "🚨 The database holds another event #{posted} than the checkpoint in the audit channel says: "
            "an older file was put back and used, or the log was changed.",
            posted=posted,
        )
    then = words(
        "Sending is paused, since requests that were sent already may look open in it. An operator puts the "
        "newer file back, or runs `coupon-bot reconcile`; then an approver types `/coupon resume`."
    )
    return words.sentences(found, then)


def _another_key(words: Words, posted: int, key: str) -> str:
    found = words(
        "🚨 The checkpoint of event #{posted} in the audit channel was signed with the key {key}. The bot "
        "has another key now, and no command changed it.",
        posted=posted,
        key=key,
    )
    then = words(
        "Sending is paused, since whoever writes the log anew would take the key away. An operator puts the "
        "key's file back and starts the bot again, or, if it is lost, runs "
        "`coupon-bot audit checkpoint --lost-key {key}`; then an approver types `/coupon resume`.",
        key=key,
    )
    return words.sentences(found, then)


def _clock(words: Words, event: Recorded) -> str:
    if event.tag == Tag.CLOCK_CONFIRMED:
        return words("🕰️ The clock of the bot's machine is right again: what stood still goes on.")
    apart = abs(_number(event, "ahead_ms"))
    why = words("🕰️ The clock of the bot's machine is in doubt.")
    if apart:
        # To the nearest minute: an hour less some milliseconds is an hour.
        off = waited(words, apart + _MINUTE_MS // 2)
        why = words("🕰️ The clock of the bot's machine is in doubt: it is off by {time}.", time=off)
    then = words(
        "Until Slack or WeChat Pay confirm it, no request expires, nobody is reminded, and no customer is "
        "forgotten. Asking and approving go on; times that are told may be wrong. An operator should look at "
        "the machine's time service."
    )
    return words.sentences(why, then)


def _automatic(words: Words, event: Recorded, request: Request) -> str:
    return words(
        "Request #{number} needs no approval by rule {rule}: it is approved automatically.",
        number=request.id,
        rule=_number(event, "rule") or request.rule,
    )


def _call(words: Words, event: Recorded, request: Request, approvers: Sequence[str], *, paused: bool) -> str:
    return call(
        words,
        event,
        approvers,
        urged=N_("{person} asks for a decision on request #{number}: {people}."),
        reminded=N_("Request #{number} has waited {time} for a decision: {people}."),
        unattended=N_("Request #{number} waits for a decision."),
        expires_at=None if paused else request.expires_at,
        number=request.id,
    )


def _call_for_held(words: Words, event: Recorded, request: Request, approvers: Sequence[str]) -> str:
    return words(
        "{person} asks what becomes of request #{number}, which is held: {people}. Please retry it once the "
        "cause is put right, or close it.",
        person=person(event.actor),
        number=request.id,
        people=listed(words, (approver(entry) for entry in approvers)) or words("an approver"),
    )


def _approval(words: Words, event: Recorded, request: Request) -> str:
    text = _approved(words, event)
    if _number(event, "count") < _number(event, "needed"):
        return text
    return words.sentences(text, asks_next(words, request))


def _approval_withdrawn(words: Words, event: Recorded) -> str:
    return words(
        "{person} took the approval back ({count} of {needed}).",
        person=person(event.actor),
        count=_number(event, "count"),
        needed=_number(event, "needed"),
    )


def _approved(words: Words, event: Recorded) -> str:
    count, needed = _number(event, "count"), _number(event, "needed")
    return words(
        "{person} approved ({count} of {needed}).", person=person(event.actor), count=count, needed=needed
    )


def _approvers(words: Words, event: Recorded) -> str:
    names = event.detail.get("approvals")
    return listed(words, (person(str(name)) for name in (names if isinstance(names, list) else [])))


def _held(words: Words, event: Recorded, request: Request) -> str:
    if not may_have_coupon(event, request):
        return words(
            "Request #{number} is held: an operator must put something right first.", number=request.id
        )
    text = words("Request #{number} is held: an operator must look into it first.", number=request.id)
    return words.sentences(text, not_known(words, request))


def _number(event: Recorded, name: str) -> int:
    value = event.detail.get(name)
    return value if isinstance(value, int) else 0
