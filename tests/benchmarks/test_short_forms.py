"""Each benchmark in its shortest form, so that none rots, and what keeps one from waiting for ever."""

from __future__ import annotations

import asyncio
import math

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.lifecycles import Screens
from benchmarks.report import SHORT, table
from sandbox.slack import Workspace

#: The page's figures need a browser, and are taken with its tests.
_PAGE = "page"


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != _PAGE])
async def test_a_benchmark_does_its_work_and_gives_its_figures(name: str) -> None:
    async with asyncio.timeout(300):
        rows = await BENCHMARKS[name](SHORT)
    assert rows
    assert all(math.isfinite(row.figure) and row.figure >= 0 and row.limit > 0 for row in rows), rows
    assert len(table(rows).splitlines()) == len(rows) + 1


async def test_a_bot_that_is_stuck_is_noticed_although_other_things_go_on() -> None:
    async with Workspace().serve() as slack:
        screens = Screens(slack, dict, stuck_s=0.3)

        async def others() -> None:
            while True:
                slack.state.changes.note("call", method="usergroups.users.list")
                await asyncio.sleep(0.01)

        going_on = asyncio.create_task(others())
        try:
            async with asyncio.timeout(60):
                with pytest.raises(TimeoutError, match="not seen within"):
                    await screens.watch()
        finally:
            going_on.cancel()
            await asyncio.wait({going_on})
