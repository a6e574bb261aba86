"""Is the record whole? The schema, the chain, the indexes, and the requests that the chain tells of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from storage.agreeing import all_agree
from storage.bodies import check_bodies
from storage.chain import Verified, check_chain
from storage.comparing import compare
from storage.database import open_for_reading
from storage.driver import sqlite3
from storage.errors import AuditBroken, DatabaseRefused
from storage.migrations import LATEST
from storage.schema import check_entries, check_indexes, check_schema


def verify(
    path: Path,
    tell: Callable[[int, int], object] = lambda _place, _last: None,
    *,
    entries: bool = False,
) -> Verified:
    """Raises AuditBroken at the first damage, DatabaseRefused.

    `tell` hears again and again which event was reached, and which is the last. `entries`: also each entry of
    each index, which searches rest on and the proof does not.
    """
    with ExitStack() as stack:
        database, beside, indexes = (stack.enter_context(closing(open_for_reading(path))) for _ in range(3))
        try:
            # One moment each, while the bot goes on writing; the chain's is the latest, so that every event
            # that requests are compared with is in the chain that is checked.
            for connection in (beside, indexes, database):
                connection.execute("begin")
                connection.execute("select 1 from sqlite_master limit 1").fetchone()
            _check_version(path, database)
            check_schema(database)
            # SQLite works outside the interpreter's lock: on a second core the comparison costs no time.
            with ThreadPoolExecutor(2) as others:
                compared = others.submit(_compare, beside)
                indexed = others.submit(_check_indexes, indexes, entries=entries)
                found = check_chain(database, tell)
                indexed.result()
                # What it says of bodies rests on what the comparison found right.
                compared.result()
                check_bodies(database)
        except sqlite3.DatabaseError as error:
            raise AuditBroken("unreadable", f"the file cannot be read to its end: {error}") from error
        return found


def _check_version(path: Path, database: Any) -> None:
    version = database.execute("pragma user_version").fetchone()[0]
    if version != LATEST:
        raise DatabaseRefused(
            f"{path} has schema version {version}, and this coupon-bot proves {LATEST}; run `coupon-bot "
            "migrate` on a copy of it, or the coupon-bot that wrote it"
        )


def _check_indexes(database: Any, *, entries: bool) -> None:
    check_indexes(database)
    if entries:
        check_entries(database)


def _compare(database: Any) -> None:
    if not all_agree(database):
        compare(database)
