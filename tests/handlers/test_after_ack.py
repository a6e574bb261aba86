"""Work that begins after the ack: waited for at a stop, and never lost in silence."""

from __future__ import annotations

import asyncio

from handlers.after_ack import AfterAck


async def test_it_is_waited_for_and_what_goes_wrong_is_heard() -> None:
    troubles: list[BaseException] = []
    after_ack, done, wrong = AfterAck(troubles.append), asyncio.Event(), ValueError("no view")

    async def open_it() -> None:
        await asyncio.sleep(0)
        done.set()

    async def fail() -> None:
        raise wrong

    after_ack.begin(open_it())
    after_ack.begin(fail())
    await after_ack.drain()
    assert done.is_set()
    assert troubles == [wrong]
    await after_ack.drain()


async def test_what_is_not_worth_waiting_for_ends_at_once_and_is_no_trouble() -> None:
    troubles: list[BaseException] = []
    after_ack = AfterAck(troubles.append)
    after_ack.begin(asyncio.sleep(60))
    await asyncio.sleep(0)
    after_ack.cancel()
    async with asyncio.timeout(60):
        await after_ack.drain()
    assert troubles == []
