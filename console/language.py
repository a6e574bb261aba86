"""The language of whoever is answered just now, as their browser asks for it."""

from __future__ import annotations

from contextvars import ContextVar

from console.ports import Words

#: Set for each answer before anything else is done.
WORDS: ContextVar[Words] = ContextVar("words")


def words(sentence: str, /, **values: object) -> str:
    return WORDS.get()(sentence, **values)
