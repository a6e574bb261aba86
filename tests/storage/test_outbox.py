from __future__ import annotations

from collections.abc import Sequence

from coupons.ports import Transaction
from coupons.posts import Post, PostKind, WaitingPost
from storage.ledger import SqliteLedger
from tests.storage.records import NOW, Time, begin_posting, card, create

STEP = Post(kind=PostKind.REPLY, request_id=1, seq=1)
DIRECT = Post(kind=PostKind.DIRECT, request_id=1, seq=1, person="U0LI")


async def due(ledger: SqliteLedger, at: int = NOW, kind: PostKind = PostKind.CARD) -> Sequence[WaitingPost]:
    return await ledger.read(lambda rows: rows.due_posts(kind, at, 9))


async def test_a_promise_renewed_while_it_waits_is_one_with_a_higher_version(
    ledger: SqliteLedger, clock: Time
) -> None:
    await ledger.write(lambda tx: tx.post(card()))
    clock.now += 5
    await ledger.write(lambda tx: (tx.post(card()), tx.post(card())))
    [delivery] = await due(ledger, clock.now)
    assert (delivery.version, delivery.promised_at, delivery.tries) == (2, NOW, 0)


async def test_a_card_drawn_before_it_was_renewed_is_drawn_once_more(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: (tx.post(card()), begin_posting(tx, 1), tx.put_post_off(1, NOW)))
    await ledger.write(lambda tx: tx.post(card()))
    [before] = await due(ledger)
    assert (before.maybe_posted, before.tries) == (True, 1)
    assert await ledger.write(lambda tx: tx.finish_post(1, 1)) is False
    [after] = await due(ledger)
    assert (after.version, after.maybe_posted, after.tries) == (2, False, 0)
    assert await ledger.write(lambda tx: tx.finish_post(1, 2)) is True
    assert await due(ledger) == []
    assert await ledger.write(lambda tx: tx.finish_post(1, 2)) is False


async def test_the_same_promise_after_it_was_kept_is_a_new_delivery(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: tx.post(card()))
    await ledger.write(lambda tx: tx.finish_post(1, 1))
    await ledger.write(lambda tx: tx.post(card()))
    [delivery] = await due(ledger)
    assert delivery.metadata_id == "2.card:1", "a number is never used again: Slack still shows the first"


async def test_what_was_put_off_waits_until_then_and_renewing_brings_it_forward(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: (tx.post(card()), tx.put_post_off(1, NOW + 60)))
    assert await due(ledger, NOW + 59) == []
    assert [delivery.tries for delivery in await due(ledger, NOW + 60)] == [1]
    await ledger.write(lambda tx: tx.post(card()))
    assert [delivery.tries for delivery in await due(ledger)] == [1]


async def test_what_is_due_at_once_is_so_by_a_clock_that_was_set_back(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: (tx.post(card()), tx.post(STEP, after_ms=5)))
    assert [delivery.post for delivery in await due(ledger, NOW - 240_000)] == [card()]
    assert await due(ledger, NOW - 240_000, PostKind.REPLY) == []


async def test_kinds_are_asked_for_apart_and_the_oldest_promise_comes_first(ledger: SqliteLedger) -> None:
    for post in (card(3), STEP, card(1), DIRECT, card(2)):
        await ledger.write(lambda tx, p=post: tx.post(p))
    await ledger.write(lambda tx: tx.put_post_off(3, NOW - 100))
    assert [delivery.post for delivery in await due(ledger)] == [card(3), card(1), card(2)]
    assert [delivery.post for delivery in await due(ledger, kind=PostKind.REPLY)] == [STEP]
    assert [delivery.post for delivery in await due(ledger, kind=PostKind.DIRECT)] == [DIRECT]
    assert await due(ledger, kind=PostKind.ANSWER) == []
    assert len(await ledger.read(lambda rows: rows.due_posts(PostKind.CARD, NOW, 2))) == 2


async def test_the_next_due_time_is_the_earliest_that_has_not_come(ledger: SqliteLedger) -> None:
    assert await ledger.read(lambda rows: rows.next_post_due(NOW)) is None
    await ledger.write(lambda tx: (tx.post(card(1)), tx.post(card(2)), tx.post(STEP)))
    assert await ledger.read(lambda rows: rows.next_post_due(NOW)) is None
    assert await ledger.read(lambda rows: rows.next_post_due(NOW - 1)) is None
    await ledger.write(lambda tx: (tx.put_post_off(1, NOW + 60), tx.put_post_off(3, NOW + 20)))
    assert await ledger.read(lambda rows: rows.next_post_due(NOW)) == NOW + 20
    assert await ledger.read(lambda rows: rows.next_post_due(NOW + 20)) == NOW + 60


async def test_a_reply_waits_for_its_card_where_that_was_promised_before_it(ledger: SqliteLedger) -> None:
    """Who opens the thread must find the card saying the same. Another request's card is not its business."""
    for post in (card(2), card(1), STEP):
        await ledger.write(lambda tx, p=post: tx.post(p))
    assert await due(ledger, kind=PostKind.REPLY) == []
    await ledger.write(lambda tx: tx.finish_post(2, 1))
    assert [delivery.post for delivery in await due(ledger, kind=PostKind.REPLY)] == [STEP]
    await ledger.write(lambda tx: tx.post(card(1)))
    assert [delivery.post for delivery in await due(ledger, kind=PostKind.REPLY)] == [STEP]


async def test_a_card_that_is_put_off_holds_up_no_reply(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: (tx.post(card(1)), tx.post(STEP), tx.put_post_off(1, NOW + 1)))
    assert [delivery.post for delivery in await due(ledger, kind=PostKind.REPLY)] == [STEP]


async def test_a_reply_waits_for_its_card_also_where_both_were_promised_by_a_clock_that_was_ahead(
    ledger: SqliteLedger, clock: Time
) -> None:
    clock.now += 26 * 3_600_000
    await ledger.write(lambda tx: (tx.post(card(1)), tx.post(STEP)))
    assert [delivery.post for delivery in await due(ledger)] == [card(1)]
    assert await due(ledger, kind=PostKind.REPLY) == []


async def test_a_card_changes_lanes_when_it_stands(ledger: SqliteLedger) -> None:
    def write(tx: Transaction) -> None:
        create(tx, "cb1")
        tx.post(card(1))

    await ledger.write(write)
    [before] = await due(ledger)
    await ledger.write(lambda tx: tx.set_card(1, "C0APPROVE", "1.0"))
    [after] = await due(ledger)
    assert (before.lane, after.lane) == ("/", "redraw/")
    but_posts = await ledger.read(lambda rows: rows.due_posts(PostKind.CARD, NOW, 9, {"/"}))
    but_redraws = await ledger.read(lambda rows: rows.due_posts(PostKind.CARD, NOW, 9, {"redraw/"}))
    assert (but_posts, but_redraws) == ([after], [])
