"""SIGKILL at random moments and at named points: nothing doubled, lost, unapproved, or said wrongly."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.keyring import KeyMode
from tests.faults.agreement import acked_are_kept, agreement_of
from tests.faults.bot_process import BotProcess, bot_process
from tests.faults.call_watch import WatchedWeChatPay
from tests.faults.kill_points import POINTS
from tests.faults.people import LEADS, People
from tests.world import ENGLISH_TEAM, STOCKS, World, environment, keys, until

#: Requests and kills.
_LONG, _SHORT = (5000, 1000), (12, 6)
_RANDOM = "at random"
#: A point that is not passed by then: nothing was left to do.
_LONGEST_LIFE_S = 2.0


@dataclass(slots=True)
class Killer:
    """Ends each life of the bot: half of them from outside, half at a named point within."""

    bot: BotProcess
    shop: World
    dice: random.Random
    by_point: Counter[str] = field(default_factory=Counter)

    async def kill(self, kills: int) -> None:
        """Starts and kills so often; the last start lives."""
        while self.bot.kills < kills:
            point = self.dice.choice((*POINTS, *[_RANDOM] * len(POINTS)))
            if point == _RANDOM:
                await self.start()
                await asyncio.sleep(self.dice.uniform(0.0, 1.0))
            else:
                passing = 1 + int(self.dice.expovariate(1 / 12))
                if await self.start(die_at=(point, passing)):
                    await self._dead_within(_LONGEST_LIFE_S)
            if self.bot.runs:
                point = _RANDOM
                await self.bot.kill()
            self.bot.kills += 1
            self.by_point[point] += 1
            await until(lambda: not self.shop.slack.sockets.links or None)
        await self.start()

    async def start(self, **sabotage: object) -> bool:
        return await self.bot.start(self.shop.slack, **sabotage)

    async def _dead_within(self, seconds: float) -> None:
        try:
            await self.bot.ended(seconds)
        except TimeoutError:
            return


@dataclass(frozen=True, slots=True)
class Campaign:
    people: People
    killer: Killer
    shop: World
    wechatpay: WatchedWeChatPay
    bot: BotProcess


@asynccontextmanager
async def _campaign(folder: Path, seed: int) -> AsyncGenerator[Campaign]:
    stand_in = WatchedWeChatPay(keys(), stocks=STOCKS, database=folder / "coupon.db")
    stand_in.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2, seed=seed)
    # Slow answers, so that kills meet attempts on the wire; and some that WeChat Pay refuses.
    stand_in.faults.rate(Fault(FaultKind.SLOW, seconds=0.3), 0.3)
    stand_in.faults.rate(Fault(FaultKind.USER_REJECTED), 0.03)
    dice = random.Random(seed)
    async with ENGLISH_TEAM.serve(ack_seconds=1.0) as slack, stand_in.serve() as running:
        slack.duplicate = True
        environ = environment(slack, running.url, folder, mode=KeyMode.PUBLIC_KEY)
        async with bot_process(environ, folder / "bot.log") as bot:
            shop = World(slack, stand_in, folder, environ)
            try:
                yield Campaign(People(shop, dice), Killer(bot, shop, dice), shop, stand_in, bot)
            finally:
                stand_in.close()


async def test_killed_again_and_again_it_doubles_loses_and_forges_nothing(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, kills = _LONG if long_form else _SHORT
    started = time.monotonic()
    async with _campaign(tmp_path, seed=20261201) as campaign:
        people, killer, shop = campaign.people, campaign.killer, campaign.shop

        def in_step() -> bool:
            # So that no kill meets an idle bot.
            return len(people.acked) * kills <= (campaign.bot.kills + 1) * requests

        leads = [asyncio.create_task(people.lead(who, declines=0.01)) for who in LEADS]
        await asyncio.gather(*(people.agent(requests, in_step) for _ in range(4)), killer.kill(kills))
        await until(lambda: _all_final(shop) or None, within_s=900.0 if long_form else 60.0)
        for lead in leads:
            lead.cancel()
        await asyncio.gather(*leads, return_exceptions=True)
        await until(lambda: not shop.rows("select 1 from outbox") or None, within_s=300.0)
        assert await campaign.bot.stop() == 0
        found = agreement_of(shop)
        interrupted = sum(
            event["detail"]["code"] == "INTERRUPTED"
            for event in shop.events()
            if event["tag"] == "attempt:finished"
        )
        points = ", ".join(f"{count} {point}" for point, count in sorted(killer.by_point.items()))
        figures(
            f"{campaign.bot.kills} kills in {time.monotonic() - started:.0f} s ({points}); "
            f"{interrupted} of them met an attempt; {found.figures()}"
        )
        assert [*campaign.wechatpay.wrong, *found.problems(), *acked_are_kept(found, people.acked)] == []
        assert campaign.bot.kills >= kills
        assert interrupted, "no kill met an attempt"


def _all_final(shop: World) -> bool:
    return not shop.rows(
        "select 1 from request "
        "where state not in ('sent', 'refused', 'declined', 'cancelled', 'closed') limit 1"
    )
