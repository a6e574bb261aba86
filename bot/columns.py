"""A table for a terminal, Chinese in it: such a character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

_GAP: Final = "  "
_NOT_SEEN: Final = frozenset({"Mn", "Me", "Cf"})


def width(text: str) -> int:
    """Columns on a terminal (Unicode Standard Annex 11)."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.category(char) in _NOT_SEEN:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def plain(text: str) -> str:
    """On one line, without what a terminal would obey: people's words must not look like a row of ours."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def cut(text: str, most: int) -> str:
    """At most so wide; a mark at the end says that there is more."""
    if width(text) <= most:
        return text
    kept, left = "", most - 1
    for char in text:
        left -= _width(char)
        if left < 0:
            break
        kept += char
    return f"{kept}…"


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Each cell cut or filled up to its width."""
    shown = (cut(plain(cell), most) for cell, most in zip(cells, widths, strict=True))
    filled = (cell + " " * (most - width(cell)) for cell, most in zip(shown, widths, strict=True))
    return _GAP.join(filled).rstrip()
