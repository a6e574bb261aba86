"""Batches that wait for people keep no other one from being worked off."""

from __future__ import annotations

import pytest

from coupons.batch_asking import DRAFT_MS
from coupons.batches import BatchState
from coupons.model import ClickAction
from tests.coupons.batch_office import HOUR, BatchOffice, lines


@pytest.mark.parametrize("submitted", [False, True])
async def test_however_many_wait_the_next_one_is_worked_off(office: BatchOffice, submitted: bool) -> None:
    for number in range(25):
        batch = await office.draft(lines(1), delivery=f"V{number}", sha256=f"{number:064d}")
        if submitted:
            await office.do(ClickAction.SUBMIT_BATCH, "U0LI", batch.id)
            await office.settle()
    last = await office.pending(2, delivery="V99", sha256="ff" * 32)
    assert last.state is BatchState.PENDING
    await office.approved_by_two(last.id)
    await office.send()
    await office.settle()
    assert await office.state(last.id) is BatchState.DONE


async def test_the_time_of_many_that_wait_is_over_for_each(office: BatchOffice) -> None:
    for number in range(25):
        await office.draft(lines(1), delivery=f"V{number}", sha256=f"{number:064d}")
    office.clock.now += DRAFT_MS
    await office.settle()
    assert {await office.state(number) for number in range(1, 26)} == {BatchState.DISCARDED}


async def test_a_draft_of_a_clock_that_was_ahead_is_forgotten_when_it_is_set_right(
    office: BatchOffice,
) -> None:
    right = office.clock.now
    office.clock.now += 1000 * HOUR
    await office.draft(lines(2))
    office.clock.now = right
    await office.settle()
    assert await office.state() is BatchState.DISCARDED
    assert await office.ledger.read(lambda rows: rows.lines(1, after=0, limit=9)) == []
