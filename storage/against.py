"""Does the log still hold what an earlier export says? A chain cannot see a cut end or an older file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from storage.audit import digest
from storage.errors import AuditBroken
from storage.export import Row, read, rows


def verify_against(path: Path, export: Path) -> int:
    """Compare each row of the export with the log, and return how many there were.

    Raises AuditBroken: kind `export` when the export itself is damaged, `tail` when the log ends before it,
    `rewritten` when the log tells another story from a row on. Raises ExportRefused and DatabaseRefused.
    """
    # First the export by itself: a changed row with a hash to fit shows only at the row after it.
    before: Row | None = None
    for told in read(export):
        _check_row(export, told, before)
        before = told
    return _compare(path, export)


def _compare(path: Path, export: Path) -> int:
    count = 0
    log: Iterator[Row] | None = None
    for told in read(export):
        log = log or rows(path, first=told.seq)
        kept = next(log, None)
        if kept is None:
            raise AuditBroken(
                "tail",
                f"the log has no #{told.seq}, which {export} holds: its end was cut off, or an older file "
                "was put back",
            )
        if kept != told:
            raise AuditBroken(
                "rewritten", f"event #{told.seq} is not the one that {export} holds: the log was written anew"
            )
        count += 1
    return count


def _check_row(export: Path, row: Row, before: Row | None) -> None:
    if before is not None and (row.seq, row.prev) != (before.seq + 1, before.hash):
        raise AuditBroken("export", f"{export} was changed: #{row.seq} does not follow #{before.seq}")
    try:
        holds = digest(row.prev, row.body.encode()) == row.hash
    except ValueError:
        holds = False
    if not holds:
        raise AuditBroken("export", f"{export} was changed: the body of #{row.seq} does not give its hash")
