"""Texts of a workbook that its reader may give otherwise than they were typed: in parts, or with escapes."""

from __future__ import annotations

import re
from typing import Final

from handlers.bulk.xlsx_package import SHARED_STRINGS, Attributes, Package

#: How the format writes a character that XML has no room for (ECMA-376 part 1, 22.9.2.19, ST_Xstring).
_ESCAPE: Final = re.compile(r"_x[0-9A-Fa-f]{4}_")
#: White space to XML; the reader takes it away at both ends of a part that does not ask to keep it.
_SPACES: Final = " \t\r\n"
_KEEP: Final = "xml:space"


def scan_shared_strings(package: Package) -> frozenset[int]:
    """The numbers of those that the reader may give otherwise than they were typed."""
    if not package.has(SHARED_STRINGS):
        return frozenset()
    found: set[int] = set()
    text = CellText()
    count = 0

    def end(name: str) -> None:
        nonlocal count
        text.end(name)
        if name == "si":
            if text.take_is_unsure():
                found.add(count)
            count += 1

    package.parse(SHARED_STRINGS, start=text.start, end=end, text=text.add)
    return frozenset(found)


def has_escape(text: str) -> bool:
    """Whether the reader would decode something in it."""
    return _ESCAPE.search(text) is not None


class CellText:
    """One text, in one part or several (`r`), with or without phonetic help (`rPh`), which is not read."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._is_open = False
        self._keeps = False
        self._spaces_lost = False
        self._phonetic = 0
        self._read = ""

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "rPh":
            self._phonetic += 1
        elif name == "t" and not self._phonetic:
            self._is_open, self._keeps, self._parts = True, attributes.get(_KEEP) == "preserve", []

    def add(self, text: str) -> None:
        if self._is_open:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name == "rPh":
            self._phonetic -= 1
        elif name == "t" and self._is_open:
            part = "".join(self._parts)
            self._is_open = False
            self._spaces_lost |= not self._keeps and part != part.strip(_SPACES)
            self._read += part

    def take_is_unsure(self) -> bool:
        """Forgets it too. Spaces at the ends of the whole text are nobody's meaning."""
        unsure = self._spaces_lost or has_escape(self._read)
        self._spaces_lost, self._read = False, ""
        return unsure
