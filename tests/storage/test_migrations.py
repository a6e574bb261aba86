from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import bring_up_to_date, open_for_writing
from storage.driver import sqlite3
from storage.migrations import APPLICATION_ID, LATEST
from tests.storage.records import connect, make_log, rows

#: Everything `sqlite_master` holds of ours. A released step is never edited: a new one changes this file.
PINNED = Path(__file__).with_name("schema.sql")
_SCHEMA = """
select sql from sqlite_master
where sql is not null and name not like 'sqlite\\_%' escape '\\' and name not like '\\_sqlite%' escape '\\'
order by type, name
"""


def schema(path: Path) -> str:
    return ";\n\n".join(sql for (sql,) in rows(path, _SCHEMA)) + ";\n"


def test_the_schema_of_a_fresh_database_is_the_pinned_one(path: Path) -> None:
    bring_up_to_date(path)
    assert schema(path) == PINNED.read_text(encoding="utf-8")


def test_applying_says_what_it_did_and_twice_does_nothing(path: Path) -> None:
    assert bring_up_to_date(path) == (
        "m001_first",
        "m002_notices",
        "m003_rules",
        "m004_audit",
        "m005_event_words",
        "m006_first_letters",
        "m007_promises",
        "m008_batches",
        "m009_after_sending",
    )
    before = rows(path, "select * from sqlite_master"), rows(path, "select * from _sqlite_migrations")
    assert bring_up_to_date(path) == ()
    assert before == (
        rows(path, "select * from sqlite_master"),
        rows(path, "select * from _sqlite_migrations"),
    )


def test_the_header_says_whose_file_it_is_and_how_far(path: Path) -> None:
    bring_up_to_date(path)
    assert rows(path, "pragma application_id") == [(APPLICATION_ID,)]
    assert rows(path, "pragma user_version") == [(LATEST,)]
    assert len(rows(path, "select name from _sqlite_migrations")) == LATEST


def test_a_database_with_rows_keeps_them(path: Path) -> None:
    make_log(path, 7)
    before = rows(path, "select * from event"), rows(path, "select * from request")
    assert bring_up_to_date(path) == ()
    assert before == (rows(path, "select * from event"), rows(path, "select * from request"))


def test_every_table_refuses_wrong_types(path: Path) -> None:
    bring_up_to_date(path)
    ours = "name not like 'sqlite%' and name not like '\\_sqlite%' escape '\\' and type = 'table' and strict"
    tables = rows(path, f"select name, strict from pragma_table_list where {ours}")
    assert sorted(tables) == [
        ("absence", 1),
        ("approval", 1),
        ("batch", 1),
        ("batch_approval", 1),
        ("batch_line", 1),
        ("click", 1),
        ("console_link", 1),
        ("coupon_state", 1),
        ("customer", 1),
        ("event", 1),
        ("lease", 1),
        ("notice", 1),
        ("outbox", 1),
        ("pause", 1),
        ("request", 1),
    ]
    # FTS5 makes its own.
    loose = rows(
        path, f"select name from pragma_table_list where {ours.replace('and strict', 'and not strict')}"
    )
    assert all(name.startswith("request_words_") for (name,) in loose)


@pytest.mark.parametrize(
    "statement",
    [
        "update request set value_fen = '10 yuan'",
        "update request set value_fen = 10.5",
        "update request set value_fen = 0",
        "update request set body = 'text'",
        "update request set state = 'done'",
        "update request set state = 'sent'",
        "update request set coupon_code = 'C1'",
        "update request set running = 2",
        "update request set approvals_needed = -1",
        "update request set duplicate_of = 99",
        "insert into pause (id, by, at, reason) values (2, 'U0WANG', 1, '')",
        "update request set open_attempts = -1",
        "update request set customer = 99",
        "insert into approval (request_id, approver, at) values (99, 'U0WANG', 1)",
        "insert into event (seq, body, prev, hash) values (2, x'00', '', '')",
        "insert into event (seq, body, prev, hash) values (2, '{}', '', null)",
    ],
)
def test_what_no_program_of_ours_may_write_is_refused(path: Path, statement: str) -> None:
    make_log(path, 1)
    writer = open_for_writing(path)
    with pytest.raises(sqlite3.IntegrityError):
        writer.execute(statement)
    writer.close()


def test_a_step_that_fails_leaves_nothing_behind(path: Path) -> None:
    made_by_hand = connect(path)
    made_by_hand.execute(f"pragma application_id = {APPLICATION_ID}")
    made_by_hand.execute("create table outbox (in_the_way)")
    made_by_hand.close()
    before = schema(path)
    with pytest.raises(Exception, match="table outbox already exists"):
        bring_up_to_date(path)
    assert schema(path) == before
