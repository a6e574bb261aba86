"""`audit verify` over a long log of whole requests, against its hashes alone."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.limits import sha256_rows_per_second
from benchmarks.long_log import shared
from benchmarks.report import Load, Row
from storage.driver import sqlite3
from storage.proof.verify import verify

#: A busy machine's speed changes within seconds: both are measured in turns.
_TURNS = 5
#: The whole file, requests and their search index included.
_GOAL_BYTES = 1_300


async def run(load: Load) -> list[Row]:
    """Rows verified in a second."""
    # No loop is needed, but one that stands still could not be interrupted.
    return await asyncio.to_thread(_measure, load.events)


def _measure(events: int) -> list[Row]:
    path = Path(shared(events).name) / "coupon.db"
    size = path.stat().st_size
    bodies = _bodies(path)
    elapsed, bare = 0.0, 0.0
    for _ in range(_TURNS):
        started = time.perf_counter()
        found = verify(path)
        elapsed += time.perf_counter() - started
        bare += len(bodies) / sha256_rows_per_second(bodies)
        if found.rows < events or found.rows != len(bodies):
            raise RuntimeError(f"verify read {found.rows} events; {len(bodies)} had been written")
    rows = _TURNS * len(bodies)
    return [
        Row("verify, rows of the log", rows / elapsed, "/s", rows / bare, "SHA-256 of the same bytes"),
        Row("an event with all indexes", size / len(bodies), "bytes", _GOAL_BYTES, "the goal, at 1M events"),
    ]


def _bodies(path: Path) -> list[bytes]:
    connection = sqlite3.connect(path)
    try:
        connection.text_factory = bytes
        return [body for (body,) in connection.execute("select body from event order by seq")]
    finally:
        connection.close()
