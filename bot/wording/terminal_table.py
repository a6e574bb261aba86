"""A table for a terminal, Chinese and faces in it: such a character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

_GAP: Final = "  "


def width(text: str) -> int:
    """Columns on a terminal, of text without control characters (Unicode Standard Annexes 11 and 29)."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # noqa: PLC0415 - many tables need it not, and it takes its time to load

    return wcswidth(text)


def plain(text: str) -> str:
    """On one line, without what a terminal would obey: people's words must not look like a row of ours.

    Every kind of space is one space, the full-width one of Chinese keyboards and the one of web pages too.
    """
    return "".join(map(_plain, text))


def _plain(char: str) -> str:
    if unicodedata.category(char) == "Zs":
        return " "
    return char if char.isprintable() else f"\\u{ord(char):04x}"


def cut(text: str, most: int) -> str:
    """At most so wide; a mark at the end says that there is more. No sign is cut in two."""
    if width(text) <= most:
        return text
    if text.isascii():
        return f"{text[: most - 1]}…"
    from wcwidth import iter_graphemes  # noqa: PLC0415 - as above

    kept, left = "", most - 1
    for sign in iter_graphemes(text):
        left -= width(sign)
        if left < 0:
            break
        kept += sign
    return f"{kept}…"


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Each cell cut or filled up to its width."""
    shown = (filled(cut(plain(cell), most), most) for cell, most in zip(cells, widths, strict=True))
    return _GAP.join(shown).rstrip()


def filled(cell: str, least: int) -> str:
    """At least so wide."""
    return cell + " " * (least - width(cell))
