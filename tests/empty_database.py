"""A database as a first start leaves it: migrated once in a process, and copied for each test."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.database import bring_up_to_date


def empty_database(path: Path) -> Path:
    """Put there, for its owner only, unless there is a file or no folder. Tests of migrations need none."""
    if path.parent.is_dir() and not os.path.lexists(path):
        path.touch(0o600)
        path.write_bytes(_migrated())
    return path


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "coupon.db"
        bring_up_to_date(path)
        return path.read_bytes()
