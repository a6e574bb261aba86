"""`/coupon away <until> [@person]` and `/coupon back`, as they were typed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from handlers import cleaning

#: As Slack writes a mention, where the command escapes what is typed.
_MENTION: Final = re.compile(r"<@([UW][0-9A-Z]{1,30})(?:\|[^<>]*)?>")
_GROUP: Final = re.compile(r"<!subteam\^[^<>]*>")
_UNKNOWN: Final = re.compile(r"(?:^|\s)@\S+")


@dataclass(frozen=True, slots=True)
class Away:
    """`until` is not read yet: that takes a clock (`handlers.until`)."""

    until: str
    #: Slack's ids of the people who were named; more than one cannot stand in.
    people: tuple[str, ...] = ()
    #: A name that is none of Slack's mentions of a person, as it was typed.
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    pass


def read_away(text: str) -> Away:
    """All after `/coupon`, as Slack delivers it."""
    people = tuple(dict.fromkeys(_MENTION.findall(text)))
    rest = _MENTION.sub(" ", text)
    group = _GROUP.search(rest)
    plain = cleaning.unescape(cleaning.take_apart(_GROUP.sub(" ", rest)))
    words = " ".join(cleaning.drop_invisible(plain).split()).partition(" ")[2]
    unknown = _UNKNOWN.search(words)
    name = unknown[0].strip() if unknown else _group_name(group[0]) if group else ""
    return Away(_UNKNOWN.sub(" ", words).strip(), people, name)


def _group_name(group: str) -> str:
    return cleaning.unescape(cleaning.take_apart(group)) or "@…"
