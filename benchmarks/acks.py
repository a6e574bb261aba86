"""How soon a typed command is answered, at 50 commands a second: Slack shows an error after three seconds."""

from __future__ import annotations

import asyncio

from benchmarks.limits import durable_commit_seconds
from benchmarks.report import Load, Row
from benchmarks.running_bot import REQUESTER, STOCK, SUPPORT_CHANNEL, RunningBot, openid, running_bot

_PER_SECOND = 50
_SOON_S = 0.1


async def run(load: Load) -> list[Row]:
    """Percentiles, and the share that is as good as at once."""
    async with running_bot() as bot:
        commits = durable_commit_seconds(bot.folder, load.limit_seconds)
        commit_ms = sum(commits) / len(commits) * 1000
        # The first one finds caches and connections empty.
        await _command(bot, 0)
        took, per_second = await _steady(bot, max(int(load.ack_seconds * _PER_SECOND), 1))
    took.sort()
    soon = sum(elapsed <= _SOON_S for elapsed in took) / len(took)
    return [
        Row("acks at 50/s, p50", _percentile_ms(took, 0.50), "ms", commit_ms, "one durable commit"),
        Row("acks at 50/s, p99", _percentile_ms(took, 0.99), "ms", commit_ms, "one durable commit"),
        Row("acks within 100 ms", soon * 100, "%", 100.0, "all of them"),
        Row("commands really typed", per_second, "/s", float(_PER_SECOND), "what was meant"),
    ]


async def _steady(bot: RunningBot, commands: int) -> tuple[list[float], float]:
    """Each goes at its own time, whether the ones before are answered or not: seconds each, and the rate."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        started = loop.time()
        tasks = []
        for number in range(commands):
            await asyncio.sleep(started + number / _PER_SECOND - loop.time())
            tasks.append(group.create_task(_command(bot, number + 1)))
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
