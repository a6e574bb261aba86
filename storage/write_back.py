"""The WAL, written back and emptied: only then does what was erased stand nowhere.

An erased openid is overwritten in the page that held it, but the page goes into the WAL first: the file keeps
the old one until a checkpoint, and the WAL its own earlier pages until it is emptied. Neither can be done
while somebody reads an older moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from storage.database import open_for_one_write
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.locks import Turn

_CHUNK: Final = 1 << 20


def write_back(path: Path) -> bool:
    """False: somebody reads an older moment. Raises DatabaseRefused, StorageUnavailable."""
    with Turn(path):
        database = open_for_one_write(path)
        try:
            return write_back_by(database)
        finally:
            database.close()


def write_back_by(connection: Any) -> bool:
    """The same by the caller's connection, in the caller's turn."""
    try:
        # Not waiting: whoever wants to commit would wait as long.
        connection.execute("pragma busy_timeout = 0")
        # Some versions of SQLite only checkpoint what they have read.
        connection.execute("select 1 from sqlite_master limit 1").fetchone()
        [busy, *_] = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    except sqlite3.OperationalError:
        return False
    return bool(busy == 0)


def files_holding(path: Path, text: str) -> Sequence[Path]:
    """Which of the database's files hold these bytes anywhere. Raises DatabaseRefused.

    For a process that has no connection open: whoever closes a file gives up SQLite's locks on it.
    """
    real = path.resolve()
    try:
        return [file for file in (real, Path(f"{real}-wal")) if file.exists() and _holds(file, text.encode())]
    except OSError as error:
        raise DatabaseRefused(f"{path} cannot be read: {error.strerror}") from error


def _holds(file: Path, wanted: bytes) -> bool:
    end = b""
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if wanted in end + chunk:
                return True
            end = chunk[-len(wanted) :]
    return False
