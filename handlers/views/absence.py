"""Who is away: on cards of what waits, in reminders, and on Home."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.absence import Absence, Attendance
from coupons.recording import Recorded
from handlers.views.escaping import person
from handlers.views.message import Block, actions, button, context, section
from handlers.views.words import Words

#: People named on a card; the rest are counted.
_SHOWN: Final = 5


def unattended(words: Words, there: Attendance | None) -> str:
    """Nothing, where enough people are there."""
    if there is None or not there.is_unattended:
        return ""
    return _too_few(words, there.free, there.away[0].until)


def _too_few(words: Words, present: int, until: int) -> str:
    if present:
        return words(
            "Too few of those who may approve it are here: the first is back {time}.",
            time=words.moment(until),
        )
    return words("Nobody who may approve it is here: the first is back {time}.", time=words.moment(until))


def on_card(words: Words, there: Attendance | None) -> list[Block]:
    """Below where it stands."""
    blocks = []
    if text := unattended(words, there):
        blocks.append(section(f"🌙 *{text}*"))
    if there is not None and there.away:
        lines = [_away(words, absence) for absence in there.away[:_SHOWN]]
        if (more := len(there.away) - _SHOWN) > 0:
            lines.append(words.plural("1 more is away.", "{n} more are away.", more))
        blocks.append(context(words.sentences(*lines)))
    return blocks


def _away(words: Words, absence: Absence) -> str:
    who, time = person(absence.person), words.moment(absence.until)
    if absence.deputy is None:
        return words("{person} is away until {time}.", person=who, time=time)
    return words(
        "{person} is away until {time}, and {deputy} decides in their place.",
        person=who,
        time=time,
        deputy=person(absence.deputy),
    )


def lacking(words: Words, event: Recorded) -> str:
    """What a reminder says where too few are there; nothing, where enough are."""
    until, present = event.detail.get("until"), event.detail.get("present")
    if not isinstance(until, int):
        return ""
    return _too_few(words, present if isinstance(present, int) else 0, until)


def no_list(words: Words, event: Recorded) -> str:
    """In the first reminder of a year whose holidays nobody listed."""
    year = event.detail.get("no_list_for")
    if not isinstance(year, int):
        return ""
    return words(
        "coupon.toml lists no holidays for {year}, so they count as working days for reminders: an operator "
        "should add them under `[hours.holidays]`.",
        year=year,
    )


def on_home(words: Words, own: Absence | None, deputy_for: Sequence[Absence]) -> list[Block]:
    """One's own absence, with the button that ends it, and for whom one decides."""
    blocks: list[Block] = []
    if own is not None:
        text = words("You are away until {time}.", time=words.moment(own.until))
        if own.deputy is not None:
            text = words(
                "You are away until {time}, and {deputy} decides in your place.",
                time=words.moment(own.until),
                deputy=person(own.deputy),
            )
        # What stands there is this absence, and no later one.
        back = button(words("I am back"), "home_back", str(own.began_at))
        blocks += [section(f"🌙 {text}"), actions(back)]
    for absence in deputy_for[:_SHOWN]:
        text = words(
            "{person} is away until {time}, and asked you to decide in their place.",
            person=person(absence.person),
            time=words.moment(absence.until),
        )
        blocks.append(section(f"🌙 {text}"))
    return blocks
