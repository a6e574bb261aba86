"""What a request must say of itself, and the reasons that have a short name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

#: Ends the first word of a reason: white space, or what is typed after a short name.
_AFTER_NAME: Final = re.compile(r"[\s,，:：;；、。]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """One thing to say, in both languages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        """`language`: as in coupon.toml, or a Slack locale."""
        return self.zh if language.lower().startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class NamedReason:
    """A reason of coupon.toml's list."""

    #: One word, which people type before their own ones.
    name: str
    wording: Wording


class Reasons:
    """The list. A request keeps the words, in the language of the cards: whoever reads the log later reads
    what was meant then, whatever has become of the list."""

    def __init__(self, named: Iterable[NamedReason] = (), *, language: str = "en") -> None:
        self._named = tuple(named)
        self.language = language
        self._by_word = {
            word.casefold(): reason
            for reason in self._named
            for word in (reason.wording.zh, reason.wording.en, reason.name)
        }

    def __iter__(self) -> Iterator[NamedReason]:
        return iter(self._named)

    def __bool__(self) -> bool:
        return bool(self._named)

    def find(self, word: str) -> NamedReason | None:
        """By its short name, or by its wording."""
        return self._by_word.get(word.casefold())

    def spelled(self, text: str) -> str:
        """The reason as it is kept: a short name at its start becomes its wording."""
        first, *rest = _AFTER_NAME.split(text, maxsplit=1)
        reason = self.find(first)
        return text if reason is None else self.written(self.wording(reason), "".join(rest))

    def wording(self, reason: NamedReason) -> str:
        """As a request keeps it."""
        return reason.wording.of(self.language)

    def written(self, wording: str, more: str) -> str:
        """A listed reason, and after it a person's own words."""
        return f"{wording}{self._gap}{more}" if more else wording

    def apart(self, text: str) -> tuple[str, str]:
        """The listed reason with which a kept text begins, in its words, and the person's own; `written` puts
        both together again."""
        for wording in map(self.wording, self._named):
            if text == wording or text.startswith(wording + self._gap):
                return wording, text[len(wording + self._gap) :]
        return "", text

    @property
    def _gap(self) -> str:
        return "：" if self.language.startswith("zh") else ": "


NO_REASONS: Final = Reasons()


@dataclass(frozen=True, slots=True)
class Required:
    """From which value (fen) on a reason, and a ticket, must be there; None: never."""

    reason_from_fen: int | None = None
    ticket_from_fen: int | None = None

    def lacks_reason(self, value_fen: int, reason: str) -> bool:
        """Signs alone say nothing."""
        return _reached(self.reason_from_fen, value_fen) and not any(sign.isalnum() for sign in reason)

    def lacks_ticket(self, value_fen: int, ticket: str) -> bool:
        return _reached(self.ticket_from_fen, value_fen) and not any(sign.isalnum() for sign in ticket)


NOTHING_REQUIRED: Final = Required()


def _reached(from_fen: int | None, value_fen: int) -> bool:
    return from_fen is not None and value_fen >= from_fen
