from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import open_for_writing
from storage.driver import sqlite3
from storage.proof.verify import verify
from tests.storage.records import connect, make_log

_VALUES = "'{}', '', '')"
_UPSERT = """
insert into event (seq, body, prev, hash) values (5, '{}', '', '')
on conflict (seq) do update set body = excluded.body
"""


@pytest.mark.parametrize("opened", ["ours", "bare"])
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("update event set body = '{}' where seq = 2", "never changed"),
        ("update event set seq = 99 where seq = 5", "never changed"),
        ("update or replace event set seq = 4 where seq = 5", "never changed"),
        ("delete from event where seq = 5", "never deleted"),
        ("delete from event", "never deleted"),
        ("insert into event (seq, body, prev, hash) values (7, " + _VALUES, "follows the last"),
        ("insert into event (seq, body, prev, hash) values (0, " + _VALUES, "follows the last"),
        ("insert into event (seq, body, prev, hash) values (-3, " + _VALUES, "follows the last"),
        ("insert into event (seq, body, prev, hash) values (5, " + _VALUES, "follows the last"),
        ("insert or replace into event (seq, body, prev, hash) values (5, " + _VALUES, "follows the last"),
        ("replace into event (seq, body, prev, hash) values (1, " + _VALUES, "follows the last"),
        ("insert or ignore into event (seq, body, prev, hash) values (9, " + _VALUES, "follows the last"),
        (_UPSERT, "follows the last"),
    ],
)
def test_the_log_refuses_everything_but_the_next_event(
    path: Path, statement: str, sentence: str, opened: str
) -> None:
    make_log(path, 5)
    before = verify(path)
    connection = open_for_writing(path) if opened == "ours" else connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=sentence):
        connection.execute(statement)
    connection.close()
    assert verify(path) == before
