"""Text for a terminal: how wide it is, where it may break, columns side by side. Safe for Chinese."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# A wide character may stand at a line's end by itself; anything else breaks at spaces only.
WIDE = "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]"
PIECE = re.compile(rf"\s+|{WIDE}|(?:(?!{WIDE})\S)+")
# Closing marks never begin a line in Chinese.
CLOSING = "，。、；：？！）】」』》”’…,.;:?!)"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Style:
    """Bold, dim and colours where the terminal has them; nothing where it has not."""

    on: bool = False

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def green(self, text: str) -> str:
        return self._paint("32", text)

    def red(self, text: str) -> str:
        return self._paint("31", text)

    def cyan(self, text: str) -> str:
        return self._paint("36", text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def width(text: str) -> int:
    """Columns the text takes: Chinese and most emoji two, combining marks and colours none."""
    return sum(_columns(char) for char in ESCAPES.sub("", text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`; its own line ends stay. A word that is too long is cut."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_line(paragraph, columns))
    return lines


def _wrap_line(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for piece in _pieces(text, columns):
        if width(line) + width(piece) > columns and line.strip() and piece not in CLOSING:
            lines.append(line.rstrip())
            line = ""
        if piece.isspace() and not line and lines:
            continue
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, columns: int) -> list[str]:
    pieces: list[str] = []
    for match in PIECE.finditer(text):
        word = match[0]
        while width(word) > columns:
            head = _head(word, columns)
            pieces.append(head)
            word = word[len(head) :]
        pieces.append(word)
    return pieces


def _head(word: str, columns: int) -> str:
    taken = 0
    for index, char in enumerate(word):
        taken += _columns(char)
        if taken > columns:
            return word[: max(index, 1)]
    return word


def side_by_side(left: Sequence[str], right: Sequence[str], columns: int) -> list[str]:
    """Two blocks of lines next to each other, the first `columns` wide."""
    height = max(len(left), len(right))
    lefts = [*left, *[""] * (height - len(left))]
    rights = [*right, *[""] * (height - len(right))]
    return [(pad(a, columns) + b).rstrip() for a, b in zip(lefts, rights, strict=True)]
