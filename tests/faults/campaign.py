"""What all campaigns share: people at work with a bot that is in trouble, until everything has ended."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.slack.running import Slack
from sandbox.wechatpay.keyring import KeyMode
from tests.faults.agreement import Agreement, acked_are_kept, agreement_of
from tests.faults.batch_agreement import batches_agree
from tests.faults.bot_process import BotProcess, bot_process
from tests.faults.call_watch import WatchedWeChatPay
from tests.faults.people import LEADS, People
from tests.world import ENGLISH_TEAM, STOCKS, World, environment, keys, until

_ALL_FINAL = """
select 1 from request where state not in ('sent', 'refused', 'declined', 'cancelled', 'expired', 'closed')
union all select 1 from batch where state in ('pending', 'approved', 'running', 'paused')
union all select 1 from batch where state = 'draft' and submitted_at is not null limit 1
"""
_WAITING = "select 1 from outbox"
_AGENTS = 4
_ENDED = """
select count(*) as n from request
where state in ('sent', 'refused', 'declined', 'cancelled', 'expired', 'closed')
"""
#: With so many under way, people wait before they ask for more.
_BACKLOG = 80
_LOOK_S = 0.2


class Platform:
    """Where WeChat Pay's stand-in listens, so that it can be away for a while."""

    def __init__(self, stand_in: WatchedWeChatPay) -> None:
        self._stand_in = stand_in
        self._serving = AsyncExitStack()
        self.url = ""

    async def open(self) -> None:
        port = int(self.url.rpartition(":")[2] or 0)
        running = await self._serving.enter_async_context(self._stand_in.serve(port=port))
        self.url = running.url

    async def close(self) -> None:
        """Connections are refused from now on."""
        await self._serving.aclose()


@dataclass(slots=True)
class Campaign:
    """`trouble` of `run` starts the bot itself; what it leaves running finishes the work."""

    bot: BotProcess
    shop: World
    wechatpay: WatchedWeChatPay
    people: People
    dice: random.Random
    platform: Platform
    #: How far the trouble is, from 0.0 to 1.0: people keep step, so that it never meets an idle bot.
    done: float = 0.0
    seconds: float = 0.0
    #: Requests that are asked for, of both kinds.
    wanted: int = 0
    _counted: tuple[float, int] = (0.0, 0)

    @property
    def slack(self) -> Slack:
        return self.shop.slack

    async def run(
        self, requests: int, lines: int, trouble: Callable[[], Awaitable[object]], *, patience_s: float = 60.0
    ) -> Agreement:
        """So many single requests and lines of batches are asked for and approved while `trouble` lasts."""
        started, people, wanted = time.monotonic(), self.people, requests + lines
        leads = [asyncio.create_task(people.lead(who, declines=0.01)) for who in LEADS]

        self.wanted = wanted

        def in_step() -> bool:
            return people.asked <= wanted * self.done + _AGENTS and people.asked - self.ended() < _BACKLOG

        leads.append(asyncio.create_task(people.operator()))
        working = [people.agent(requests, in_step) for _ in range(_AGENTS)]
        await asyncio.gather(*working, people.requester(lines, in_step), self._trouble(trouble))
        await until(lambda: not self.shop.rows(_ALL_FINAL) or None, within_s=patience_s)
        for lead in leads:
            lead.cancel()
        await asyncio.gather(*leads, return_exceptions=True)
        await until(lambda: not self.shop.rows(_WAITING) or None, within_s=patience_s)
        assert await self.bot.stop() == 0
        self.seconds = time.monotonic() - started
        return agreement_of(self.shop)

    def ended(self) -> int:
        """Requests that have come to their end, as it was within the last moment."""
        now = time.monotonic()
        if now - self._counted[0] > _LOOK_S and self.slack.sockets.links:
            self._counted = now, self.shop.rows(_ENDED)[0]["n"]
        return self._counted[1]

    @property
    def lags(self) -> bool:
        """Whether much is still to be worked on, or a file to be read, which is begun anew by each start."""
        return self.people.unread > 0 or self.people.asked - self.ended() > _BACKLOG // 2

    async def _trouble(self, trouble: Callable[[], Awaitable[object]]) -> None:
        await trouble()
        self.done = 1.0

    async def gone(self) -> None:
        """Until Slack has noticed that the bot is not there any more."""
        await until(lambda: not self.slack.sockets.links or None)

    def problems(self, found: Agreement) -> list[str]:
        """All that is not as promised."""
        return [
            *self.wechatpay.wrong,
            *found.problems(),
            *batches_agree(self.shop, self.people.files),
            *acked_are_kept(found, self.people.acked),
        ]


@asynccontextmanager
async def campaign(
    folder: Path,
    *,
    seed: int,
    mode: KeyMode = KeyMode.PUBLIC_KEY,
    preload: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> AsyncGenerator[Campaign]:
    """Both stand-ins, each delivery of Slack's comes twice; the bot is loaded and not started.

    `preload`: environment of the process that the bot is forked from. `log`: elsewhere than in the folder.
    """
    stand_in = WatchedWeChatPay(keys(), stocks=STOCKS, mode=mode, database=folder / "coupon.db")
    platform, dice = Platform(stand_in), random.Random(seed)
    await platform.open()
    try:
        async with ENGLISH_TEAM.serve(ack_seconds=1.0) as slack:
            slack.duplicate = True
            environ = environment(slack, platform.url, folder, mode=mode)
            async with bot_process(environ, log or folder / "bot.log", preload) as bot:
                shop = World(slack, stand_in, folder, environ)
                yield Campaign(bot, shop, stand_in, People(shop, dice), dice, platform)
    finally:
        stand_in.close()
        await platform.close()
