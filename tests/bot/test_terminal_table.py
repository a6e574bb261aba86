"""Cells of a terminal's table: as wide as they are shown, on one line, and nothing in them is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wording.terminal_table import cut, line, plain, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("late", 4),
        ("物流", 4),
        ("e\u0301", 1),
        # What is put together of several is one sign of two columns.
        ("❤\ufe0f", 2),
        ("👍🏽", 2),
        ("🇨🇳", 2),
        ("\u1100\u1161", 2),
    ],
)
def test_a_sign_is_as_wide_as_terminals_show_it(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(line((text, "x"), (6, 1))) == 9


@pytest.mark.parametrize("space", [" ", "\u3000", "\u00a0", "\u2009", "\u202f"])
def test_every_kind_of_space_is_one_space(space: str) -> None:
    """Chinese keyboards write U+3000, web pages U+00A0."""
    assert plain(f"物流{space}迟到") == "物流 迟到"


@pytest.mark.parametrize("char", ["\n", "\r", "\t", "\x1b", "\u2028", "\u202e", "\u200b", "\x9b"])
def test_what_a_terminal_would_obey_is_written_out(char: str) -> None:
    assert plain(f"a{char}b") == f"a\\u{ord(char):04x}b"


def test_no_sign_is_cut_in_two() -> None:
    assert cut("👍🏽👍🏽", 3) == "👍🏽…"
    assert cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…"
    assert cut("物流迟到", 6) == "物流…"


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_every_row_stands_straight(cells: list[str]) -> None:
    row = line([*cells, "|"], (8, 5, 1))
    assert width(row) == 8 + 2 + 5 + 2 + 1
    assert row.isprintable()
