"""The loops that only one process at a time may run."""

from __future__ import annotations

import asyncio
from typing import Any

from coupons.leases import LEASE_MS, SAFE_MS, Holding
from coupons.loops import Loop
from tests.coupons.test_leases import Replica, Shop, shop

__all__ = ["shop"]


class Ticking(Loop):
    """Counts its steps."""

    taken = 0
    one_at_a_time = True

    async def step(self) -> float | None:
        self.taken += 1
        self.stop()
        return None


def _holding(shop: Shop, replica: Replica, holder: str) -> Holding:
    return Holding("clock loops", holder=holder, ledger=shop.ledger, steady=replica.steady)


async def test_one_at_a_time_holds_the_lease_and_knows_itself_when_it_is_over(shop: Shop) -> None:
    here, there = _holding(shop, shop.here, "here-1"), _holding(shop, shop.there, "there-1")
    assert await here.wait_ms() == 0
    assert await there.wait_ms() == LEASE_MS
    shop.passes(SAFE_MS)
    # Asked for again in time, it goes on.
    assert await here.wait_ms() == 0
    shop.passes(LEASE_MS - 1)
    assert await there.wait_ms() == 1
    shop.passes(1)
    assert await there.wait_ms() == 0
    assert await here.wait_ms() == LEASE_MS


async def test_its_holder_counts_from_before_it_asked_and_by_its_own_clock(shop: Shop) -> None:
    here, write = _holding(shop, shop.here, "here-1"), shop.ledger.write

    async def slow(work: Any, **options: Any) -> Any:
        done = await write(work, **options)
        shop.here.steady.now += SAFE_MS - 1
        return done

    shop.ledger.write = slow  # type: ignore[method-assign]  # the answer took so long
    assert await here.wait_ms() == 0
    shop.ledger.write = write  # type: ignore[method-assign]  # and then no longer
    there = _holding(shop, shop.there, "there-1")
    shop.here.steady.now += 1
    shop.clock.now += LEASE_MS
    assert await there.wait_ms() == 0
    assert await here.wait_ms() == LEASE_MS


async def test_a_loop_steps_only_while_its_process_holds_the_lease(shop: Shop) -> None:
    here, there = _holding(shop, shop.here, "here-1"), _holding(shop, shop.there, "there-1")
    assert await there.wait_ms() == 0
    waiting, alone = Ticking(on_trouble=print), Ticking(on_trouble=print)
    running = asyncio.create_task(waiting.run(here))
    await asyncio.sleep(0)
    await alone.run(there)
    assert (alone.taken, waiting.taken) == (1, 0)
    shop.passes(LEASE_MS)
    waiting._bell.ring()
    async with asyncio.timeout(60):
        await running
    assert waiting.taken == 1
