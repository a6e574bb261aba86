"""Is the record whole? The schema, the chain, the indexes, and the requests that the chain tells of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from storage.database import open_for_reading
from storage.driver import sqlite3
from storage.errors import AuditBroken, DatabaseRefused
from storage.migrations import LATEST
from storage.proof.absences import check_absences
from storage.proof.batches import check_batches
from storage.proof.bodies import check_bodies
from storage.proof.chain import LAST, Verified, check_chain
from storage.proof.coupon_states import check_coupon_states
from storage.proof.needs import check_needs
from storage.proof.permits import check_permits
from storage.proof.rows_exact import compare
from storage.proof.rows_fast import Agreement
from storage.proof.schema import check_indexes, check_schema


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
            _start_together(path, database, beside)
            check_schema(database)
            check_permits(database)
            check_absences(database)
            agreement = Agreement(beside)
            # SQLite works outside the interpreter's lock: a second core compares while this one follows the
            # chain, and what is left then is done by both.
            with ThreadPoolExecutor(1) as second:
                helped = second.submit(agreement.help, beside)
                try:
                    found = check_chain(database, tell)
                    agreement.help(database)
                finally:
                    agreement.stop()
            if thorough:
                check_indexes(database)
            helped.result()
            if not agreement.holds():
                compare(beside)
            check_batches(database)
            check_coupon_states(database)
            check_needs(database)
            if thorough:
                check_bodies(database)
        except sqlite3.DatabaseError as error:
            raise AuditBroken("unreadable", f"the file cannot be read to its end: {error}") from error
        return found


def _start_together(path: Path, *databases: Any) -> None:
    """In one moment, while the bot goes on writing: whatever it writes, an event tells of."""
    while True:
        for database in databases:
            database.execute("begin")
            _check_version(path, database)
        if len({database.execute(LAST).fetchone()[0] for database in databases}) == 1:
            return
        for database in databases:
            database.execute("rollback")


def _check_version(path: Path, database: Any) -> None:
    version = database.execute("pragma user_version").fetchone()[0]
    if version != LATEST:
        raise DatabaseRefused(
            f"{path} has schema version {version}, and this coupon-bot proves {LATEST}; run `coupon-bot "
            "migrate` on a copy of it, or the coupon-bot that wrote it"
        )
