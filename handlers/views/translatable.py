"""The mark of a sentence for translation, where the languages themselves need not be loaded."""

from __future__ import annotations


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which every extractor knows
    """Marks a sentence of a table for translation; it is translated where it is used: `words(TABLE[key])`."""
    return sentence
