"""Records from JSON and back: reading forgives, promises are kept, nothing read breaks what it reaches."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechatpay.errors import Malformed
from wechatpay.records import promised, read, wire


class Word(StrEnum):
    KNOWN = "KNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One field of every kind that the product's records have."""

    text: str
    number: int | None = None
    flag: bool | None = None
    word: Word | str
    maybe: Word | str | None = None
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    some: tuple[str, ...] | None = None
    hidden: str | None = field(default=None, repr=False)


WHOLE: dict[str, Any] = {
    "text": "x",
    "number": 7,
    "flag": False,
    "word": "KNOWN",
    "maybe": "NEW",
    "inner": {"name": "a"},
    "many": [{"name": "b"}, {}],
    "some": ["c", "d"],
    "hidden": "h",
}


def test_what_is_promised_is_read_into_its_own_type() -> None:
    record = read(Record, WHOLE | {"new_member": [1]})
    assert record == Record(
        text="x",
        number=7,
        flag=False,
        word=Word.KNOWN,
        maybe="NEW",
        inner=Inner(name="a"),
        many=(Inner(name="b"), Inner()),
        some=("c", "d"),
        hidden="h",
    )
    assert type(record.word) is Word
    assert type(record.maybe) is str


@pytest.mark.parametrize("value", [None, 1.5, {"x": 1}, [[1]], object()])
@pytest.mark.parametrize("name", ["text", "number", "flag", "word", "maybe", "some"])
def test_a_value_of_another_type_is_like_a_missing_one(name: str, value: object) -> None:
    missing = read(Record, {key: member for key, member in WHOLE.items() if key != name})
    found = read(Record, WHOLE | {name: value})
    # A list keeps those of its entries that are right.
    assert found == missing or (name, getattr(found, name)) == ("some", ())


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("number", True, None),
        ("number", 7.0, None),
        ("flag", 1, None),
        ("inner", [], None),
        ("many", {"name": "b"}, ()),
        ("many", [{"name": "b"}, 7, None], (Inner(name="b"),)),
        ("some", ["c", 7, ""], ("c",)),
        ("text", "\ud800x", "?x"),
    ],
)
def test_the_odd_ones_are_read_carefully(name: str, value: object, found: object) -> None:
    assert getattr(read(Record, WHOLE | {name: value}), name) == found


@pytest.mark.parametrize("empty", [None, "", 7])
@pytest.mark.parametrize("name", ["text", "word"])
def test_a_field_without_a_default_must_be_there(name: str, empty: object) -> None:
    with pytest.raises(Malformed, match=f"lacks or changes {name}") as error:
        promised(Record, WHOLE | {name: empty}, echo={})
    assert (error.value.verified, error.value.outcome_known) == (True, False)


def test_an_echo_counts_only_where_the_answer_repeats_it() -> None:
    assert promised(Record, WHOLE, echo={"text": "x", "elsewhere": 1}).text == "x"
    assert promised(Record, WHOLE | {"number": None}, echo={"number": 8}).number is None
    with pytest.raises(Malformed, match="changes text, number") as error:
        promised(Record, WHOLE, echo={"text": "SECRET", "number": 8})
    assert "SECRET" not in str(error.value)


def test_what_was_read_is_written_back_without_what_was_not_said() -> None:
    record = read(Record, WHOLE)
    assert wire(record) == WHOLE
    assert wire(Record(text="", word="")) == {"text": "", "word": "", "many": []}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, "x"]), inside),
    max_leaves=20,
)


@given(members=st.dictionaries(st.sampled_from([*WHOLE, "x"]), junk))
def test_whatever_comes_is_read_and_can_be_written_to_any_file(members: dict[str, Any]) -> None:
    json.dumps(wire(read(Record, members)), ensure_ascii=False).encode()
    json.dumps(wire(read(Record, json.loads('{"text": "\\udfff\\ud800"}'))), ensure_ascii=False).encode()
