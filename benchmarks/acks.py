"""How soon a typed command is answered, at 50 commands a second: Slack shows an error after three seconds.

Once with nothing else to do, and once while thousands of approved requests are being sent.
"""

from __future__ import annotations

import asyncio

from benchmarks.limits import durable_commit_seconds
from benchmarks.report import Load, Row
from benchmarks.running_bot import (
    APPROVER,
    NO_APPROVAL,
    REQUESTER,
    STOCK,
    SUPPORT_CHANNEL,
    RunningBot,
    openid,
    running_bot,
)

_PER_SECOND = 50
_SOON_S = 0.1
_PEOPLE = 16
#: Commands between two looks at whether all are sent.
_STRIDE = 25


async def run(load: Load) -> list[Row]:
    """Percentiles, and the share that is as good as at once."""
    quiet, busy = await _quiet(load), await _busy(load)
    return [*quiet, *busy]


async def _quiet(load: Load) -> list[Row]:
    async with running_bot() as bot:
        commit_ms = _commit_ms(bot, load)
        # The first one finds caches and connections empty.
        await _command(bot, 0)
        took, per_second = await _steady(bot, max(int(load.ack_seconds * _PER_SECOND), 1))
    return [
        *_percentiles("acks at 50/s", took, commit_ms),
        Row("commands really typed", per_second, "/s", float(_PER_SECOND), "what was meant"),
    ]


async def _busy(load: Load) -> list[Row]:
    """All that is asked for is approved by the rule and kept back by a pause, which then ends."""
    async with running_bot(NO_APPROVAL) as bot:
        commit_ms = _commit_ms(bot, load)
        await _say(bot, APPROVER, "/coupon pause the benchmark")
        await _ask_for(bot, load.waiting)
        coupons = bot.wechatpay.ledger.coupons
        if coupons:
            raise RuntimeError(f"{len(coupons)} coupons were given during the pause")
        loop = asyncio.get_running_loop()
        await _say(bot, APPROVER, "/coupon resume")
        started = loop.time()
        took, per_second, asked = list[float](), list[float](), load.waiting
        # In strides, until the last of those that waited is sent.
        while len(coupons) < load.waiting:
            before = asked
            asked += _STRIDE
            stride, rate = await _steady(bot, _STRIDE, first=before)
            took += stride
            per_second.append(rate)
        sent_per_second = len(coupons) / (loop.time() - started)
    busy = f"acks at 50/s while {load.waiting:,} are sent"
    return [
        *_percentiles(busy, took, commit_ms),
        Row("commands really typed meanwhile", min(per_second), "/s", float(_PER_SECOND), "what was meant"),
        Row("coupons sent meanwhile", sent_per_second, "/s", 1000 / commit_ms, "durable commits, one by one"),
    ]


def _commit_ms(bot: RunningBot, load: Load) -> float:
    commits = durable_commit_seconds(bot.folder, load.limit_seconds)
    return sum(commits) / len(commits) * 1000


def _percentiles(what: str, took: list[float], commit_ms: float) -> list[Row]:
    took.sort()
    soon = sum(elapsed <= _SOON_S for elapsed in took) / len(took)
    return [
        Row(f"{what}, p50", _percentile_ms(took, 0.50), "ms", commit_ms, "one durable commit"),
        Row(f"{what}, p99", _percentile_ms(took, 0.99), "ms", commit_ms, "one durable commit"),
        Row(f"{what}, within 100 ms", soon * 100, "%", 100.0, "all of them"),
    ]


async def _ask_for(bot: RunningBot, requests: int) -> None:
    """As fast as the bot takes them, a few people at a time."""
    numbers = iter(range(requests))

    async def person() -> None:
        for number in numbers:
            await _command(bot, number)

    await asyncio.gather(*(person() for _ in range(_PEOPLE)))


async def _say(bot: RunningBot, who: str, typed: str) -> None:
    answer = await bot.slack.person(who).command(SUPPORT_CHANNEL, typed)
    if answer.error:
        raise RuntimeError(f"{typed} was not answered: {answer.error}")


async def _steady(bot: RunningBot, commands: int, *, first: int = 0) -> tuple[list[float], float]:
    """Each goes at its own time, whether the ones before are answered or not: seconds each, and the rate."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        started = loop.time()
        tasks = []
        for number in range(commands):
            await asyncio.sleep(started + number / _PER_SECOND - loop.time())
            tasks.append(group.create_task(_command(bot, first + number + 1)))
        typed_s = loop.time() - started + 1 / _PER_SECOND
    return [task.result() for task in tasks], commands / typed_s


async def _command(bot: RunningBot, customer: int) -> float:
    typed = f"/coupon send {openid(customer)} {STOCK} parcel four days late"
    answer = await bot.slack.person(REQUESTER).command(SUPPORT_CHANNEL, typed)
    # One that failed took as long as it took; its person saw an error, which no percentile excuses.
    if answer.error or "#" not in answer.text:
        raise RuntimeError(f"a command was not answered: {answer.error or answer.text}")
    return answer.elapsed


def _percentile_ms(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000
