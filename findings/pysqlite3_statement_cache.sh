#!/bin/sh
# One would guess: a connection that has run 100 different statements keeps those that are in use now prepared, as
# Python's own sqlite3 does (it throws out what was not used for longest).
# What happens: pysqlite3's cache (100 by default) throws out what was used least often, and that is what came last.
# Two new statements in turn take each other's place and are prepared anew at every execution, for as long as the
# connection lives: after a migration every statement of the program is. `cached_statements=` above their number
# ends it.
# pysqlite3 0.6.1. Source: its src/cache.c (a new entry is put last, and the last one is thrown out first), and run:
# a statement is being prepared when the authorizer is asked.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysqlite3==0.6.1
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3, sys
import pysqlite3


def prepared(module, before, **options):
    """How often in 100 executions of two statements in turn, after so many others."""
    connection = module.connect(":memory:", **options)
    connection.execute("create table t (a, b)")
    for number in range(before):
        connection.execute(f"select {number}").fetchone()
    asked = []
    connection.set_authorizer(lambda *what: asked.append(what[:3]) or 0)
    for _ in range(50):
        connection.execute("select a from t where a = ?", (1,)).fetchone()
        connection.execute("select b from t where b = ?", (1,)).fetchone()
    return sum(what[0] == module.SQLITE_SELECT for what in asked)


found = {
    "sqlite3 after 120": prepared(sqlite3, 120),
    "pysqlite3 after 20": prepared(pysqlite3, 20),
    "pysqlite3 after 120": prepared(pysqlite3, 120),
    "pysqlite3 after 120, cached_statements=256": prepared(pysqlite3, 120, cached_statements=256),
}
for name, times in found.items():
    print(f"{name}: prepared {times} times in 100 executions")
sys.exit(0 if list(found.values()) == [2, 2, 100, 2] else 1)
PYTHON
