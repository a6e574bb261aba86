"""The clock is wrong at a start, or jumps: nothing expires or doubles by it, and all is sent in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from tests.empty_database import empty_database
from tests.faults.campaign import Campaign, campaign

#: Single requests, lines of batches, lives.
_LONG, _SHORT = (150, 150, 40), (4, 4, 3)
_SEED = 20261205
_MINUTE_MS = 60_000
_JUMPS_MS = (26 * 60 * _MINUTE_MS, 3_000)
#: A retry that a clock put off, which is then set back by less than the longest pause, waits for as long.
_WAITED_FOR_MS = 4 * _MINUTE_MS


async def _wrong_clocks(here: Campaign, lives: int, jumps_ms: Sequence[int]) -> None:
    """Each life begins with a clock that is off or right, and may go on with another one."""
    for number in range(lives):
        before, after = (
            here.dice.choice((0, here.dice.choice(jumps_ms) * here.dice.choice((1, -1)))) for _ in range(2)
        )
        await here.bot.start(here.slack, quick=True, clock=(before, after, here.dice.uniform(0.3, 1.0)))
        await asyncio.sleep(here.dice.uniform(1.0, 2.5))
        if here.dice.random() < 0.5:
            await here.bot.kill()
        else:
            assert await here.bot.stop() == 0
        await here.gone()
        here.done = (number + 1) / lives
    await here.bot.start(here.slack, quick=True)


async def test_whatever_the_clock_says_nothing_expires_or_doubles_by_it(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, lives = _LONG if long_form else _SHORT
    jumps_ms = (*_JUMPS_MS, _WAITED_FOR_MS) if long_form else _JUMPS_MS
    empty_database(tmp_path / "coupon.db")
    async with campaign(tmp_path, seed=_SEED) as here:
        here.wechatpay.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=_SEED)
        found = await here.run(
            requests, lines, lambda: _wrong_clocks(here, lives, jumps_ms), patience_s=600.0
        )
        figures(f"{lives} lives in {here.seconds:.0f} s; {found.figures()}")
        assert here.problems(found) == []
        assert [row["id"] for row in found.rows if row["state"] == "expired"] == []
