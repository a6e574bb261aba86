"""What a week came to, and who decided what in it; and the questions of Home, for `test_ports`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from coupons.batch_events import BatchDeclined
from coupons.coupon_states import KnownCoupon
from coupons.events import ApprovalGiven, RequestDeclined
from coupons.lifecycle import move
from coupons.model import Approval, State
from coupons.ports import Reading, Transaction
from coupons.rules import Used
from coupons.week import WeekLine
from storage.ledger import SqliteLedger
from tests.storage import ports_of_batches
from tests.storage.records import DAY, NOW, OPENID, STOCK, a_draft, approve, create, send

SINCE = NOW - 6 * DAY

READS: dict[str, Callable[[Reading], bool]] = {
    "approvals_of_many": lambda tx: (
        tx.approvals_of_many([1, 2, 99]) == {2: [Approval(2, "U0WANG", NOW)]}
        and tx.approvals_of_many([]) == {}
    ),
    "decisions_of": lambda tx: (
        [event.request_id for event in tx.decisions_of("U0WANG", NOW - DAY, 9)] == [3, 2]
        and tx.decisions_of("U0WANG", NOW + 1, 9) == []
        and tx.decisions_of("U0LI", NOW - DAY, 9) == []
    ),
    "newest_end": lambda tx: tx.newest_end() == 0,
    "week": lambda tx: (found := tx.week(SINCE, SINCE + 7 * DAY)).count == 0 and found.median_ms is None,
}


def a_week(tx: Transaction) -> None:
    """What ended in it counts, by whom and when; what was struck out, sent before or after it does not."""
    first = send(tx, approve(tx, create(tx, "cb1")), "CODE1")
    dear = replace(STOCK, stock_id="9", name="¥50 off", value_fen=5000)
    second = approve(tx, create(tx, "cb2", stock=dear, requester="U0SUN", created_at=NOW - 2 * DAY))
    used = send(tx, second, "CODE2")
    tx.save_coupon_state(KnownCoupon(request_id=used.id, state="USED", happened_at=NOW, tried_at=NOW))
    tx.save_coupon_state(KnownCoupon(request_id=first.id, state="SENDED", tried_at=NOW))
    third = create(tx, "cb3")
    tx.append(RequestDeclined(reason="no").done_by("U0WANG", third.id))
    tx.save(third, move(third, State.DECLINED, now=NOW - DAY, closed_by="U0WANG"))
    fourth = create(tx, "cb4")
    tx.save(fourth, move(fourth, State.CANCELLED, now=NOW))
    fifth = approve(tx, create(tx, "cb5"))
    gone = tx.save(fifth, move(fifth, State.SENDING, now=NOW, attempts=1, tries=1))
    tx.save(gone, move(gone, State.SENT, now=SINCE - 1, coupon_code="CODE5"))

    found = tx.week(SINCE, SINCE + 7 * DAY)
    assert (found.count, found.fen, found.declined) == (2, 6000, 1)
    assert found.agents == [
        WeekLine(name="U0SUN", count=1, fen=5000),
        WeekLine(name="U0LI", count=1, fen=1000),
    ]
    assert found.stocks == [
        WeekLine(name="9", stock_name="¥50 off", count=1, fen=5000),
        WeekLine(name=STOCK.stock_id, stock_name=STOCK.name, count=1, fen=1000),
    ]
    assert list(found.days) == [Used()] * 6 + [Used(2, 6000)]
    assert (found.median_ms, found.longest_ms) == (0, 2 * DAY)
    assert tx.newest_end() == first.closed_at == NOW
    assert found.used == {"U0SUN": Used(1, 5000)}
    before = tx.week(SINCE - 7 * DAY, SINCE)
    assert (before.count, before.days[-1], before.declined) == (1, Used(1, 1000), 0)
    assert tx.week(NOW + 1, NOW + 1 + 7 * DAY).count == 0
    # What was taken back is not given any more.
    tx.save(first, replace(first, undone_by=third.id))
    assert (tx.week(SINCE, SINCE + 7 * DAY).count, tx.week(SINCE, SINCE + 7 * DAY).declined) == (1, 1)


def a_batch_in_a_week(tx: Transaction) -> None:
    """It waited once for its approvals, however many its lines; one that was struck out is no decision."""
    batch = ports_of_batches.seed_batch(tx)
    tx.save_batch(batch, replace(batch, submitted_at=NOW - 60_000, size=2, approvals_needed=1))
    drafts = [
        a_draft(f"cb{n}", openid=f"{OPENID[:-1]}{n}", batch=batch.id, batch_row=n, created_at=NOW - 60_000)
        for n in range(2, 5)
    ]
    rows = [request for request, _ in tx.add_requests(drafts)]
    tx.append(RequestDeclined(reason="").done_by("U0WANG", rows[0].id))
    tx.save(rows[0], move(rows[0], State.DECLINED, now=NOW, closed_by="U0WANG"))
    seq = tx.append(ApprovalGiven(count=1, needed=1, batch=batch.id).done_by("U0WANG"))
    tx.add_batch_approval(batch.id, "U0WANG", at=NOW, seq=seq)
    for request in rows[1:]:
        approved = tx.save(request, move(request, State.APPROVED, now=NOW))
        sending = tx.save(approved, move(approved, State.SENDING, now=NOW, attempts=1, tries=1))
        tx.save(sending, move(sending, State.SENT, now=NOW, coupon_code=f"CODE{request.id}"))
    declined = tx.append(BatchDeclined(batch=99, reason="no").done_by("U0WANG"))

    found = tx.week(SINCE, SINCE + 7 * DAY)
    assert (found.count, found.declined) == (2, 1)
    assert (found.median_ms, found.longest_ms) == (60_000, 60_000)
    assert [event.seq for event in tx.decisions_of("U0WANG", NOW - DAY, 9)] == [declined, seq]
    assert [event.seq for event in tx.decisions_of("U0WANG", NOW - DAY, 1)] == [declined]


@pytest.mark.parametrize("asked", [a_week, a_batch_in_a_week])
async def test_what_a_week_came_to(ledger: SqliteLedger, asked: Callable[[Transaction], None]) -> None:
    await ledger.write(asked)
