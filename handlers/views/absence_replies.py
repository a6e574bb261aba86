"""Answers to `/coupon away` and `/coupon back`, and what those are told who were asked to stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coupons.absence import Absence
from coupons.absence_desk import HandedOver, NotAway
from coupons.days import beijing_time
from coupons.events import Tag
from coupons.permissions import Reason
from coupons.recording import Recorded
from handlers.until import Unclear, Why
from handlers.views.ephemerals import NOTHING_CHANGED
from handlers.views.escaping import code, person, without_openids
from handlers.views.event_words import text_of
from handlers.views.message import Message, message
from handlers.views.words import N_, Words

_EXAMPLES: Final = "`/coupon away 2026-12-05`, `/coupon away friday 18:00 @wang`, `/coupon away 3d`"

#: Why this person cannot stand in.
_DEPUTY: Final[Mapping[str, str]] = {
    Reason.SELF: N_("You cannot stand in for yourself."),
    Reason.NOT_APPROVER: N_(
        "{deputy} may not approve anything that you may, and being asked by you gives nobody that right."
    ),
    Reason.AWAY: N_("{deputy} is away, too."),
    Reason.OUTSIDER: N_("{deputy} is from another company or workspace, and may not decide here."),
    Reason.GUEST: N_("{deputy} is a guest in this workspace, and may not decide here."),
    Reason.BOT: N_("{deputy} is a bot, and only people may decide."),
    Reason.DEACTIVATED: N_("{deputy}'s account is deactivated."),
}
_UNCLEAR: Final[Mapping[Why, str]] = {
    Why.MISSING: N_("I read no time until which you are away."),
    Why.UNREADABLE: N_("I read {typed}, and cannot tell until when that is."),
    Why.NO_SUCH_DAY: N_("I read {typed}, and there is no such day."),
    Why.TOO_LONG: N_("I read {typed}, which is more than a year away."),
    Why.AMBIGUOUS: N_("I read {typed}, which may be {first} or {second} (Beijing time): please say which."),
    Why.PAST: N_("I read {typed}, and {first} (Beijing time) is past."),
}


def away(words: Words, handed: HandedOver) -> Message:
    """It stands; the moment is said, since people read `until` in two ways."""
    absence = handed.absence
    text = words(
        "You are away until {time} ({beijing} Beijing time). `/coupon back` ends it earlier.",
        time=words.moment(absence.until),
        beijing=_beijing(absence.until),
    )
    if absence.deputy is None:
        return message(
            words.sentences(
                text, words("Reminders call the others who may decide, and cards say that you are away.")
            )
        )
    deputy = person(absence.deputy)
    instead = words(
        "{deputy} is told, called in your place, and named on the cards of what both of you may decide.",
        deputy=deputy,
    )
    return message(words.sentences(text, instead, _uncovered(words, handed, deputy)))


def _uncovered(words: Words, handed: HandedOver, deputy: str) -> str:
    if not handed.uncovered:
        return ""
    rules = words.list(
        words("rule {rule}", rule=place) if place else words("no rule") for place in handed.uncovered
    )
    return words(
        "{deputy} may not decide what falls under {rules}: that waits for others.", rules=rules, deputy=deputy
    )


def not_away(words: Words, refused: NotAway, deputy: str | None) -> Message:
    """Nothing was changed, and why."""
    reason = refused.decision.reason
    if refused.of_deputy:
        why = words(_DEPUTY.get(reason, _DEPUTY[Reason.NOT_APPROVER]), deputy=person(deputy or ""))
        return message(words.sentences(words(NOTHING_CHANGED), why))
    if reason is Reason.NOT_AWAY:
        return message(words("You are not away, so there is nothing to end."))
    return message(
        words("Nothing was changed: only those who may approve requests can hand that over for a time.")
    )


def unclear(words: Words, problem: Unclear, own: Absence | None = None) -> Message:
    """One sentence on what was read, then examples."""
    why = words(
        _UNCLEAR[problem.why],
        typed=code(without_openids(problem.read), 60),
        first=_beijing(problem.first),
        second=_beijing(problem.second),
    )
    now = words("You are away until {time}.", time=words.moment(own.until)) if own else ""
    examples = words("Examples: {examples}", examples=_EXAMPLES)
    return message(f"{words.sentences(why, now)}\n{examples}")


def several_deputies(words: Words, people: tuple[str, ...]) -> Message:
    """One name too many."""
    named = words.list(person(each) for each in people[:5])
    return message(words("I read {people}: one person can decide in your place.", people=named))


def unknown_deputy(words: Words, name: str) -> Message:
    """What was typed is not a person whom Slack named."""
    return message(
        words(
            "I read {typed}, which is no person's name in Slack: please choose one of the names that Slack "
            "offers while you type after the @.",
            typed=code(without_openids(name), 60),
        )
    )


def back(words: Words, absence: Absence) -> Message:
    """It has ended."""
    text = words("You are back: reminders call you again.")
    if absence.deputy is None:
        return message(text)
    return message(words.sentences(text, words("{deputy} is told.", deputy=person(absence.deputy))))


def to_person(words: Words, event: Recorded, recipient: str) -> Message:
    """By direct message: to whoever was asked to stand in, or is no longer; and when one's time is over."""
    if event.tag == Tag.ABSENCE_ENDED:
        if recipient == text_of(event, "person"):
            return message(
                words(
                    "Your absence has ended: reminders call you again. If you are still away, tell me until "
                    "when: `/coupon away 3d`."
                )
            )
        return message(
            words("{person} is back: you no longer decide in their place.", person=person(event.actor))
        )
    until = event.detail.get("until")
    time = words.moment(until) if isinstance(until, int) else ""
    if recipient == text_of(event, "deputy"):
        return message(
            words(
                "{person} is away until {time}, and asked you to decide in their place. You are called for "
                "what both of you may approve; your own requests still need somebody else.",
                person=person(event.actor),
                time=time,
            )
        )
    return message(
        words(
            "{person} is away until {time}, and you no longer decide in their place.",
            person=person(event.actor),
            time=time,
        )
    )


def _beijing(at: int | None) -> str:
    """`2026-12-05 23:59`."""
    return "" if at is None else beijing_time(at)[:16]
