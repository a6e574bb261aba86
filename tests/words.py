"""Both languages, read once: nothing changes them."""

from __future__ import annotations

from handlers.views.words import load_languages

LANGUAGES = load_languages()
ENGLISH, CHINESE = LANGUAGES.english, LANGUAGES.chinese
