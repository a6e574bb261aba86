"""One moment of the file for a command, while the bot goes on writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coupons.ports import Clock, Reading
from storage.database import open_for_reading
from storage.driver import sqlite3
from storage.errors import AuditBroken, DatabaseRefused
from storage.rows import Rows


@contextmanager
def moment(path: Path, *, clock: Clock) -> Iterator[Reading]:
    """All that is read inside is of one moment. Raises DatabaseRefused, for what cannot be read, too."""
    database = open_for_reading(path)
    try:
        database.execute("begin")
        yield Rows(database.conn, clock)
    except (sqlite3.Error, AuditBroken) as error:
        raise DatabaseRefused(
            f"{path} cannot be read: {error}. `coupon-bot audit verify` tells more"
        ) from error
    finally:
        database.close()
