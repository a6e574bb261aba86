"""Is the file's schema the one that was made? What the proof and every search rest on.

A trigger can drop what is written, a view can stand in for a table, and an index that is made with another
expression and then given back its old text shows other rows than the table has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sqlite_utils import Database

from storage.errors import AuditBroken
from storage.migrations import GUARDS, MIGRATIONS

_OBJECTS: Final = "select type, name, tbl_name, coalesce(sql, '') as sql from sqlite_master"
#: What else may stand in the file, to the letter, since whatever else is called like it is not it: the tables
#: that SQLite's `analyze` writes, and those in which Litestream counts and waits
#: (https://github.com/benbjohnson/litestream, `db.go`).
_ALLOWED: Final = {
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
    "_litestream_seq": "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    "_litestream_lock": "CREATE TABLE _litestream_lock (id INTEGER)",
}
#: FTS5 makes these by itself, and words them as its version does.
_SHADOWS: Final = ("request_words_", "event_words_")


class _Object(NamedTuple):
    """A trigger may be called like a table or an index, so that only both together name one."""

    kind: str
    name: str
    table: str
    sql: str


def check_schema(database: Any) -> None:
    """Raises AuditBroken: `guard_missing`, `guard_changed` of the event table's triggers, else `schema`."""
    there = _objects(database)
    fresh = _fresh()
    for name in GUARDS:
        found = there.get(("trigger", name))
        if found is None or found.table != "event":
            raise AuditBroken("guard_missing", f"the trigger {name} is missing from the table event")
        if found != fresh["trigger", name]:
            raise AuditBroken("guard_changed", f"the trigger {name} is not the one that was made")
    for kind, name in sorted(there.keys() - fresh.keys()):
        found = there[kind, name]
        if kind == "trigger":
            raise AuditBroken(
                "guard_changed", f"the table {found.table} has a trigger that is not ours: {name}"
            )
        if kind != "table" or found.sql != _ALLOWED.get(name):
            raise AuditBroken("schema", f"the {kind} {name} is not ours")
    for (kind, name), made in sorted(fresh.items()):
        if (kind, name) not in there:
            raise AuditBroken("schema", f"the {kind} {name} is missing")
        if there[kind, name] != made:
            raise AuditBroken("schema", f"the {kind} {name} is not the one that was made")


def check_indexes(database: Any) -> None:
    """Each entry of each index says what its row says; slow for a long log. Raises AuditBroken: `index`."""
    answer = database.execute("pragma integrity_check(1)").fetchone()[0]
    if answer != "ok":
        raise AuditBroken("index", f"SQLite finds the file damaged: {answer}")


def _objects(database: Any) -> Mapping[tuple[str, str], _Object]:
    """To the letter: in a generated column a capital is another key of the JSON. Raises AuditBroken."""
    found: dict[tuple[str, str], _Object] = {}
    for each in (_Object(*row) for row in database.execute(_OBJECTS).fetchall()):
        if (each.kind, each.name) in found:
            raise AuditBroken("schema", f"the {each.kind} {each.name} stands there twice")
        # Of a shadow table its being there is all that is compared.
        is_shadow = each.kind == "table" and each.name.startswith(_SHADOWS)
        found[each.kind, each.name] = each._replace(sql="") if is_shadow else each
    return found


@cache
def _fresh() -> Mapping[tuple[str, str], _Object]:
    database = Database(memory=True, execute_plugins=False)
    try:
        MIGRATIONS.apply(database)
        return _objects(database)
    finally:
        database.close()
