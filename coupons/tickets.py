"""The ticket system of the house: what its tickets look like, and where each of them leads. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

#: As `handlers.ticket` keeps them. The pattern is tried on nothing longer, so that it cannot take long.
_LONGEST: Final = 100
PLACE: Final = "{ticket}"
#: An address, or a run of what stands in numbers of tickets, as people write them into a message.
_WORDS: Final = re.compile(r"https://[!-~]+|[0-9A-Za-z_#/.-]+", re.ASCII)
#: What a sentence puts after a word of its own.
_AFTER: Final = ".,;:!?)]}'\"-/"


@dataclass(frozen=True, slots=True)
class TicketSystem:
    """By `ticket_pattern` and `ticket_url` of coupon.toml; empty: nobody said."""

    #: A regular expression that fits a whole ticket.
    pattern: str = ""
    #: An https address with PLACE where the ticket belongs.
    url: str = ""

    def is_ticket(self, text: str) -> bool:
        is_short = 0 < len(text) <= _LONGEST
        return bool(self.pattern) and is_short and re.fullmatch(self.pattern, text) is not None

    def address(self, ticket: str) -> str | None:
        """Where it leads; None: it is none of this system's, or nobody said where they lead."""
        if not self.url or not self.is_ticket(ticket):
            return None
        return self.url.replace(PLACE, quote(ticket, safe=""))

    def number(self, typed: str) -> str:
        """One ticket has one spelling: of its own address only the ticket is left, all else stays."""
        before, place, after = self.url.partition(PLACE)
        if place and typed.startswith(before) and typed.endswith(after):
            inner = unquote(typed[len(before) : len(typed) - len(after)].rstrip("/"))
            if self.is_ticket(inner):
                return inner
        return typed

    def spellings(self, typed: str) -> tuple[str, ...]:
        """How it may stand in rows, also in those of before anybody said how tickets look."""
        number = self.number(typed)
        address = self.address(number)
        return tuple(dict.fromkeys(each for each in (number, typed, address) if each))

    def find(self, text: str) -> str:
        """The one ticket that a message names; empty: none, or several, of which nobody could choose."""
        found = {*self._named(text)} if self.pattern else set()
        return found.pop() if len(found) == 1 else ""

    def _named(self, text: str) -> Iterator[str]:
        for word in _WORDS.findall(text):
            for spelling in (word, word.rstrip(_AFTER)):
                ticket = self.number(spelling)
                if self.is_ticket(ticket):
                    yield ticket
                    break


#: Where nobody said anything of tickets.
NO_TICKETS: Final = TicketSystem()
