"""How long a slash command's ack takes at 50 commands a second."""

from __future__ import annotations

import asyncio
import statistics

from benchmarks.figures import Figure, commit_ms
from benchmarks.shop import open_shop

_A_SECOND = 50
_SECONDS = 8


async def run(share: float) -> list[Figure]:
    limit = commit_ms()
    async with open_shop() as shop:
        li = shop.slack.person("U0LI")
        asked = []
        for number in range(max(int(_A_SECOND * _SECONDS * share), _A_SECOND)):
            text = f"/coupon send oBench{number:022d} late-10 bench {number}"
            asked.append(asyncio.create_task(li.command("C0SUPPORT", text)))
            await asyncio.sleep(1 / _A_SECOND)
        answers = await asyncio.gather(*asked)
    if any(answer.error for answer in answers):
        raise RuntimeError("a command of the benchmark was not acked")
    taken = sorted(answer.elapsed * 1000 for answer in answers)
    within = sum(ms <= 100 for ms in taken) / len(taken) * 100
    return [
        Figure("ack p50, ms, 50 commands/s", statistics.median(taken), "one bare durable commit, ms", limit),
        Figure("ack p99, ms", taken[int(len(taken) * 0.99) - 1], "one bare durable commit, ms", limit),
        Figure("acks within 100 ms, %", within, "all of them, %", 100.0),
    ]
