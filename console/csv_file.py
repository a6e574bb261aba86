"""A CSV file as an answer."""

from __future__ import annotations


def attached(name: str) -> list[tuple[bytes, bytes]]:
    """Headers of a CSV file; `name` is ours."""
    return [
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", f'attachment; filename="{name}.csv"'.encode()),
    ]
