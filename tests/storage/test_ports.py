"""Each method of the storage ports, found by looking at the Protocols, does its one thing on a real file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coupons.ports import Ledger, Reading, Transaction
from storage.ledger import SqliteLedger
from tests.storage import ports_of_batches
from tests.storage.ports_changed import CHANGES
from tests.storage.ports_read import READS, seed
from tests.storage.records import (
    NOW,
    Time,
    create,
)


def public(protocol: type) -> set[str]:
    return {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}


#: Of the Protocols that it is made of.
QUESTIONS = set[str]().union(*map(public, Reading.__mro__))
CHANGING = set[str]().union(*map(public, Transaction.__mro__)) - QUESTIONS


def test_the_ledger_has_every_method_of_the_port() -> None:
    assert {name for name in public(Ledger) if callable(getattr(SqliteLedger, name, None))} == {
        "write",
        "read",
        "write_back",
    }


@pytest.mark.parametrize("name", sorted(QUESTIONS))
async def test_every_look_answers_in_a_read_and_in_a_write(ledger: SqliteLedger, name: str) -> None:
    await ledger.write(seed)
    assert await ledger.read(READS[name])
    assert await ledger.write(READS[name])


@pytest.mark.parametrize("name", sorted(CHANGING))
async def test_every_change_does_its_one_thing(ledger: SqliteLedger, name: str) -> None:
    await ledger.write(seed)
    assert await ledger.write(CHANGES[name])


def test_the_tables_name_nothing_that_is_gone() -> None:
    assert set(READS) == QUESTIONS
    assert set(CHANGES) == CHANGING


async def test_a_look_sees_the_writes_of_its_own_transaction(ledger: SqliteLedger, clock: Time) -> None:
    clock.now += 1
    event = await ledger.write(lambda tx: tx.events_of(create(tx).id)[0])
    assert event.ts == NOW + 1


async def test_lines_of_a_batch_are_requests_apart_from_the_others(ledger: SqliteLedger) -> None:
    await ledger.write(seed)
    await ledger.write(ports_of_batches.lines_that_are_requests)


async def test_the_lines_of_a_batch_add_up_for_its_card(ledger: SqliteLedger) -> None:
    await ledger.write(ports_of_batches.seed_batch)
    await ledger.write(ports_of_batches.sums_of_a_batch)


@pytest.mark.parametrize("asked", [ports_of_batches.batches_that_wait, ports_of_batches.an_ended_batch])
async def test_batches_wait_and_end_as_they_say(
    ledger: SqliteLedger, asked: Callable[[Transaction], None]
) -> None:
    await ledger.write(ports_of_batches.seed_batch)
    await ledger.write(asked)
