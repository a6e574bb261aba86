"""A month's report over two years of requests."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.long_log import START_MS, shared
from benchmarks.report import Load, Row
from storage.store import Store

_GOAL_S = 2.0
_DAY_MS = 86_400_000


async def run(load: Load) -> list[Row]:
    """Seconds for one month."""
    return await asyncio.to_thread(_measure, load.events)


def _measure(events: int) -> list[Row]:
    path = Path(shared(events).name) / "coupon.db"
    since = START_MS + 300 * _DAY_MS
    started = time.perf_counter()
    found = Store(path, clock=lambda: 0).report(since=since, before=since + 30 * _DAY_MS)
    elapsed = time.perf_counter() - started
    if not found.total.sent:
        raise RuntimeError("the month has no coupon in it")
    return [Row("a month's report", elapsed, "s", _GOAL_S, "the goal, at 1M events")]
