"""Cards of batches among other cards: drawn once for many lines, and not so often that others wait."""

from __future__ import annotations

import asyncio

from coupons.batch_lines import DRAWN_EVERY_MS, draw_batch
from coupons.ports import Transaction
from coupons.posts import Post, PostKind
from tests.handlers.announcer_desk import CHANNEL, Desk, desk
from tests.storage.ports_of_batches import running_batch

__all__ = ["desk"]


async def untried(desk: Desk) -> int:
    """Cards that were neither drawn nor put off."""
    found = await desk.ledger.read(lambda rows: rows.due_posts(PostKind.BATCH_CARD, 2**62, 99))
    return sum(waiting.tries == 0 for waiting in found)


async def test_batches_that_run_leave_changes_for_the_cards_of_requests(desk: Desk) -> None:
    """Slack takes some fifty changes a minute in all."""
    request = await desk.new()
    desk.go()
    await desk.quiet()
    posted = len(desk.slack.calls("chat.postMessage"))

    def run(tx: Transaction) -> list[int]:
        numbers = [running_batch(tx, f"V{number}") for number in range(30)]
        for number in numbers:
            tx.set_batch_card(number, CHANNEL, desk.slack.messages(CHANNEL)[0].ts)
            tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=number))
        tx.post(Post(kind=PostKind.CARD, request_id=request.id))
        return numbers

    await desk.ledger.write(run)
    async with asyncio.timeout(60):
        while await untried(desk):  # noqa: ASYNC110 - rows tell nobody when they change
            await asyncio.sleep(0.01)
    await desk.stop()
    # Fifteen of the batches, and the request's, which went before them all.
    assert len(desk.slack.calls("chat.update")) == 16
    assert "request #1" in desk.slack.calls("chat.update")[0].arguments["text"]
    assert len(desk.slack.calls("chat.postMessage")) == posted
    assert (await desk.outbox()).count("batch_card") == 15


async def test_what_happens_to_many_lines_draws_their_card_once(desk: Desk) -> None:
    def settle(tx: Transaction) -> None:
        number = running_batch(tx, "V1")
        for _ in range(500):
            draw_batch(tx, number)

    before = 2**62
    await desk.ledger.write(settle)
    [waiting] = await desk.ledger.read(lambda rows: rows.due_posts(PostKind.BATCH_CARD, before, 9))
    # Of one commit, it is written once.
    assert waiting.version == 1
    due = await desk.ledger.read(lambda rows: rows.next_post_due(0))
    assert due is not None
    assert due - waiting.promised_at == DRAWN_EVERY_MS


async def test_a_card_that_was_drawn_rests_though_more_was_promised_meanwhile(desk: Desk) -> None:
    """What is promised while a card is drawn finds the promise of that drawing, which was due at once."""
    await desk.new()
    desk.go()
    await desk.quiet()

    def run(tx: Transaction) -> int:
        number = running_batch(tx, "V1")
        tx.set_batch_card(number, CHANNEL, desk.slack.messages(CHANNEL)[0].ts)
        tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=number))
        return number

    number = await desk.ledger.write(run)
    async with asyncio.timeout(60):
        while not desk.slack.calls("chat.update"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    again = Post(kind=PostKind.BATCH_CARD, request_id=None, batch=number)
    await desk.ledger.write(lambda tx: tx.post(again))
    async with asyncio.timeout(60):
        while await untried(desk):  # noqa: ASYNC110 - rows tell nobody when they change
            await asyncio.sleep(0.01)
    await desk.stop()
    assert len(desk.slack.calls("chat.update")) == 1
    assert (await desk.outbox()).count("batch_card") == 1
