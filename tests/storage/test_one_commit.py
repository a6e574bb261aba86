"""Works that are committed together share what is known of the rows, but for what one of them undid."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coupons.batches import BatchState, move_batch
from coupons.events import Tag
from coupons.ports import Transaction
from coupons.posts import Post, PostKind
from coupons.recording import Event
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.ports_of_batches import new_batch
from tests.storage.records import NOW, card, create, rows
from tests.storage.test_ledger import Gate, queued

_FIND = "select rowid from event_words where event_words match :word"
_SEGMENTS = "select count(distinct segid) from event_words_idx"


def refused(word: str) -> Event:
    return Event(Tag.CLICK_REFUSED, "U0LI", None, {"action": "approve", "reason": word})


async def together(ledger: SqliteLedger, *works: object) -> None:
    """In one commit; those that raise `Undone` are undone."""
    gate = Gate(ledger)
    await gate.reached()
    tasks = await queued(*works, ledger=ledger)
    await gate.open()
    for said in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(said, BaseException):
            assert isinstance(said, Undone), said


class Undone(Exception):
    """What a work raises here."""


async def test_words_of_what_was_undone_are_nowhere_and_those_of_its_neighbours_are_found(
    ledger: SqliteLedger, path: Path
) -> None:
    def fails(tx: Transaction) -> None:
        tx.append(refused("undone"))
        raise Undone

    await together(
        ledger,
        lambda tx: tx.append(refused("earlier")),
        fails,
        lambda tx: tx.append(refused("later")),
    )
    found = [rows(path, _FIND, word=word) for word in ("earlier", "undone", "later")]
    assert found == [[(1,)], [], [(2,)]]
    assert verify(path, thorough=True).rows == 2


async def test_a_batch_that_a_work_changed_in_vain_is_read_anew(ledger: SqliteLedger) -> None:
    batch, _ = await ledger.write(lambda tx: tx.add_batch(new_batch()))
    states: list[BatchState] = []

    def fails(tx: Transaction) -> None:
        tx.save_batch(batch, move_batch(batch, BatchState.DISCARDED, now=NOW))
        raise Undone

    def asks(tx: Transaction) -> None:
        if (read := tx.batch(batch.id)) is not None:
            states.append(read.state)

    await together(ledger, asks, fails, asks)
    assert states == [BatchState.DRAFT] * 2


async def test_what_a_work_promised_in_vain_is_promised_by_the_next(ledger: SqliteLedger) -> None:
    def fails(tx: Transaction) -> None:
        tx.post(card())
        raise Undone

    await together(ledger, create, fails, lambda tx: tx.post(card()))
    [waiting] = await ledger.read(lambda reading: reading.due_posts(PostKind.CARD, NOW, 9))
    assert waiting.version == 1


@pytest.mark.parametrize("undo", ["finish", "recall", "put off"])
async def test_a_promise_that_was_done_with_meanwhile_is_made_anew(ledger: SqliteLedger, undo: str) -> None:
    post = Post(kind=PostKind.BATCH_CARD, request_id=None, batch=1)

    def done_with(tx: Transaction) -> None:
        if undo == "finish":
            tx.finish_post(1, 1)
        elif undo == "recall":
            tx.recall_post(post.key)
        else:
            tx.put_post_off(1, NOW + 60_000)

    await together(ledger, lambda tx: tx.post(post), done_with, lambda tx: tx.post(post))
    [waiting] = await ledger.read(lambda reading: reading.due_posts(PostKind.BATCH_CARD, NOW, 9))
    assert waiting.post == post


async def test_a_promise_that_is_due_sooner_is_made_sooner_and_one_that_is_due_later_changes_nothing(
    ledger: SqliteLedger,
) -> None:
    await together(
        ledger, *(lambda tx, ms=ms: tx.post(card(), ms) for ms in (50_000, 60_000, 20_000, 30_000))
    )
    [waiting] = await ledger.read(lambda reading: reading.due_posts(PostKind.CARD, NOW + 20_000, 9))
    assert waiting.version == 2


async def test_the_words_of_one_commit_are_one_segment_whatever_is_asked_between(
    ledger: SqliteLedger, path: Path
) -> None:
    def many(tx: Transaction) -> None:
        for number in range(20):
            tx.append(refused(f"word{number}"))
            tx.post(card(number))

    await ledger.write(many)
    assert rows(path, _SEGMENTS) == [(1,)]
