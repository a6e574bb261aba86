"""What the doctor saw: one line, and one line of cure where something is to be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Level(StrEnum):
    OK = "ok"
    #: Works today.
    WARN = "warn"
    #: Does not work.
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """`cure` is empty for OK only. Both texts are safe to show: no key, token or openid."""

    level: Level
    check: str
    seen: str
    cure: str = ""

    @classmethod
    def ok(cls, check: str, seen: str) -> Self:
        return cls(Level.OK, check, seen)

    @classmethod
    def warn(cls, check: str, seen: str, cure: str) -> Self:
        return cls(Level.WARN, check, seen, cure)

    @classmethod
    def fail(cls, check: str, seen: str, cure: str) -> Self:
        return cls(Level.FAIL, check, seen, cure)

    @classmethod
    def of_sentence(cls, check: str, sentence: str, cure: str) -> Self:
        """A FAIL of one of the bot's own sentences, which mostly end in what would be right; else `cure`."""
        found = re.fullmatch(r"(.*?)(?:; |\. (?=[A-Z]))(.+)", sentence)
        return cls.fail(check, found[1], found[2]) if found else cls.fail(check, sentence, cure)

    def lines(self) -> str:
        """`FAIL check: seen`, and the cure under it."""
        line = f"{self.level} {self.check}: {_on_one_line(self.seen)}"
        return f"{line}\n     cure: {_on_one_line(self.cure)}" if self.cure else line


def _on_one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
