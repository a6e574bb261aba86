"""How a text file was saved, by the mark at its start. Pure.

Notepad and PowerShell write UTF-16 with one, Excel UTF-8 with one; our own files for people's programs have
the second, by which spreadsheets know UTF-8 at all (https://www.unicode.org/faq/utf_bom.html).
"""

from __future__ import annotations

import codecs
from typing import Final

#: Begins a file for spreadsheets: without it they show Chinese as question marks.
MARK: Final = "\ufeff"
#: The mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: So many bytes tell it.
MARK_BYTES: Final = 4


def encoding_of(start: bytes) -> str:
    """A codec that takes the mark away; UTF-8 where there is none."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8-sig")
