"""Is the file's schema the one that was made? What the proof and every search rest on.

A trigger can drop what is written, a view can stand in for a table, and an index that is made with another
expression and then given back its old text shows other rows than the table has. So everything that the schema
holds is compared with a fresh one, and each index must have as many entries as its table has rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlite_utils import Database

from storage.errors import AuditBroken
from storage.migrations import GUARDS, MIGRATIONS

_OBJECTS: Final = "select type, name, tbl_name, sql from sqlite_master"
#: SQLite's own, written by `analyze`, and what Litestream keeps in a file that it replicates.
_NOT_OURS: Final = ("sqlite_stat", "_litestream_")
#: FTS5 makes these by itself, and words them as its version does.
_SHADOWS: Final = ("request_words_", "event_words_")
#: Of each table, entries are counted in each index, by its own condition where it has one.
_COUNTED: Final = ("request", "approval", "customer", "console_link", "click", "outbox")
#: With a condition, since SQLite counts without one in whichever index is the smallest.
_EVENTS: Final = "select count(*) as n from event not indexed"
_EVENT_INDEXES: Final[Mapping[str, str]] = {
    "event_by_request": "select count(*) as n from event indexed by event_by_request where +seq > 0",
    "event_by_tag": "select count(*) as n from event indexed by event_by_tag where +seq > 0",
    "event_by_actor": "select count(*) as n from event indexed by event_by_actor where +seq > 0",
    "event_by_ts": "select count(*) as n from event indexed by event_by_ts where +seq > 0",
}


def check_schema(database: Any) -> None:
    """Raises AuditBroken: `guard_missing`, `guard_changed` of the event table's triggers, else `schema`."""
    there = _objects(database)
    for name, sql in GUARDS.items():
        if there.get(name, ("", "", ""))[:2] != ("trigger", "event"):
            raise AuditBroken("guard_missing", f"the trigger {name} is missing from the table event")
        if there[name] != ("trigger", "event", _plain(sql)):
            raise AuditBroken("guard_changed", f"the trigger {name} is not the one that was made")
    fresh = _fresh()
    for name in sorted(there.keys() - fresh.keys()):
        kind, table, _ = there[name]
        if kind == "trigger":
            raise AuditBroken("guard_changed", f"the table {table} has a trigger that is not ours: {name}")
        raise AuditBroken("schema", f"the {kind} {name} is not ours")
    for name, (kind, _, _) in sorted(fresh.items()):
        if name not in there:
            raise AuditBroken("schema", f"the {kind} {name} is missing")
        if there[name] != fresh[name]:
            raise AuditBroken("schema", f"the {kind} {name} is not the one that was made")


def check_indexes(database: Any) -> None:
    """Each has an entry for each row. Raises AuditBroken: `index`."""
    [events] = database.execute(_EVENTS).fetchone()
    for name, sql in _EVENT_INDEXES.items():
        [entries] = database.execute(sql).fetchone()
        if entries != events:
            raise AuditBroken(
                "index", f"the index {name} has {entries} entries, and there are {events} events"
            )
    for table in _COUNTED:
        _say(database.execute(f"pragma quick_check({table})").fetchone()[0])


def check_entries(database: Any) -> None:
    """Each entry of each index says what its row says; slow for a large file. Raises AuditBroken: `index`."""
    _say(database.execute("pragma integrity_check(1)").fetchone()[0])


def _say(answer: str) -> None:
    if answer != "ok":
        raise AuditBroken("index", f"SQLite finds the file damaged: {answer}")


def _objects(database: Any) -> Mapping[str, tuple[str, str, str]]:
    return {
        row["name"]: (row["type"], row["tbl_name"].casefold(), _plain(row["sql"]))
        for row in map(_named, database.execute(_OBJECTS).fetchall())
        if not row["name"].startswith(_NOT_OURS)
    }


def _named(row: Any) -> Mapping[str, str]:
    """Of a shadow table its being there is all that is compared."""
    found = dict(zip(("type", "name", "tbl_name", "sql"), row, strict=True))
    return {**found, "sql": ""} if found["name"].startswith(_SHADOWS) else found


def _plain(sql: str | None) -> str:
    return " ".join((sql or "").casefold().split())


@cache
def _fresh() -> Mapping[str, tuple[str, str, str]]:
    database = Database(memory=True, execute_plugins=False)
    try:
        MIGRATIONS.apply(database)
        return _objects(database)
    finally:
        database.close()
