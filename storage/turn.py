"""A command's own transaction, between two commits of the running bot (`docs/decisions/0008`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from coupons.errors import StorageUnavailable
from coupons.ports import Clock, Transaction
from storage.database import open_for_one_write, refuse_if_not_ours
from storage.driver import sqlite3
from storage.locks import Turn
from storage.rows import WritableRows
from storage.write_back import write_back_by

T = TypeVar("T")


def write_once(path: Path, work: Callable[[Transaction], T], *, clock: Clock) -> T:
    """One transaction beside the bot, in turn with it; durable when this returns.

    What `work` raises undoes all it did. Raises DatabaseRefused: nothing was changed, the sentence says why;
    and StorageUnavailable: it is not known whether the change was kept.
    """
    # Before the turn: nothing may be left beside what is no database.
    refuse_if_not_ours(path)
    try:
        with Turn(path):
            database = open_for_one_write(path)
            try:
                database.execute("begin immediate")
                rows = WritableRows(database, clock)
                result = work(rows)
                database.execute("commit")
                if rows.last_erasure():
                    # Whose reading put it off before may have ended; the bot may not run to see to it.
                    write_back_by(database.conn)
            finally:
                database.rollback()
                # It may checkpoint, when the bot does not run: still in turn.
                database.close()
            return result
    except sqlite3.Error as error:
        raise StorageUnavailable(f"the database did not take the change: {error}") from error
