"""What became of coupons: what is due to be asked about, and that the proof sees whoever changes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlite_utils import Database

from coupons.coupon_events import CouponChanged
from coupons.coupon_states import CouponAnswer, KnownCoupon, answered, unanswered
from coupons.model import ClickAction, Request, Stock
from coupons.ports import Reading, Transaction
from coupons.recording import SYSTEM
from storage.database import bring_up_to_date
from storage.driver import sqlite3
from storage.ledger import SqliteLedger
from storage.migrations import APPLICATION_ID, MIGRATIONS
from storage.proof.verify import verify
from tests.storage.records import (
    DAY,
    NOW,
    OPENID,
    STOCK,
    a_click,
    approve,
    broken,
    create,
    rows,
    send,
    tamper,
    written,
)

T = TypeVar("T")
Query = Callable[[Reading], T]
BIG = Stock("1313131313", "big", "¥50 off", 5000, STOCK.code_mode)


def sent(tx: Transaction, number: int, **changes: object) -> Request:
    return send(tx, approve(tx, create(tx, f"cb{number}", **changes)), f"CODE{number}")


def says(
    tx: Transaction, request_id: int, state: str, *, happened_at: int | None = None, now: int = NOW
) -> KnownCoupon:
    """WeChat Pay's answer, as the bot keeps it."""
    before = tx.coupon_states([request_id]).get(request_id, KnownCoupon(request_id=request_id))
    answer = CouponAnswer(state=state, happened_at=happened_at, valid_until=NOW + 30 * DAY)
    after, changed = answered(before, answer, now=now)
    tx.save_coupon_state(after)
    if changed is not None:
        tx.append(changed.done_by(SYSTEM, request_id))
    return after


def fill(tx: Transaction) -> None:
    """#1 used, #2 sendable, #3 of another agent used without a time, #4 never asked about, #5 in vain."""
    for number, changes in enumerate(
        ({}, {"stock": BIG}, {"requester": "U0CHEN"}, {"stock": BIG}, {"openid": "oOther-customer-0001"}), 1
    ):
        sent(tx, number, **changes)
    says(tx, 1, "SENDED")
    says(tx, 1, "USED", happened_at=NOW + 2 * DAY)
    says(tx, 2, "SENDED")
    says(tx, 3, "USED")
    tx.save_coupon_state(unanswered(KnownCoupon(request_id=5), "TIMEOUT", now=NOW))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("coupons") / "coupon.db", fill)


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


async def test_only_what_can_still_change_is_due_and_the_longest_sent_first(ledger: SqliteLedger) -> None:
    await ledger.write(fill)

    def due(since: int, tried_before: int, limit: int = 9) -> Query[list[int]]:
        return lambda tx: [each.id for each in tx.coupons_to_look_up(since, tried_before, limit)]

    assert await ledger.read(due(NOW, NOW)) == [4]
    assert await ledger.read(due(NOW, NOW + 1, 3)) == [1, 2, 3]
    assert await ledger.read(due(NOW + 1, NOW + 1)) == []
    for number, state in ((1, "EXPIRED"), (2, "DELETED"), (3, "DEACTIVATED")):
        await ledger.write(lambda tx, n=number, word=state: says(tx, n, word))  # type: ignore[misc]  # bound now
    assert await ledger.read(due(NOW, NOW + 1)) == [4, 5]
    # Who is forgotten cannot be asked about.
    await ledger.write(lambda tx: tx.erase_customer(tx.customer_of(OPENID) or 0))
    assert await ledger.read(due(NOW, NOW + 1)) == [5]


async def test_nobodys_approval_waits_for_answers_about_coupons(ledger: SqliteLedger) -> None:
    for action in (ClickAction.LOOK_UP_COUPON, ClickAction.LOOK_UP_CUSTOMER, ClickAction.APPROVE):
        await ledger.write(lambda tx, each=action: tx.add_click(a_click(each, action=each)))  # type: ignore[misc]  # bound now
    wanted, others = await ledger.read(lambda tx: (tx.lookups_wanted(9), tx.open_clicks(9)))
    assert [click.action for click in wanted] == [ClickAction.LOOK_UP_COUPON, ClickAction.LOOK_UP_CUSTOMER]
    assert [click.action for click in others] == [ClickAction.APPROVE]
    assert len(await ledger.read(lambda tx: tx.lookups_wanted(9, [wanted[0].id]))) == 1


# --- the proof


def test_what_the_bot_writes_is_whole_and_the_same_answer_is_no_event(log: Path) -> None:
    assert verify(log, thorough=True).rows == len(rows(log, "select 1 from event"))
    assert rows(log, "select count(*) from event where tag = 'coupon:changed'") == [(4,)]
    before = KnownCoupon(request_id=1)
    answer = CouponAnswer(state="USED", happened_at=1, valid_until=None)
    known, changed = answered(before, answer, now=5)
    assert changed == CouponChanged(state="USED", before="", happened_at=1, valid_until=None)
    assert answered(known, answer, now=9) == (
        KnownCoupon(request_id=1, state="USED", happened_at=1, changed_at=5, known_at=9, tried_at=9),
        None,
    )


@pytest.mark.parametrize(
    "change",
    [
        "update coupon_state set state = 'SENDED' where request_id = 1",
        "update coupon_state set state = '' where request_id = 2",
        "update coupon_state set happened_at = null where request_id = 1",
        "update coupon_state set happened_at = 1 where request_id = 3",
        "update coupon_state set valid_until = valid_until + 1 where request_id = 2",
        "update coupon_state set changed_at = changed_at - 604800000 where request_id = 1",
        "delete from coupon_state where request_id = 2",
        "update coupon_state set state = 'USED' where request_id = 5",
        "update coupon_state set changed_at = 1 where request_id = 5",
        "insert into coupon_state (request_id, state, tried_at) values (4, 'USED', 1)",
    ],
)
def test_a_row_that_was_changed_is_named(log: Path, change: str) -> None:
    number = change[-1] if change[-1].isdigit() else "4"
    tamper(log, change)
    kind, sentence = broken(log)
    assert kind == "coupon"
    assert f"request #{number} has another state of its coupon" in sentence


def unsent(tx: Transaction) -> None:
    says(tx, create(tx, "cb9").id, "USED")


def skipped(tx: Transaction) -> None:
    """Between this event and the one before it another one is missing."""
    sent(tx, 9)
    says(tx, 1, "SENDED")
    gone = CouponChanged(state="EXPIRED", before="USED", happened_at=None, valid_until=NOW + 30 * DAY)
    tx.append(gone.done_by(SYSTEM, 1))


@pytest.mark.parametrize(
    ("forge", "sentence"), [(unsent, "was not sent"), (skipped, "does not follow what was told before it")]
)
def test_what_the_bot_would_never_write_is_named(
    path: Path, forge: Callable[[Transaction], None], sentence: str
) -> None:
    kind, said = broken(written(path, forge))
    assert kind == "coupon"
    assert sentence in said


def test_a_database_of_the_eighth_schema_becomes_the_ninth_and_stays_whole(path: Path) -> None:
    connection = sqlite3.connect(path)
    MIGRATIONS.apply(Database(connection, execute_plugins=False), stop_before="m009_after_sending")
    connection.execute("pragma user_version = 8")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.commit()
    connection.close()
    assert bring_up_to_date(path) == ("m009_after_sending",)
    assert verify(written(path, fill)).rows > 0
