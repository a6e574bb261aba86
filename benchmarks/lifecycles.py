"""Whole lives of requests: typed, carded, approved, sent, told; both stand-ins on this machine too."""

from __future__ import annotations

import asyncio
import time

from benchmarks.figures import Figure, commit_ms
from benchmarks.shop import open_shop
from sandbox.slack.messages import Message
from tests.world import World

_REQUESTS = 200
_AT_ONCE = 20
_WITHIN_S = 120.0


async def run(share: float) -> list[Figure]:
    requests = max(int(_REQUESTS * share), _AT_ONCE)
    limit = commit_ms()
    async with open_shop() as shop:
        started = time.perf_counter()
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(_life(shop, number, gate) for number in range(requests)))
        taken = time.perf_counter() - started
        if len(shop.wechatpay.ledger.coupons) != requests:
            raise RuntimeError("the benchmark gave another number of coupons than it asked for")
    return [Figure("full lifecycles/s", requests / taken, "bare durable commits /s", 1000 / limit)]


async def _life(shop: World, number: int, gate: asyncio.Semaphore) -> None:
    openid = f"oBench{number:022d}"
    masked = f"{openid[:4]}…{openid[-4:]}"
    async with gate:
        await shop.slack.person("U0LI").command("C0SUPPORT", f"/coupon send {openid} late-10 bench {number}")

        def card() -> Message | None:
            cards = shop.slack.messages("C0APPROVE")
            return next((c for c in cards if masked in c.text and c.element("approve_request")), None)

        mine = await shop.slack.wait_for(card, _WITHIN_S)
        await shop.slack.person("U0WANG").click("C0APPROVE", mine.ts, "approve_request")
        await shop.slack.wait_for(lambda: "Sent" in mine.words() or None, _WITHIN_S)
