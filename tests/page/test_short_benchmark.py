"""The page's benchmark in its shortest form: where there is no browser this is skipped, and says so."""

from __future__ import annotations

import asyncio
import math

from benchmarks import page
from benchmarks.report import SHORT


async def test_the_pages_figures_are_taken(chromium: str) -> None:
    assert chromium
    async with asyncio.timeout(60):
        rows = await page.run(SHORT)
    assert len(rows) == 3
    assert all(math.isfinite(row.figure) and row.figure > 0 for row in rows)
