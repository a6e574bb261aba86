"""One statement, run only when SQLite's own program of it opens nothing but what is meant to be read.

The authorizer is asked for columns by name, and SQLite does not ask it for those of USING and NATURAL. Here
nothing goes by names: a program that opens another table's pages, or takes a column of `request` that is not
to be read, does not run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from console.driver import sqlite3
from console.readable import READABLE

NO_USING: Final = "USING and NATURAL joins are not to be had here; join with ON"
#: Wherever they stand, in a text, too: whoever looks for such a word takes a parameter (`like :word`).
_JOINS: Final = re.compile(r"\b(?:using|natural)\b", re.IGNORECASE)
#: Looked up for each statement: VACUUM moves tables about. Views are written out into these.
_PAGES: Final = """
select rootpage, name = 'request' from main.sqlite_master
where rootpage > 0 and tbl_name in ('event', 'request', 'approval', 'batch_approval', 'coupon_state', 'pause')
"""
_SCHEMA_PAGE: Final = 1
_MAIN, _TEMP = 0, 1
_OPENS: Final = frozenset({"OpenRead", "ReopenIdx"})
#: These open what the statement itself makes, in memory.
_OWN: Final = frozenset(
    {"OpenEphemeral", "OpenAutoindex", "OpenPseudo", "OpenDup", "SorterOpen", "IfNotOpen"}
)
#: Whatever else opens something or asks a virtual table: better refused too much.
_OTHER: Final = re.compile(r".*Open|V[A-Z]")
_STEPS: Final = 1_000
_NUMBER: Final = count()


class TooLong(Exception):
    """It was stopped at its time limit."""


def ask(
    connection: Any, sql: str, params: Any, *, most: int | None, limit_s: float
) -> tuple[Sequence[str], Sequence[Any]]:
    """Names of the columns, and at most so many rows. Raises TooLong, and sqlite3.OperationalError."""
    cursor = connection.cursor()
    values = {} if params is None else params
    try:
        with _limited(connection, limit_s):
            _check(connection, sql, values)
            cursor.execute(sql, values)
            rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise TooLong from error
        raise
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        # Of all that a driver raises Datasette expects this one alone.
        raise sqlite3.OperationalError(str(error)) from error
    return [column[0] for column in cursor.description or ()], rows


@contextmanager
def _limited(connection: Any, limit_s: float) -> Iterator[None]:
    end = time.monotonic() + limit_s
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, _STEPS)


def refuse_joins(sql: str) -> None:
    """Raises sqlite3.OperationalError for words that no statement may have; needs no connection."""
    if _JOINS.search(sql):
        raise sqlite3.OperationalError(NO_USING)


def _check(connection: Any, sql: str, values: Any) -> None:
    """Raises sqlite3.OperationalError for what is not meant to be read."""
    refuse_joins(sql)
    cursor = connection.cursor()
    cursor.row_factory = None
    # First, because reading them makes SQLite take notice of a VACUUM, and making a program does not.
    pages = dict(cursor.execute(_PAGES).fetchall())
    hidden = _hidden(cursor)
    # Never the same text twice: the driver would bring an old program out of its cache.
    program = cursor.execute(f"explain /* {next(_NUMBER)} */ {sql}", values).fetchall()
    requests = set()
    for _, opcode, opened, page, database, *_ in program:
        if opcode in _OPENS:
            known = database == _TEMP or (database == _MAIN and (page == _SCHEMA_PAGE or page in pages))
            if not known:
                raise sqlite3.OperationalError("not authorized: it would open a table that is not to be read")
            if database == _MAIN and pages.get(page):
                requests.add(opened)
        elif opcode not in _OWN and _OTHER.match(opcode):
            raise sqlite3.OperationalError(f"not authorized: {opcode} is not to be had here")
    for _, opcode, opened, column, *_ in program:
        if opened in requests and (opcode == "RowData" or (opcode == "Column" and column in hidden)):
            raise sqlite3.OperationalError("not authorized: a column of request that is not to be read")


def _hidden(cursor: Any) -> frozenset[int]:
    """By place, as a program names them."""
    readable = READABLE["request"] or frozenset()
    columns = cursor.execute("pragma main.table_xinfo(request)").fetchall()
    return frozenset(place for place, name, *_ in columns if name not in readable)
