"""Everything that is said of absences, for `views_samples`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coupons.absence import Absence, Attendance
from coupons.absence_desk import HandedOver, NotAway
from coupons.events import Tag
from coupons.model import Request
from coupons.permissions import Decision, Reason
from coupons.recording import Json, Recorded
from handlers.until import Unclear, Why
from handlers.views import absence_replies, card, thread_replies
from handlers.views.card_context import NOTHING_BESIDE
from handlers.views.message import Message
from handlers.views.words import Words

NOW = 1_795_400_572_000
AWAY = Absence(person="U0WANG", deputy="U0ZHAO", began_at=NOW, until=NOW + 86_400_000)
ALONE = replace(AWAY, deputy=None)
LEADS = ("S0LEADS", "U0WANG")
THERE = Attendance(named=LEADS, called=("S0LEADS", "U0ZHAO"), away=(AWAY, ALONE), free=3)
MANY_AWAY = replace(
    THERE, away=tuple(replace(AWAY, person=f"U0{number}") for number in range(40)), is_unattended=True
)
NOBODY = replace(MANY_AWAY, called=LEADS, away=(ALONE,), free=0)


def an_event(tag: Tag, actor: str = "system", **detail: Json) -> Recorded:
    return Recorded(9, NOW, tag, actor, None, detail)


def reminders() -> list[Recorded]:
    """Of what has waited in working time, in a year without its list, and of what too few are there for."""
    reminded: dict[str, Json] = {"waited_ms": 90_000_000, "mention": None, "worked_ms": 7_200_000}
    return [
        an_event(Tag.REQUEST_REMINDED, **reminded, no_list_for=2027),
        an_event(Tag.REQUEST_REMINDED, **reminded, until=AWAY.until, present=0),
        an_event(Tag.REQUEST_REMINDED, **{**reminded, "mention": "S0BOSS"}, until=AWAY.until, present=1),
    ]


def absence_messages(words: Words, request: Request, word: str) -> Iterator[Message]:
    for there in (THERE, MANY_AWAY, NOBODY):
        about = replace(NOTHING_BESIDE, there=there)
        yield card.card(words, request, [], approvers=there.named, about=about)
    for reminded in reminders():
        yield thread_replies.step(words, reminded, request, approvers=NOBODY.called)
    yield absence_replies.away(words, HandedOver(absence=AWAY, uncovered=(0, 2)))
    yield absence_replies.away(words, HandedOver(absence=AWAY))
    yield absence_replies.away(words, HandedOver(absence=ALONE))
    for reason in Reason:
        for of_deputy in (True, False):
            yield absence_replies.not_away(words, NotAway(Decision(reason), of_deputy), "U0ZHAO")
    for why in Why:
        problem = Unclear(why=why, read=word, first=NOW, second=NOW + 1)
        yield absence_replies.unclear(words, problem, AWAY if why is Why.MISSING else None)
    yield absence_replies.several_deputies(words, ("U0ZHAO", "U0LI"))
    yield absence_replies.unknown_deputy(words, word)
    yield absence_replies.back(words, AWAY)
    yield absence_replies.back(words, ALONE)
    began = an_event(Tag.ABSENCE_BEGAN, "U0WANG", until=AWAY.until, deputy="U0ZHAO")
    for recipient in ("U0ZHAO", "U0LI"):
        yield absence_replies.to_person(words, began, recipient)
    yield absence_replies.to_person(words, an_event(Tag.ABSENCE_ENDED, person="U0WANG"), "U0WANG")
    yield absence_replies.to_person(words, an_event(Tag.ABSENCE_ENDED, "U0WANG"), "U0ZHAO")
