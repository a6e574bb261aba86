"""Each protection of the money, the bad day that it is for, and the damage which is found when it is gone.

A day that finds nothing either way would promise nothing: each is run with its protection and without.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from coupons.errors import RowChanged
from coupons.events import RequestCancelled, RequestDeclined
from coupons.leases import LEASE_MS, RENEW_MS
from coupons.lifecycle import move
from coupons.model import State
from coupons.ports import Transaction
from coupons.recording import Event
from sandbox.wechatpay.faults import Fault, FaultKind
from sandbox.wechatpay.ledger import SENDS
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.proof.verify import verify
from tests.coupons import test_leases
from tests.faults import protections
from tests.faults.agreement import agreement_of
from tests.faults.call_watch import WatchedWeChatPay
from tests.storage.records import create, open_ledger
from tests.world import STOCKS, World, keys, until, world

Damage = Iterable[str]


def _watched(folder: Path) -> WatchedWeChatPay:
    return WatchedWeChatPay(keys(), stocks=STOCKS, database=folder / "coupon.db")


async def _ask(shop: World, requests: int) -> list[int]:
    return [await shop.ask(openid=f"oCustomer{number:05d}-abcdefghijkl") for number in range(requests)]


async def _answers_are_lost(folder: Path) -> Damage:
    stand_in = _watched(folder)
    stand_in.faults.queue(Fault(FaultKind.LOST_ANSWER), times=2)
    async with world(folder, stand_in=stand_in) as shop:
        for number in await _ask(shop, 2):
            await shop.approve(number)
            await shop.state(number, "sent")
        await shop.stop()
        stand_in.close()
        return [*stand_in.wrong, *agreement_of(shop).problems()]


async def _calls_are_looked_at_as_they_come(folder: Path) -> Damage:
    stand_in = _watched(folder)
    async with world(folder, stand_in=stand_in) as shop:
        for number in await _ask(shop, 2):
            await shop.approve(number)
        await until(lambda: sum(each.endpoint in SENDS for each in stand_in.ledger.requests) >= 2 or None)
        await shop.stop()
        stand_in.close()
        return stand_in.wrong


async def _somebody_writes_into_the_file(folder: Path) -> Damage:
    """Rows that say they were approved, with names; the guards let nobody write events."""
    stand_in = _watched(folder)
    async with world(folder, stand_in=stand_in) as shop:
        numbers = await _ask(shop, 2)
        await shop.quiet()
        await shop.stop()
        connection = sqlite3.connect(folder / "coupon.db")
        connection.execute(
            "insert into approval (request_id, approver, at) select id, 'U0WANG', 1 from request"
        )
        connection.execute("update request set state = 'approved', due_at = 0")
        connection.commit()
        connection.close()
        await shop.start()
        for number in numbers:
            await shop.state(number, "sent", "held")
        await shop.stop()
        stand_in.close()
        return [*stand_in.wrong, *(f"{coupon.coupon_code} was given" for coupon in stand_in.ledger.coupons)]


async def _two_decide_by_what_they_read_before(folder: Path) -> Damage:
    path = folder / "coupon.db"
    ledger = open_ledger(path)
    await ledger.write(lambda tx: create(tx, "cb1"))
    read = await ledger.read(lambda rows: rows.request(1))
    assert read is not None

    def decide(tx: Transaction, state: State, event: Event) -> None:
        tx.save(read, move(read, state, now=1, closed_by=event.actor))
        tx.append(event)

    try:
        await ledger.write(
            partial(decide, state=State.DECLINED, event=RequestDeclined(reason="").done_by("U0WANG", 1))
        )
        await ledger.write(
            partial(decide, state=State.CANCELLED, event=RequestCancelled().done_by("U0LI", 1))
        )
    except RowChanged:
        return []
    finally:
        await ledger.close()
    try:
        verify(path)
    except AuditBroken as error:
        return [str(error)]
    return []


async def _an_answer_takes_half_a_minute(folder: Path) -> Damage:
    """And another process looks meanwhile at what runs."""
    shop = test_leases.Shop(folder / "coupon.db")
    await shop.ledger.write(test_leases.approved)
    await shop.here.begin()
    for _ in range(15):
        shop.passes(RENEW_MS)
        await shop.here.sender.step()
        await shop.there.sender.step()
    await shop.here.answer(test_leases.SENT)
    story = await shop.story()
    await shop.ledger.close()
    return [found for found in story if "INTERRUPTED" in found]


async def _a_frozen_process_goes_on(folder: Path) -> Damage:
    """Its answer comes when another process has begun the next attempt."""
    shop = test_leases.Shop(folder / "coupon.db")
    await shop.ledger.write(test_leases.approved)
    await shop.here.begin()
    shop.passes(LEASE_MS)
    await shop.there.sender.step()
    shop.passes(1_000)
    await shop.there.begin()
    await shop.here.answer(test_leases.LOST)
    now = await shop.request()
    await shop.there.answer(test_leases.SENT)
    await shop.ledger.close()
    return [] if now.running else ["an attempt on the wire was said to have ended"]


@dataclass(frozen=True, slots=True)
class Protection:
    take_out: Callable[[pytest.MonkeyPatch], None]
    day: Callable[[Path], Awaitable[Damage]]
    #: Words of what is found without it.
    damage: str


PROTECTIONS = (
    Protection(protections.stored_number, _answers_are_lost, "is no request's"),
    Protection(protections.lease, _an_answer_takes_half_a_minute, "INTERRUPTED"),
    Protection(protections.fence, _a_frozen_process_goes_on, "was said to have ended"),
    Protection(protections.attempt_first, _calls_are_looked_at_as_they_come, "0 committed attempts"),
    Protection(protections.compare_and_set, _two_decide_by_what_they_read_before, "#1"),
    Protection(protections.approvals_in_events, _somebody_writes_into_the_file, "0 of 1 approvals"),
)
_NAMED = pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda each: each.take_out.__name__)


@_NAMED
async def test_with_it_the_day_leaves_no_damage(tmp_path: Path, protection: Protection) -> None:
    assert [*await protection.day(tmp_path)] == []


@_NAMED
async def test_without_it_the_damage_is_found(
    tmp_path: Path, protection: Protection, monkeypatch: pytest.MonkeyPatch
) -> None:
    protection.take_out(monkeypatch)
    found = [*await protection.day(tmp_path)]
    assert any(protection.damage in sentence for sentence in found), found
