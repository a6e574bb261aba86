"""SIGKILL at random moments and at named points: nothing doubled, lost, unapproved, or said wrongly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import SENDS
from tests.faults.campaign import Campaign, campaign
from tests.faults.kill_points import POINTS
from tests.world import until

#: Single requests, lines of batches, kills.
_LONG, _SHORT = (2500, 2500, 1000), (5, 8, 5)
_RANDOM, _ON_THE_WIRE = "at random", "on the wire"
#: A point that is not passed by then: nothing was left to do.
_LONGEST_LIFE_S = 1.0
_WORKING_LIFE_S = 8.0


@dataclass(slots=True)
class Killer:
    """Ends each life of the bot: half of them from outside, half at a named point within."""

    campaign: Campaign
    kills: int
    by_point: Counter[str] = field(default_factory=Counter)

    async def kill(self) -> None:
        """So often; the last start lives."""
        for number in range(self.kills):
            self.by_point[await self._life()] += 1
            await self.campaign.gone()
            self.campaign.done = (number + 1) / self.kills
        await self._start()

    async def _life(self) -> str:
        """Where it ended."""
        dice, bot = self.campaign.dice, self.campaign.bot
        point = dice.choice((*POINTS, _ON_THE_WIRE, *[_RANDOM] * len(POINTS)))
        if self.campaign.done == 0.0:
            # Once at least, however short the campaign.
            point = _ON_THE_WIRE
        if point == _ON_THE_WIRE:
            await self._start()
            with suppress(TimeoutError):
                await until(lambda: self._is_on_the_wire() or None, within_s=_WORKING_LIFE_S)
                await bot.kill()
                return point
        elif point == _RANDOM:
            await self._start()
            await asyncio.sleep(dice.uniform(0.0, 0.7))
            await self._work()
        elif await self._start(die_at=(point, 1 + int(dice.expovariate(1 / 6)))):
            await self._dead_within(_LONGEST_LIFE_S)
        if not bot.runs:
            return point
        await bot.kill()
        return _RANDOM

    async def _start(self, **sabotage: object) -> bool:
        return await self.campaign.bot.start(self.campaign.slack, quick=True, **sabotage)

    def _is_on_the_wire(self) -> bool:
        latest = self.campaign.wechatpay.ledger.requests[-10:]
        return any(each.endpoint in SENDS and not each.done for each in latest)

    async def _work(self) -> None:
        """For as long as much is left to do, so that kills meet work, and work meets kills."""
        with suppress(TimeoutError):
            await until(lambda: not self.campaign.lags or None, within_s=_WORKING_LIFE_S)

    async def _dead_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await self.campaign.bot.ended(seconds)


async def test_killed_again_and_again_it_doubles_loses_and_forges_nothing(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, kills = _LONG if long_form else _SHORT
    async with campaign(tmp_path, seed=20261201) as here:
        faults = here.wechatpay.faults
        faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=20261201)
        # Slow answers, so that kills meet attempts on the wire; and some that WeChat Pay refuses.
        faults.rate(Fault(FaultKind.SLOW, seconds=0.3), 0.3)
        faults.rate(Fault(FaultKind.USER_REJECTED), 0.03)
        killer = Killer(here, kills)
        patience_s = 600.0 if long_form else 60.0
        found = await here.run(requests, lines, killer.kill, patience_s=patience_s)
        interrupted = found.attempts_that_ended_with("INTERRUPTED")
        points = ", ".join(f"{count} {point}" for point, count in sorted(killer.by_point.items()))
        figures(
            f"{killer.by_point.total()} kills in {here.seconds:.0f} s ({points}), "
            f"{interrupted} attempts interrupted; "
            f"{found.figures()}"
        )
        assert here.problems(found) == []
        assert interrupted, "no kill met an attempt"
