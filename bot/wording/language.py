"""The language in which a command speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from handlers.views.words import Words, load_language

_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def words_of(environ: Mapping[str, str]) -> Words:
    """The terminal's language, by the first of these that is set (POSIX.1-2017, 8.2)."""
    locale = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return load_language(locale)
