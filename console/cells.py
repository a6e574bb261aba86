"""CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from coupons.sheet import safe

#: By which spreadsheets know UTF-8.
MARK = "\ufeff"


def lines(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, numbers as they are, texts safe."""
    stream = io.StringIO()
    csv.writer(stream).writerows(
        ["" if cell is None else safe(cell) if isinstance(cell, str) else cell for cell in row]
        for row in rows
    )
    return stream.getvalue()


def attached(name: str) -> list[tuple[bytes, bytes]]:
    """Headers of a CSV file; `name` is ours."""
    return [
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", f'attachment; filename="{name}.csv"'.encode()),
    ]
