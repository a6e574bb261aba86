"""The language of whoever is answered just now, as their browser asks for it."""

from __future__ import annotations

from contextvars import ContextVar

from console.ports import Sentences
from coupons.model import State

#: Set for each answer before anything else is done.
WORDS: ContextVar[Sentences] = ContextVar("words")


class _Now:
    """`Sentences` of this answer, by their own name: as in `handlers.views`, tests collect what is said."""

    def __call__(self, sentence: str, /, **values: object) -> str:
        return WORDS.get()(sentence, **values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        return WORDS.get().plural(one, many, n, **values)


words = _Now()


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a sentence of a table for translation; it is translated where it is used: `words(TABLE[key])`."""
    return sentence


def state_name(value: object) -> str:
    """A state in words; what is none, in somebody's own statement, as it is."""
    return words(str(value)) if value in tuple(State) else str(value)
