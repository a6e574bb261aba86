"""The sixth schema: words are indexed anew, and one character finds what pairs begin with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from coupons.audit_words import Filter
from storage.database import bring_up_to_date
from storage.driver import sqlite3
from storage.full_text import EventTexts, RequestTexts
from storage.migrations import MIGRATIONS
from storage.proof.verify import verify
from storage.store import Store
from tests.storage.records import Time, rows
from tests.storage.test_migrations import schema
from tests.storage.test_migrations_fourth import found, third_version


@pytest.fixture
def old(path: Path) -> Path:
    """A file of the fifth version, which had indexed its words."""
    third_version(path)
    connection = sqlite3.connect(path)
    MIGRATIONS.apply(Database(connection, execute_plugins=False), stop_before="m006_first_letters")
    RequestTexts(connection).index_all()
    EventTexts(connection).index_all()
    connection.execute("pragma user_version = 5")
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("迟", [1]),
        ("太", [3]),
        ("迟到", [1]),
        ("ZD", [1]),
        ("Z", []),
        ("ZD-", [1]),
        ("l", []),
        ("lat", [2]),
        ("达", []),
    ],
)
def test_one_character_finds_what_begins_with_it_and_a_word_what_it_did(
    old: Path, text: str, ids: list[int]
) -> None:
    assert bring_up_to_date(old) == (
        "m006_first_letters",
        "m007_promises",
        "m008_batches",
        "m009_after_sending",
    )
    assert found(old, text) == ids


def test_words_of_events_are_found_and_nothing_twice(old: Path) -> None:
    bring_up_to_date(old)
    with Store(old, clock=Time()).read() as reading:
        [event] = reading.find_events(Filter(texts=("太",), tag="request:declined"), limit=9)
    assert event.request_id == 3
    for table in ("request_words", "event_words"):
        rows(old, f"insert into {table} ({table}) values ('integrity-check')")


def test_the_file_is_whole_and_like_a_fresh_one(old: Path, tmp_path: Path) -> None:
    before = rows(old, "select seq, body, prev, hash from event"), rows(old, "select * from request")
    columns = ", ".join(name for (name,) in rows(old, "select name from pragma_table_info('request')"))
    bring_up_to_date(old)
    bring_up_to_date(tmp_path / "fresh.db")
    assert schema(old) == schema(tmp_path / "fresh.db")
    assert before == (
        rows(old, "select seq, body, prev, hash from event"),
        rows(old, f"select {columns} from request"),
    )
    assert verify(old, thorough=True).rows == len(before[0])
