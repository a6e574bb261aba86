"""What may become of lines: left out, struck, refused by limits, or sent only as their batch was approved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupons.audit_events import CustomerErased
from coupons.batches import SAME_FILE, Batch, BatchState, DraftLine, LeftOut
from coupons.events import Tag
from coupons.forgetting import forget
from coupons.model import ClickAction, State
from coupons.permissions import Reason
from coupons.policy import Limit, WhenReached
from coupons.ports import Transaction
from coupons.posts import PostKind
from coupons.settling import NOT_APPROVED
from storage.errors import AuditBroken
from tests.coupons.batch_office import BatchOffice, Opening, lines, openid
from tests.storage.records import rows

# --- what is left out


async def test_struck_rows_are_declined_and_the_rest_is_approved(office: BatchOffice) -> None:
    await office.pending(20)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="3, 5-7, 21")
    batch = await office.batch()
    assert (batch.size, batch.value_fen, batch.left_out) == (15, 15_000, 5)
    for who in ("U0WANG", "U0ZHAO"):
        await office.do(ClickAction.APPROVE_BATCH, who)
    await office.settle()
    await office.send()
    await office.settle()
    assert await office.progress() == {"declined": 5, "sent": 15}
    declined = [line.batch_row for line in await office.lines() if line.state is State.DECLINED]
    assert declined == [3, 5, 6, 7, 21]
    [struck] = [each for each in await office.log() if each.tag == Tag.BATCH_STRUCK]
    assert (struck.actor, struck.detail["rows"]) == ("U0WANG", declined)
    await office.prove()


@pytest.mark.parametrize("rows", ["", "x", "1-2-3", "0", "9-3", "22", "3-99999999999", "１7", "-5", "30, 3"])
async def test_rows_that_cannot_be_read_strike_nothing(office: BatchOffice, rows: str) -> None:
    before = await office.pending(20)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason=rows)
    assert (await office.batch(), await office.progress()) == (before, {"pending": 20})
    assert await office.refusals() == [Reason.TOO_LATE]


async def test_ranges_that_overlap_are_struck_whole(office: BatchOffice) -> None:
    await office.pending(510)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="2-400, 2-500, 450-501")
    assert await office.progress() == {"declined": 500, "pending": 10}
    assert (await office.batch()).size == 10


async def test_more_rows_than_are_struck_at_once_are_not_struck_in_part(office: BatchOffice) -> None:
    before = await office.pending(510)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="2-300, 280-510")
    assert await office.batch() == before
    assert await office.progress() == {"pending": 510}


async def test_after_approval_nothing_is_struck(office: BatchOffice) -> None:
    await office.running()
    await office.do(ClickAction.STRIKE_LINES, "U0CHEN", reason="2")
    assert await office.refusals() == [Reason.TOO_LATE]


async def test_the_same_file_is_said_to_have_come_before(office: BatchOffice) -> None:
    await office.pending()
    again = await office.draft(lines(3), delivery="V2", who="U0WANG")
    shown = await office.batch_asking.show(again)
    assert (again.problem, shown.same_file and shown.same_file.id) == (SAME_FILE, 1)
    other = await office.draft(lines(3), delivery="V3", sha256="cd" * 32)
    assert (other.problem, (await office.batch_asking.show(other)).same_file) == ("", None)


async def test_of_two_drafts_of_one_file_the_second_is_submitted_only_knowing_of_the_first(
    office: BatchOffice,
) -> None:
    await office.draft(lines(3))
    await office.draft(lines(3), delivery="V2")
    for number in (1, 2):
        await office.do(ClickAction.SUBMIT_BATCH, "U0LI", number)
        await office.settle()
    assert (await office.refusals(), await office.requests()) == ([Reason.DUPLICATE], 3)
    second = await office.batch(2)
    assert (second.state, second.problem) == (BatchState.DRAFT, SAME_FILE)
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI", 2)
    await office.settle()
    assert (await office.state(2), await office.requests()) == (BatchState.PENDING, 6)


async def test_a_file_that_was_declined_may_come_again(office: BatchOffice) -> None:
    await office.pending()
    await office.do(ClickAction.DECLINE_BATCH, "U0WANG")
    assert (await office.pending(delivery="V2")).problem == ""


async def test_a_limit_that_others_reach_meanwhile_leaves_lines_out(opened: Opening) -> None:
    office = opened(per_stock=Limit(10, 1))
    batch = await office.draft(lines(8))
    assert (batch.size, batch.left_out) == (8, 0)
    asking = office.asking(office.policy)
    for number in range(5):
        await asking.submit(office.ask(f"one {number}", openid(100 + number), "1001"))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    batch = await office.batch()
    assert (batch.state, batch.size, batch.left_out) == (BatchState.PENDING, 5, 3)
    left_out = await office.ledger.read(lambda rows: rows.left_out_of(1, 9))
    assert [(each.row, each.problem) for each in left_out] == [(row, Reason.STOCK_LIMIT) for row in (7, 8, 9)]
    await office.prove()


@pytest.mark.parametrize("crash", [False, True])
async def test_a_limit_counts_what_others_ask_for_between_two_parts(opened: Opening, crash: bool) -> None:
    office = opened(per_agent=Limit(100, 1))
    await office.draft(lines(90))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle(parts=1)
    for number in range(20):
        await office.asking(office.policy).submit(office.ask(f"one {number}", openid(500 + number), "1001"))
    if crash:
        await office.crash()
    await office.settle()
    assert (await office.batch()).size == 80


async def test_a_line_that_needs_more_approvals_than_the_batch_by_a_limit_is_left_out(
    opened: Opening,
) -> None:
    office = opened(per_stock=Limit(71, 1, WhenReached.APPROVE))
    batch = await office.draft(lines(70))
    assert (batch.approvals_needed, batch.raised) == (2, ())
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle(parts=1)
    await office.asking(office.policy).submit(office.ask("one", openid(100), "1001"))
    await office.asking(office.policy).submit(office.ask("two", openid(101), "1001"))
    await office.settle()
    batch = await office.batch()
    assert (batch.size, batch.left_out, batch.approvals_needed) == (69, 1, 2)


async def test_a_batch_of_which_limits_leave_nothing_is_discarded(opened: Opening) -> None:
    office = opened(per_stock=Limit(2, 1))
    await office.draft(lines(2))
    for number in range(2):
        await office.asking(office.policy).submit(office.ask(f"{number}", openid(100 + number), "1001"))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    assert (await office.state(), await office.batch_tags()) == (BatchState.DISCARDED, [])
    await office.prove()


async def test_a_file_of_which_nothing_can_be_used_is_said_so_once(office: BatchOffice) -> None:
    batch = await office.receive()
    for _ in range(2):
        await office.batch_asking.refuse_file(batch, "no_openid_column", sha256="ef" * 32)
    batch = await office.batch()
    assert (batch.state, batch.problem, batch.file_id) == (BatchState.DISCARDED, "no_openid_column", "")
    assert len(await office.posts(PostKind.PREVIEW)) == 1


# --- what is sent


async def test_an_approved_row_of_a_batch_that_nobody_approved_is_not_sent(office: BatchOffice) -> None:
    """By whoever can write the file; the event that tells of one approval is read twice."""
    await office.pending()
    await office.do(ClickAction.APPROVE_BATCH, "U0WANG")

    def forge(tx: Transaction) -> None:
        [given] = tx.batch_approvals(1)
        tx.add_batch_approval(1, "U0ZHAO", at=office.clock.now, seq=given.seq)
        batch = there(tx)
        tx.save_batch(batch, replace(batch, state=BatchState.APPROVED))

    await office.ledger.write(forge)
    await office.settle()
    await office.send()
    assert office.wechat.calls == {}
    assert {(line.state, line.problem) for line in await office.lines()} == {(State.HELD, NOT_APPROVED)}
    with pytest.raises(AuditBroken):
        await office.prove()


@pytest.mark.parametrize("action", [ClickAction.PAUSE_BATCH, ClickAction.CANCEL_BATCH])
async def test_what_is_stopped_between_reading_and_claiming_is_not_begun(
    office: BatchOffice, action: ClickAction
) -> None:
    await office.running()
    await office.do(action, "U0WANG")
    attempts = office.sender._attempts
    assert await office.ledger.write(lambda tx: attempts.begin_all(tx, [1, 2, 3])) == []
    await office.settle()
    assert not any(line.attempts for line in await office.lines())


async def test_approvals_of_another_batch_count_for_nothing(office: BatchOffice) -> None:
    await office.pending()
    await office.pending(delivery="V2", sha256="cd" * 32)
    await office.approved_by_two(2)

    def forge(tx: Transaction) -> None:
        for given in tx.batch_approvals(2):
            tx.add_batch_approval(1, given.approver, at=given.at, seq=given.seq)
        batch = there(tx)
        tx.save_batch(batch, replace(batch, state=BatchState.APPROVED))

    await office.ledger.write(forge)
    await office.settle()
    await office.send()
    assert {line.problem for line in await office.lines(1)} == {NOT_APPROVED}
    assert await office.progress(2) == {"sent": 3}


# --- who is forgotten


async def test_a_forgotten_customer_is_in_no_draft(office: BatchOffice) -> None:
    asked = await office.put(openid(2), "1001", "", State.DECLINED)
    bad = [
        LeftOut(row=9, column="stock", read=f"{openid(2)} 1001", problem="unknown_stock"),
        LeftOut(row=10, column="stock", read="x", problem="unknown_stock"),
    ]
    other = DraftLine(row=8, openid=openid(8), stock_id="1001", reason=f"as {openid(2)}", ticket=openid(2))
    await office.draft([*lines(2), other], bad)
    due = await office.ledger.read(lambda rows: rows.customers_to_forget(office.clock.now + 1, 9))
    assert due == [], "somebody is about to ask for one"
    erased = CustomerErased(customer=asked.customer, user="root")
    await office.ledger.write(lambda tx: forget(tx, erased))
    assert openid(2) not in repr(rows(office.path, "select * from batch_line"))
    await office.do(ClickAction.SUBMIT_BATCH, "U0LI")
    await office.settle()
    assert [line.batch_row for line in await office.lines()] == [3, 8]
    left_out = await office.ledger.read(lambda rows: rows.left_out_of(1, 9))
    assert [(each.row, each.problem) for each in left_out] == [
        (2, "erased"),
        (9, "unknown_stock"),
        (10, "unknown_stock"),
    ]


def there(tx: Transaction) -> Batch:
    batch = tx.batch(1)
    assert batch is not None
    return batch
