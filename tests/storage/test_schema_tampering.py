"""A schema that is not the one that was made, and what may stand in the file beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coupons.model import Approval
from coupons.ports import Transaction
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.proof.verify import verify
from tests.storage.records import (
    NOW,
    approve,
    broken,
    connect,
    open_ledger,
    rows,
)
from tests.storage.test_beside_the_chain import hide, log, whole

__all__ = ["log", "whole"]


def column_that_lies(log: Path) -> None:
    connection = connect(log)
    connection.execute("pragma writable_schema = on")
    connection.execute(
        "update sqlite_schema set sql = replace(sql, '(body ->> ''$.request_id'')', "
        "'(nullif(body ->> ''$.request_id'', 2))') where name = 'event'"
    )
    connection.execute("pragma writable_schema = reset")
    connection.execute("reindex")
    connection.close()
    hide(log)


def trigger_by_another_name(log: Path) -> None:
    """One that drops each look at an openid, and says that it belongs to the table EVENT."""
    connection = connect(log)
    connection.execute(
        "create trigger quiet before insert on event when new.body like '%openid:viewed%' "
        "begin select raise(ignore); end"
    )
    connection.execute("pragma writable_schema = on")
    connection.execute("update sqlite_schema set tbl_name = 'EVENT' where name = 'quiet'")
    connection.execute("pragma writable_schema = reset")
    connection.close()


def executed(*statements: str) -> Callable[[Path], None]:
    def change(log: Path) -> None:
        connection = connect(log)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return change


def trigger_called(name: str) -> Callable[[Path], None]:
    """SQLite itself refuses such a name."""

    def change(log: Path) -> None:
        executed(
            "create trigger quiet after insert on request begin delete from approval; end",
            "pragma writable_schema = on",
            f"update sqlite_schema set name = '{name}', sql = replace(sql, 'quiet', '{name}') "
            "where name = 'quiet'",
            "pragma writable_schema = reset",
        )(log)

    return change


def column_by_another_key(log: Path) -> None:
    """Keys of JSON differ by a capital: no event has a time any more, and no search by time finds one."""
    executed(
        "pragma writable_schema = on",
        "update sqlite_schema set sql = replace(sql, '$.ts', '$.TS') where name = 'event'",
        "pragma writable_schema = reset",
        "reindex",
    )(log)


SCHEMAS = {
    "a column that lies": (column_that_lies, "the table event is not the one that was made"),
    "a trigger by another spelling": (trigger_by_another_name, "has a trigger that is not ours: quiet"),
    "a trigger of the requests": (
        executed("create trigger t after insert on request begin delete from approval; end"),
        "the table request has a trigger that is not ours: t",
    ),
    "a view": (executed("create view looks as select * from event"), "the view looks is not ours"),
    "a table": (executed("create table notes (x)"), "the table notes is not ours"),
    "a trigger called like one of Litestream's tables": (
        executed(
            "create trigger _litestream_seq after update on request when new.state = 'declined' "
            "begin update request set state = 'approved' where id = new.id; end"
        ),
        "the table request has a trigger that is not ours: _litestream_seq",
    ),
    "a view called like one": (
        executed("create view _litestream_lock as select * from event"),
        "the view _litestream_lock is not ours",
    ),
    "an index called like one": (
        executed("create unique index _litestream_seq on event (tag) where seq > 99"),
        "the index _litestream_seq is not ours",
    ),
    "another table called like one": (
        executed("create table _litestream_seq (id integer primary key, seq integer, openid text)"),
        "the table _litestream_seq is not ours",
    ),
    "a table called like a further one": (
        executed("create table _litestream_log (id integer)"),
        "the table _litestream_log is not ours",
    ),
    "an index of Litestream's table": (
        executed("create table _litestream_lock (id integer)", "create index first on _litestream_lock (id)"),
        "the index first is not ours",
    ),
    "a trigger called like one of SQLite's tables": (
        trigger_called("sqlite_stat1"),
        "the table request has a trigger that is not ours: sqlite_stat1",
    ),
    "a trigger called like an index that was made again": (
        executed(
            "drop index request_due",
            "create trigger request_due after insert on approval begin select 1; end",
            "create index request_due on request (due_at) where due_at is not null",
        ),
        "the table approval has a trigger that is not ours: request_due",
    ),
    "a column that reads another key": (
        column_by_another_key,
        "the table event is not the one that was made",
    ),
    "an index that is gone": (executed("drop index event_by_ts"), "the index event_by_ts is missing"),
    "an index for some": (
        executed("drop index event_by_ts", "create index event_by_ts on event (ts) where ts > 0"),
        "the index event_by_ts is not the one that was made",
    ),
}


@pytest.mark.parametrize("what", SCHEMAS)
def test_a_schema_that_is_not_the_one_that_was_made_is_named(log: Path, what: str) -> None:
    change, sentence = SCHEMAS[what]
    change(log)
    kind, found = broken(log)
    assert kind in {"schema", "guard_changed"}
    assert sentence in found


def test_what_sqlite_and_litestream_keep_in_the_file_is_no_damage(log: Path) -> None:
    executed(
        "analyze",
        "create table if not exists _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);",
        "insert into _litestream_seq values (1, 4)",
        "create table if not exists _litestream_lock (id INTEGER);",
    )(log)
    verify(log)


def test_a_copy_that_was_made_small_is_whole(log: Path) -> None:
    connection = connect(log)
    connection.execute(f"vacuum into '{log.parent}/copy.db'")
    connection.close()
    assert verify(log.parent / "copy.db", thorough=True).rows == verify(log).rows


async def test_an_event_that_a_trigger_drops_is_no_event_and_nothing_is_done(log: Path) -> None:
    trigger_by_another_name(log)
    connection = sqlite3.connect(log)
    connection.execute("drop trigger quiet")
    connection.execute(
        "create trigger quiet before insert on event when new.body like '%approval:given%' "
        "begin select raise(ignore); end"
    )
    connection.commit()
    connection.close()
    ledger = open_ledger(log)

    def approving(tx: Transaction) -> None:
        tx.add_approval(Approval(5, "U0WANG", NOW))
        approve(tx, tx.request(5))  # type: ignore[arg-type]  # it is there

    with pytest.raises(AuditBroken, match="was not written"):
        await ledger.write(approving)
    await ledger.close()
    assert rows(log, "select approver from approval where request_id = 5") == []
