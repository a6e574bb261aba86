"""The only sentences that call approvers by name to what waits; whoever is called can still decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.events import Tag
from coupons.recording import Recorded
from handlers.views import absence
from handlers.views.escaping import approver, listed, person
from handlers.views.event_words import text_of
from handlers.views.words import Words

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000


def call(
    words: Words,
    event: Recorded,
    approvers: Sequence[str],
    *,
    urged: str,
    reminded: str,
    unattended: str,
    expires_at: int | None,
    **number: int,
) -> str:
    """`urged` by its requester, or `reminded` by the bot: sentences on a request or batch, with places for
    its `number`, the {people} who are called, and {person} or {time}; `unattended` where too few are there.
    `expires_at` None: sending is paused.
    """
    named = listed(words, (approver(entry) for entry in approvers)) or words("an approver")
    if event.tag == Tag.REQUEST_URGED:
        text = words(urged, person=person(event.actor), people=named, **number)
    elif lacking := absence.lacking(words, event):
        text = words.sentences(words(unattended, **number), lacking)
        if not text_of(event, "mention"):
            # Nobody else can: better to call whoever is away than nobody.
            text = words.sentences(text, words("{people}: nobody else can decide it.", people=named))
    else:
        text = words(reminded, time=_time(words, event), people=named, **number)
    mention = text_of(event, "mention")
    also = words("{people}: please see to it.", people=approver(mention)) if mention else ""
    if expires_at is None:
        ends = words("It does not expire while sending is paused.")
    else:
        ends = words("It expires {time}.", time=words.moment(expires_at))
    return words.sentences(text, also, ends, absence.no_list(words, event))


def _time(words: Words, event: Recorded) -> str:
    """How long it has waited, as reminders count it."""
    worked_ms, waited_ms = event.detail.get("worked_ms"), event.detail.get("waited_ms")
    if isinstance(worked_ms, int):
        return words("{time} of working time", time=waited(words, worked_ms))
    return waited(words, waited_ms if isinstance(waited_ms, int) else 0)


def waited(words: Words, waited_ms: int) -> str:
    """`1 minute`, `3 hours`."""
    if waited_ms < _HOUR_MS:
        return words.plural("1 minute", "{n} minutes", max(waited_ms // _MINUTE_MS, 1))
    return words.plural("1 hour", "{n} hours", waited_ms // _HOUR_MS)
