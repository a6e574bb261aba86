"""How people's words are cut into the index, and what is asked of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.base_rows import storable
from storage.driver import sqlite3
from storage.full_text import RequestTexts, cut, query

_TABLE = """
create virtual table request_words using fts5 (
    words, content = '', columnsize = 0, tokenize = "unicode61 remove_diacritics 2"
)
"""
_FIND = "select rowid from request_words where request_words match :words"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("物流迟到", ["物流", "流迟", "迟到", "到"]),
        ("迟", ["迟"]),
        ("four days", ["four", "days"]),
        ("双eleven快递", ["双", "eleven", "快递", "递"]),
        ("破损，客户", ["破损", "损", "，", "客户", "户"]),
        ("客户 投诉", ["客户", "户投", "投诉", "诉"]),
        ("", []),
    ],
)
def test_chinese_is_cut_into_pairs_and_the_rest_left_as_it_is(text: str, pieces: list[str]) -> None:
    assert cut(text).split() == pieces


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("late",), '"late" *'),
        (("late", "迟到"), '"late" * "迟到" *'),
        (("物流迟到",), '"物流 流迟 迟到" *'),
        (("迟",), '"迟" *'),
        (('a"b',), '"a b" *'),
        (("*", '"', "-", "🎁", "_"), ""),
        ((), ""),
    ],
)
def test_what_is_asked_is_a_phrase_for_each_word(words: tuple[str, ...], asked: str) -> None:
    assert query(words) == asked


def index(*texts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(_TABLE)
    RequestTexts(connection).add(1, *texts)
    return connection


_WORDS = st.text(st.sampled_from('ab 物流迟到，"*-_^():{}+\x00é\u0301😀\nカ'), max_size=12)


@given(text=_WORDS, wanted=st.lists(st.one_of(_WORDS, st.text(max_size=5)), max_size=4))
def test_whatever_is_asked_is_no_error(text: str, wanted: list[str]) -> None:
    # As every value is bound: without NUL and half characters.
    asked = storable(query(wanted))
    if asked:
        index(text).execute(_FIND, {"words": asked}).fetchall()


@given(text=st.text(st.sampled_from("物流迟到ab ，。"), min_size=1, max_size=12), data=st.data())
def test_any_piece_of_a_text_that_begins_at_a_word_finds_it(text: str, data: st.DataObject) -> None:
    starts = [at for at in range(len(text)) if at == 0 or text[at] not in "ab" or text[at - 1] not in "ab"]
    start = data.draw(st.sampled_from(starts))
    piece = text[start : data.draw(st.integers(start + 1, len(text)))]
    asked = query([piece])
    # One or two letters alone are a word, and no beginning of one.
    goes_on = text[start + len(piece) : start + len(piece) + 1] in tuple("ab")
    if asked and not (goes_on and len(piece.strip(" ，。")) <= 2 and piece.strip(" ，。").isascii()):
        assert index(text).execute(_FIND, {"words": asked}).fetchall() == [(1,)]


def test_what_was_replaced_is_found_no_more_and_the_new_is() -> None:
    connection = index("物流迟到", "ZD-1")
    RequestTexts(connection).replace(1, ("物流迟到", "ZD-1"), ("太早",))

    def finds(word: str) -> bool:
        return bool(connection.execute(_FIND, {"words": query([word])}).fetchall())

    assert {word: finds(word) for word in ("迟到", "ZD", "太早")} == {
        "迟到": False,
        "ZD": False,
        "太早": True,
    }
