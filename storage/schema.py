"""Is the file's schema the one that was made? What the proof and every search rest on.

A trigger can drop what is written, a view can stand in for a table, and an index that is made with another
expression and then given back its old text shows other rows than the table has.
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
    """Each entry of each index says what its row says; slow for a long log. Raises AuditBroken: `index`."""
    answer = database.execute("pragma integrity_check(1)").fetchone()[0]
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
