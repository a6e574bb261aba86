"""What stops sending: a used-up stock for its batches, a fault of the merchant for all."""

from __future__ import annotations

from collections import Counter
from typing import Any

from coupons.batch_events import BatchResumed
from coupons.batches import BatchState, move_batch
from coupons.events import RequestRetried, SendingResumed
from coupons.lifecycle import move
from coupons.model import State
from coupons.outcome import Kind, Outcome, Remedy
from coupons.ports import Transaction
from coupons.posts import PostKind
from coupons.sender import Sender
from coupons.settling import Pace
from tests.coupons.office import NOW
from tests.coupons.test_sending_engine import SENT, Shop, ended, shop, turn

__all__ = ["shop"]


def _no(code: str, *, of_merchant: bool) -> Outcome:
    return Outcome(
        kind=Kind.REFUSED,
        verified=True,
        attempt_open=False,
        remedy=Remedy.OPERATOR,
        status=403,
        code=code,
        of_merchant=of_merchant,
    )


async def _resume(shop: Shop) -> None:
    """Somebody put it right: what is held is released, with the numbers that it has."""

    def resume(tx: Transaction) -> None:
        if tx.pause() is not None:
            tx.set_pause(None)
            tx.append(SendingResumed().done_by("U0WANG"))
        for number in range(1, tx.highest_number() + 1):
            request = tx.request(number)
            if request is not None and request.state is State.HELD:
                released = move(request, State.APPROVED, now=shop.clock(), due_at=shop.clock(), tries=0)
                tx.save(request, released)
                tx.append(RequestRetried().done_by("U0WANG", number))
        for batch in tx.open_batches(9):
            if batch.state is BatchState.PAUSED:
                tx.save_batch(batch, move_batch(batch, BatchState.RUNNING, now=shop.clock()))
                tx.append(BatchResumed(batch=batch.id, retried=0).done_by("U0WANG"))

    await shop.ledger.write(resume)


async def _all(shop: Shop, sender: Sender, turns: int) -> None:
    for _ in range(turns):
        await turn(sender)
        await ended(sender)
        shop.passes(200)


async def test_a_used_up_stock_stops_for_batches_and_the_other_stocks_go_on(shop: Shop) -> None:
    await shop.add(*(f"u{number}" for number in range(30)), batch=1, stock_id="99")
    await shop.add(*(f"n{number}" for number in range(10)), batch=2)
    shop.wire.answer = lambda number: _no("NOT_ENOUGH", of_merchant=False) if number[0] == "u" else SENT
    sender = shop.sender(Pace(in_flight=8))
    await _all(shop, sender, 8)
    # What was claimed together is held, and not one more was tried.
    assert await shop.states() == {State.HELD: 11, State.APPROVED: 19, State.SENT: 10}
    assert await shop.ledger.read(lambda rows: rows.pause()) is None
    # A single request of it is tried: whoever asked for it must hear at once.
    await shop.add("u-alone", stock_id="99")
    await _all(shop, sender, 1)
    assert (await shop.request(41)).state is State.HELD
    shop.wire.answer = lambda number: SENT
    await _resume(shop)
    shop.passes(1_000)
    await _all(shop, sender, 12)
    assert await shop.states() == {State.SENT: 41}
    assert set(Counter(shop.wire.calls).values()) == {1, 2}


async def test_a_batch_that_may_not_leave_is_looked_through_once_a_second_and_no_single_request_waits(
    shop: Shop,
) -> None:
    await shop.add(*(f"u{number}" for number in range(30)), batch=1, stock_id="99")
    shop.wire.answer = lambda number: _no("NOT_ENOUGH", of_merchant=False) if number[0] == "u" else SENT
    sender = shop.sender(Pace(in_flight=8))
    await _all(shop, sender, 2)
    asked = _lanes_asked(shop)
    for _ in range(9):
        await sender.step()
    await shop.add("alone")
    await turn(sender)
    await ended(sender)
    assert "alone" in shop.wire.calls
    assert asked.count(True) <= 1
    shop.passes(1_000)
    await sender.step()
    assert asked[-1] is True


def _lanes_asked(shop: Shop) -> list[bool]:
    """For each question that follows, whether it is for lines of batches."""
    asked: list[bool] = []
    read = shop.ledger.read

    async def listens(work: Any) -> Any:
        def listening(rows: Any) -> Any:
            due = rows.due_requests

            def due_requests(*args: Any, in_batch: bool = False, **more: Any) -> Any:
                asked.append(in_batch)
                return due(*args, in_batch=in_batch, **more)

            rows.due_requests = due_requests
            return work(rows)

        return await read(listening)

    shop.ledger.read = listens  # type: ignore[method-assign]  # listens
    return asked


async def test_a_fault_of_the_merchant_pauses_everything_and_is_told_once(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(30)), batch=1)
    shop.wire.answer = lambda number: _no("SIGN_ERROR", of_merchant=True)
    sender = shop.sender(Pace(in_flight=8))
    await _all(shop, sender, 4)
    assert await shop.states() == {State.HELD: 11, State.APPROVED: 19}
    news = await shop.ledger.read(lambda rows: rows.due_posts(PostKind.NEWS, 2 * NOW, 9))
    pause = await shop.ledger.read(lambda rows: rows.pause())
    assert len(news) == 1
    assert pause is not None
    assert (pause.by, "SIGN_ERROR" in pause.reason) == ("system", True)
    shop.wire.answer = lambda number: SENT
    await _resume(shop)
    await _all(shop, sender, 8)
    assert await shop.states() == {State.SENT: 30}


async def test_what_is_held_for_another_reason_stops_no_stock(shop: Shop) -> None:
    await shop.add("lost", *(f"n{number}" for number in range(10)), batch=1)
    lost = Outcome(kind=Kind.UNKNOWN, verified=False, attempt_open=True, remedy=Remedy.REPEAT, code="TIMEOUT")
    shop.wire.answer = lambda number: lost if number == "lost" else SENT
    await _all(shop, shop.sender(Pace(pauses_s=(0,), tries=1, in_flight=2)), 14)
    assert await shop.states() == {State.HELD: 1, State.SENT: 10}


async def test_a_single_request_that_is_refused_so_pauses_nobody(shop: Shop) -> None:
    await shop.add("alone", "other")
    shop.wire.answer = lambda number: _no("NO_AUTH", of_merchant=True) if number == "alone" else SENT
    await _all(shop, shop.sender(Pace(in_flight=1)), 4)
    assert await shop.states() == {State.HELD: 1, State.SENT: 1}
