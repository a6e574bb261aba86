"""SIGSTOP past a lease, and two processes on one file: whoever comes back late harms nothing."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sandbox.wechatpay.faults import Fault, FaultKind
from tests.empty_database import empty_database
from tests.faults.bot_process import BotProcess, bot_process
from tests.faults.campaign import Campaign, campaign

#: Single requests, lines of batches, times frozen.
_LONG, _SHORT = (200, 200, 60), (3, 3, 2)
_SEED = 20261204
#: Instead of the six seconds that a lease really lasts.
_LEASE_MS = 900


def _slow_and_lost(here: Campaign) -> None:
    here.wechatpay.faults.rate(Fault(FaultKind.SLOW, seconds=0.4), 0.5, seed=_SEED)
    here.wechatpay.faults.rate(Fault(FaultKind.LOST_ANSWER), 0.2)
    here.wechatpay.faults.rate(Fault(FaultKind.USER_REJECTED), 0.03)


async def _freeze(here: Campaign, bot: BotProcess) -> bool:
    """Whether it was for longer than its leases last."""
    longer = here.dice.random() < 0.7
    bot.signal(signal.SIGSTOP)
    await asyncio.sleep(_LEASE_MS / 1000 * (here.dice.uniform(1.1, 2.0) if longer else 0.4))
    bot.signal(signal.SIGCONT)
    return longer


async def _two_replicas(here: Campaign, second: BotProcess, rounds: int, met: Counter[str]) -> None:
    """Both work on one file, as replicas do on a server; one of them is frozen, or dies."""
    order = {"quick": True, "shared": True, "lease_ms": _LEASE_MS}
    for bot in (here.bot, second):
        await bot.start(here.slack, **order)
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.2, 0.8))
        bot = here.dice.choice((here.bot, second))
        if here.dice.random() < 0.2:
            met["killed"] += 1
            await bot.kill()
            await bot.begin(**order)
        else:
            met["frozen past its leases" if await _freeze(here, bot) else "frozen"] += 1
        here.done = (number + 1) / rounds
    assert await second.stop() == 0


async def test_two_processes_of_which_one_is_frozen_or_dies_double_nothing(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    met = Counter[str]()
    empty_database(tmp_path / "coupon.db")
    async with campaign(tmp_path, seed=_SEED) as here:
        _slow_and_lost(here)
        async with bot_process(here.shop.environ, tmp_path / "second.log") as second:
            found = await here.run(
                requests, lines, lambda: _two_replicas(here, second, rounds, met), patience_s=300.0
            )
        figures(f"{dict(met)} in {here.seconds:.0f} s; {found.figures()}")
        assert here.problems(found) == []


async def _frozen_alone(here: Campaign, second: BotProcess, rounds: int, met: Counter[str]) -> None:
    """As it really is: nobody takes over, since a second process is refused while the first one lives."""
    await here.bot.start(here.slack, quick=True, lease_ms=_LEASE_MS)
    for number in range(rounds):
        await asyncio.sleep(here.dice.uniform(0.2, 0.8))
        freezing = asyncio.create_task(_freeze(here, here.bot))
        await second.begin(quick=True)
        met[f"status {await second.ended()}"] += 1
        await freezing
        here.done = (number + 1) / rounds


async def test_a_frozen_process_goes_on_and_a_second_one_is_refused(
    tmp_path: Path, figures: Callable[[str], None], *, long_form: bool
) -> None:
    requests, lines, rounds = _LONG if long_form else _SHORT
    met = Counter[str]()
    empty_database(tmp_path / "coupon.db")
    async with campaign(tmp_path, seed=_SEED) as here:
        _slow_and_lost(here)
        async with bot_process(here.shop.environ, tmp_path / "second.log") as second:
            found = await here.run(
                requests, lines, lambda: _frozen_alone(here, second, rounds, met), patience_s=300.0
            )
            figures(
                f"{rounds} times frozen in {here.seconds:.0f} s, a second one {dict(met)}; {found.figures()}"
            )
            assert met == {"status 2": rounds}
            assert "is in use by another coupon-bot" in second.log
        assert here.problems(found) == []
