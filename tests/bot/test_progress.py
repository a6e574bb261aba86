"""Who waits at a terminal sees how far a long command is; nobody else sees anything."""

from __future__ import annotations

import io
import sys

import pytest

from bot.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, last: int) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress("Verifying") as tell:
        for place in range(0, last + 1, max(last // 4, 1)):
            tell(place, last)
    return stream.getvalue()


def test_a_long_one_at_a_terminal_ends_at_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(Terminal(), monkeypatch, 200_000)
    assert "Verifying" in found
    assert "50%" in found
    assert "100%" in found


def test_a_short_one_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(Terminal(), monkeypatch, 1_000) == ""


def test_a_program_or_a_file_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(io.StringIO(), monkeypatch, 200_000) == ""
