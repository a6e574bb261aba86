"""Signatures are made beside the event loop, and each caller gets its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

from wechatpay.client import Client
from wechatpay.signing import Signer


async def test_each_gets_its_own_and_a_fault_is_its_caller_s_alone() -> None:
    signer = Signer()

    def fails() -> str:
        raise ValueError("no such key")

    makes = [(lambda number=number: f"signature {number}") for number in range(20)]
    tasks = [asyncio.create_task(signer.sign(make)) for make in (*makes[:10], fails, *makes[10:])]
    tasks[3].cancel()
    made = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(made.pop(10), ValueError)
    assert isinstance(made.pop(3), asyncio.CancelledError)
    assert made == [f"signature {number}" for number in range(20) if number != 3]
    signer.close()


async def test_it_is_made_on_no_thread_of_the_loop_and_its_threads_end() -> None:
    signer = Signer()
    name = await signer.sign(lambda: threading.current_thread().name)
    assert name.startswith("signer-")
    mine = [each for each in threading.enumerate() if each.name.startswith("signer-")]
    signer.close()
    for thread in mine:
        await asyncio.to_thread(thread.join, 10)
    assert not any(thread.is_alive() for thread in mine)
    # Whoever closes it twice, or signs after it, is not left waiting.
    signer.close()
    assert await signer.sign(lambda: "again") == "again"
    signer.close()


class _Place:
    """`full`: entering it raises."""

    def __init__(self, *, full: bool) -> None:
        self.full, self.entered, self.left = full, 0, 0

    async def __aenter__(self) -> None:
        if self.full:
            raise LookupError("no place")
        self.entered += 1

    async def __aexit__(self, *_: object) -> None:
        self.left += 1


async def test_nothing_leaves_before_its_place_is_entered(client: Client, platform: object) -> None:
    sent: list[object] = []
    send = client._transport.handle_async_request

    async def counted(request: object) -> object:
        sent.append((place.entered, place.left))
        return await send(request)  # type: ignore[arg-type]  # whatever it is

    client._transport.handle_async_request = counted  # type: ignore[method-assign,assignment]  # counts
    place = _Place(full=True)
    with pytest.raises(LookupError):
        await client.call("POST", "/v3/x", b"{}", place=place)
    assert sent == []
    place = _Place(full=False)
    await client.call("POST", "/v3/x", b"{}", place=place)
    assert (sent, place.left) == ([(1, 0)], 1)
