"""Does the log still hold what an earlier export says? A chain cannot see a cut end or an older file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any

from storage.audit import digest
from storage.database import one_moment
from storage.errors import AuditBroken, ExportRefused
from storage.export import StoredEvent, read

_ROW = "select seq, prev, hash, body from event where seq = :seq"
_ROWS = "select seq, prev, hash, body from event where seq >= :first order by seq"


def verify_against(path: Path, export: Path, *, part: bool = False) -> int:
    """Compare each row of the export with the log, and return how many there were.

    `part`: it was made with words, so rows may be missing between its own.

    Raises AuditBroken: kind `export` when the export itself is damaged, `tail` when the log ends before it,
    `rewritten` when the log tells another story from a row on. Raises ExportRefused, for one without a row,
    too, and DatabaseRefused.
    """
    # First the export by itself: a changed row with a hash to fit shows only at the row after it.
    before: StoredEvent | None = None
    for row in read(export):
        _check_row(export, row, before, part=part)
        before = row
    if before is None:
        raise ExportRefused(f"{export} holds no event, so it proves nothing; name an export that has some")
    with one_moment(path) as database:
        return _compare(export, partial(_single, database) if part else _in_order(database))


def _single(database: Any, seq: int) -> StoredEvent | None:
    row = database.execute(_ROW, {"seq": seq}).fetchone()
    return StoredEvent(*row) if row else None


def _in_order(database: Any) -> Callable[[int], StoredEvent | None]:
    """Rows that follow each other, without a question for each."""
    log: Iterator[StoredEvent] | None = None

    def following(seq: int) -> StoredEvent | None:
        nonlocal log
        log = log or starmap(StoredEvent, database.execute(_ROWS, {"first": seq}))
        return next(log, None)

    return following


def _compare(export: Path, log: Callable[[int], StoredEvent | None]) -> int:
    count = 0
    for row in read(export):
        stored = log(row.seq)
        if stored is None:
            raise AuditBroken(
                "tail",
                f"the log has no #{row.seq}, which {export} holds: its end was cut off, or an older file "
                "was put back",
            )
        if stored != row:
            raise AuditBroken(
                "rewritten", f"event #{row.seq} is not the one that {export} holds: the log was written anew"
            )
        count += 1
    return count


def _check_row(export: Path, row: StoredEvent, before: StoredEvent | None, *, part: bool) -> None:
    if part and before is not None and row.seq > before.seq + 1:
        before = None
    if before is not None and (row.seq, row.prev) != (before.seq + 1, before.hash):
        raise AuditBroken("export", f"{export} was changed: #{row.seq} does not follow #{before.seq}")
    try:
        holds = digest(row.prev, row.body.encode()) == row.hash
    except ValueError:
        holds = False
    if not holds:
        raise AuditBroken("export", f"{export} was changed: the body of #{row.seq} does not give its hash")
