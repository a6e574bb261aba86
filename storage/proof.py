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
from storage.schema import check_indexes, check_schema


def verify(
    path: Path,
    tell: Callable[[int, int], object] = lambda _place, _last: None,
    *,
    thorough: bool = False,
) -> Verified:
    """Raises AuditBroken at the first damage, DatabaseRefused.

    `tell` hears again and again which event was reached, and which is the last. `thorough`: also the bytes
    for WeChat Pay with the customers they name, and each entry of each index, by which searches find things.
    """
    with ExitStack() as stack:
        database, beside = (stack.enter_context(closing(open_for_reading(path))) for _ in range(2))
        try:
            # One moment each, while the bot goes on writing; the chain's is the latest, so that every event
            # that requests are compared with is in the chain that is checked.
            for connection in (beside, database):
                connection.execute("begin")
                connection.execute("select 1 from sqlite_master limit 1").fetchone()
            _check_version(path, database)
            check_schema(database)
            # SQLite works outside the interpreter's lock: on a second core the comparison costs no time.
            with ThreadPoolExecutor(1) as second:
                compared = second.submit(_compare, beside)
                found = check_chain(database, tell)
            if thorough:
                check_indexes(database)
            compared.result()
            if thorough:
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


def _compare(database: Any) -> None:
    if not all_agree(database):
        compare(database)
