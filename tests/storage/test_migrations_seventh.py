"""The seventh schema: what is held may be closed, a notification finds it, and what waits has its time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage.database import bring_up_to_date, open_for_writing
from storage.driver import sqlite3
from storage.migrations import LATEST, MIGRATIONS
from storage.proof.verify import verify
from tests.storage.records import chained, rows
from tests.storage.test_migrations import schema
from tests.storage.test_migrations_third import left_at_each_statement, second_version


@pytest.fixture(scope="module")
def sixth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sixth") / "coupon.db"
    second_version(path)
    connection = sqlite3.connect(path)
    MIGRATIONS.apply(Database(connection, execute_plugins=False), stop_before="m007_promises")
    connection.execute("pragma user_version = 6")
    connection.execute("update request set state = 'held' where id = 2")
    [(seq, prev)] = connection.execute("select seq, hash from event order by seq desc limit 1").fetchall()
    for tag, actor, detail in _HELD:
        seq += 1
        body = f'{{"actor":"{actor}","detail":{detail},"request_id":2,"seq":{seq},"tag":"{tag}","ts":1}}'
        digest = chained(prev, body)
        values = {"seq": seq, "body": body, "prev": prev, "hash": digest}
        connection.execute(
            "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)", values
        )
        prev = digest
    connection.execute("insert into approval (request_id, approver, at) values (2, 'U0WANG', 4)")
    connection.commit()
    connection.close()
    return path


_HELD = (
    ("approval:given", "U0WANG", '{"count":2,"needed":2}'),
    ("request:approved", "U0WANG", '{"approvals":["U0ZHAO","U0WANG"]}'),
    ("request:held", "system", '{"code":"BODY_CHANGED","not_known":false}'),
)


@pytest.fixture
def old(sixth: Path, path: Path) -> Path:
    return Path(shutil.copy(sixth, path))


def test_the_file_is_whole_and_like_a_fresh_one(old: Path, tmp_path: Path) -> None:
    columns = ", ".join(name for (name,) in rows(old, "select name from pragma_table_info('request')"))
    before = (
        rows(old, "select seq, body, prev, hash from event"),
        rows(old, f"select {columns} from request"),
    )
    assert bring_up_to_date(old) == ("m007_promises", "m008_batches", "m009_after_sending")
    assert bring_up_to_date(old) == ()
    bring_up_to_date(tmp_path / "fresh.db")
    assert schema(old) == schema(tmp_path / "fresh.db")
    assert rows(old, "pragma integrity_check") == [("ok",)]
    assert before == (
        rows(old, "select seq, body, prev, hash from event"),
        rows(old, f"select {columns} from request"),
    )
    assert verify(old, thorough=True).rows == len(before[0])


def test_what_waited_before_the_upgrade_waits_from_when_it_was_asked_for(old: Path) -> None:
    asked = rows(old, "select id, created_at from request")
    bring_up_to_date(old)
    assert rows(old, "select id, waits_from from request") == asked


def test_looks_from_before_the_upgrade_let_nobody_close_what_is_held(old: Path) -> None:
    """They were made with each attempt, seconds apart: a coupon may have shown later."""
    rows(old, "update request set absent_looks = 5")
    bring_up_to_date(old)
    assert rows(old, "select state, absent_looks from request order by id")[1] == ("held", 0)


def test_a_click_of_before_says_nothing_of_where_it_was_made(old: Path) -> None:
    bring_up_to_date(old)
    assert rows(old, "select key, message_ts, out_request_no, done from click") == [("k1", "", "", 0)]


def test_what_is_held_may_be_closed_and_no_other_word_came_in(old: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        rows(old, "update request set state = 'closed' where id = 2")
    bring_up_to_date(old)
    writer = open_for_writing(old)
    writer.execute("update request set state = 'closed' where id = 2")
    for state in ("done", "lapsed", ""):
        with pytest.raises(sqlite3.IntegrityError):
            writer.execute("update request set state = :state where id = 2", {"state": state})
    writer.close()


def test_killed_at_any_statement_the_file_is_of_the_sixth_version_or_the_newest(
    old: Path, tmp_path: Path, *, long_form: bool
) -> None:
    versions = []
    for left in left_at_each_statement(old, tmp_path, every=1 if long_form else 5):
        [(version,)] = rows(left, "pragma user_version")
        assert ("'expired', 'closed'" in schema(left)) is (version != 6)
        assert rows(left, "pragma integrity_check") == [("ok",)]
        versions.append(version)
        assert bring_up_to_date(left) == (
            ("m007_promises", "m008_batches", "m009_after_sending") if version == 6 else ()
        )
        assert verify(left).rows == 10
    assert sorted(set(versions)) == [6, LATEST]
