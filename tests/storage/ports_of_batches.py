"""The ports' methods on batches, each with what it answers and does; for `test_ports`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coupons.asking import created
from coupons.batch_events import BatchCreated, BatchExpired
from coupons.batches import (
    Batch,
    BatchApproval,
    BatchState,
    CustomerOfBatch,
    CustomersOfBatch,
    DraftLine,
    HeldLines,
    LeftOut,
    NewBatch,
    Progress,
    StockOfBatch,
    move_batch,
)
from coupons.errors import RowChanged
from coupons.events import ApprovalGiven
from coupons.lifecycle import move
from coupons.model import Request, State
from coupons.ports import Reading, Transaction
from coupons.posts import PostKind
from coupons.rules import Used
from tests.storage.records import NOW, STOCK, a_draft

LINES = [
    DraftLine(
        row=2, openid="oFirst-customer-of-a-file-00", stock_id=STOCK.stock_id, reason="late", ticket="T-1"
    ),
    DraftLine(row=3, openid="oSecond-customer-of-a-file-0", stock_id=STOCK.stock_id, reason="", ticket=""),
]
BAD = [LeftOut(row=4, column="B", read="#N/A", problem="error")]


def new_batch(delivery: str = "T0SHOP.V1") -> NewBatch:
    return NewBatch(
        delivery=delivery,
        requester="U0LI",
        file_id="F0FILE",
        file_name="late.xlsx",
        stock_id=STOCK.stock_id,
        reason="late",
        ticket="",
        asked_at=NOW,
    )


def seed_batch(tx: Transaction) -> Batch:
    """Batch 1: a draft whose file is not read to its end yet."""
    batch, _ = tx.add_batch(new_batch())
    tx.add_lines(batch.id, LINES, BAD)
    return batch


def running_batch(tx: Transaction, delivery: str) -> int:
    batch, _ = tx.add_batch(new_batch(delivery))
    for state in (BatchState.PENDING, BatchState.APPROVED, BatchState.RUNNING):
        batch = tx.save_batch(batch, move_batch(batch, state, now=NOW))
    return batch.id


def found(tx: Reading, number: int = 1) -> Batch:
    batch = tx.batch(number)
    assert batch is not None
    return batch


def waiting_batch(tx: Transaction) -> Batch:
    batch, _ = tx.add_batch(new_batch("T0SHOP.V9"))
    times = {"waits_from": NOW, "expires_at": NOW + 9, "remind_at": NOW + 5}
    return tx.save_batch(batch, move_batch(batch, BatchState.PENDING, now=NOW, **times))


def make_line(tx: Transaction, row: int, **changes: object) -> Request:
    [(request, _)] = tx.add_requests([a_draft(f"cb-row-{row}", batch=1, batch_row=row, **changes)])
    return request


READS: dict[str, Callable[[Reading], bool]] = {
    "batch": lambda tx: found(tx).requester == "U0LI" and tx.batch(9) is None,
    "batch_by_delivery": lambda tx: (
        (tx.batch_by_delivery("T0SHOP.V1"), tx.batch_by_delivery("T0SHOP.V2")) == (found(tx), None)
    ),
    "batch_of_file": lambda tx: tx.batch_of_file("", but=9) is None,
    "batch_approvals": lambda tx: tx.batch_approvals(1) == [],
    "lines": lambda tx: (
        [tx.lines(1, after=after, limit=limit) for after, limit in ((0, 9), (0, 1), (2, 9), (3, 9))]
        == [LINES, LINES[:1], LINES[1:], []]
    ),
    "left_out_of": lambda tx: (tx.left_out_of(1, 9), tx.left_out_of(9, 9)) == (BAD, []),
    "count_left_out": lambda tx: (tx.count_left_out(1), tx.count_left_out(9)) == (1, 0),
    "last_row_of_batch": lambda tx: tx.last_row_of_batch(1) == 0,
    "requests_of_batch": lambda tx: tx.requests_of_batch(1, limit=9) == [],
    "requests_of_rows": lambda tx: tx.requests_of_rows(1, State.PENDING, first=1, last=9, limit=9) == [],
    "held_of_batch": lambda tx: tx.held_of_batch(1) == [],
    "batches_to_remind": lambda tx: tx.batches_to_remind(NOW, 9, NOW + 9) == [],
    "unbegun_of_batch": lambda tx: tx.unbegun_of_batch(1, 9) == [],
    "totals_of_batch": lambda tx: tx.totals_of_batch(1) == Used(),
    "highest_of_batch": lambda tx: tx.highest_of_batch(1) == {},
    "progress_of_batch": lambda tx: tx.progress_of_batch(1) == Progress({}, 0),
    "stocks_of_batch": lambda tx: tx.stocks_of_batch(1) == [],
    "held_lines_of_batch": lambda tx: tx.held_lines_of_batch(1) == [],
    "customers_of_batch": lambda tx: (
        tx.customers_of_batch(1, since=0, until=NOW, largest=5)
        == CustomersOfBatch(count=0, before=0, largest=())
    ),
    "events_of_batch": lambda tx: tx.events_of_batch(1) == [],
    "ends_of_batch": lambda tx: tx.ends_of_batch(1, 1000) == [],
    "batch_is_under_way": lambda tx: not tx.batch_is_under_way(1),
    "files_to_read": lambda tx: [batch.id for batch in tx.files_to_read(9)] == [1],
    "open_batches": lambda tx: [batch.id for batch in tx.open_batches(9)] == [1],
}


def adds_a_batch_once(tx: Transaction) -> bool:
    result = [tx.add_batch(new_batch(delivery)) for delivery in ("T0SHOP.V1", "T0SHOP.V2")]
    return [(batch.delivery, is_new) for batch, is_new in result] == [
        ("T0SHOP.V1", False),
        ("T0SHOP.V2", True),
    ]


def saves_a_batch(tx: Transaction) -> bool:
    before = found(tx)
    after = replace(before, sha256="ab" * 32, size=2, raised=("agent_limit",), approvers=("S0LEADS", "U0WU"))
    saved = tx.save_batch(before, after)
    submitted = tx.save_batch(saved, replace(saved, submitted_at=NOW))
    # A draft is no file that came before; what was submitted is.
    same = [tx.batch_of_file("ab" * 32, but=but) for but in (9, 1)]
    try:
        tx.save_batch(before, after)
    except RowChanged:
        return saved == replace(after, rev=2) and same == [submitted, None]
    return False


def leaves_a_line_out(tx: Transaction) -> bool:
    tx.leave_line_out(1, 3, "agent_limit")
    result = LeftOut(row=3, column="", read="", problem="agent_limit")
    return (tx.lines(1, after=0, limit=9), tx.left_out_of(1, 9)) == (LINES[:1], [result, *BAD])


def forgets_lines(tx: Transaction) -> bool:
    tx.forget_good_lines(1)
    only_bad = (tx.lines(1, after=0, limit=9), tx.left_out_of(1, 9)) == ([], BAD)
    tx.forget_lines(1)
    return only_bad and tx.count_left_out(1) == 0


def forgets_what_was_read(tx: Transaction) -> bool:
    tx.forget_what_was_read(1)
    return tx.left_out_of(1, 9) == [replace(bad, read="", facts="") for bad in BAD]


def adds_lines_once(tx: Transaction) -> bool:
    tx.add_lines(1, [replace(LINES[0], reason="another"), replace(LINES[0], row=9)], ())
    return [(line.row, line.reason) for line in tx.lines(1, after=0, limit=9)] == [
        (2, "late"),
        (3, ""),
        (9, "late"),
    ]


def approves_a_batch_once(tx: Transaction) -> bool:
    result = [tx.add_batch_approval(1, "U0WANG", at=NOW + n, seq=7 + n) for n in (0, 1)]
    return result == [True, False] and tx.batch_approvals(1) == [
        BatchApproval(approver="U0WANG", at=NOW, seq=7)
    ]


def sets_its_places(tx: Transaction) -> bool:
    before = found(tx)
    tx.set_batch_card(1, "C0APPROVE", "1.0")
    tx.set_preview(1, "D0LI", "2.0")
    places = {"card_channel": "C0APPROVE", "card_ts": "1.0", "preview_channel": "D0LI", "preview_ts": "2.0"}
    return found(tx) == replace(before, **places)


def sets_batches_right(tx: Transaction) -> bool:
    """And a pause moves the time of a batch as that of a request."""
    before = waiting_batch(tx)
    none = tx.set_batches_right(NOW - 50, NOW)
    moved = tx.set_batches_right(NOW - 50, NOW - 1)
    right = found(tx, before.id)
    tx.resume_waiting(NOW + 60, NOW)
    resumed = found(tx, before.id)
    times = [
        (each.waits_from, each.expires_at, each.remind_at, each.rev) for each in (before, right, resumed)
    ]
    return (none, moved) == ([], [before.id]) and times == [
        (NOW, NOW + 9, NOW + 5, 2),
        (NOW - 50, NOW - 41, NOW - 45, 3),
        (NOW + 10, NOW + 19, NOW + 15, 4),
    ]


CHANGES: dict[str, Callable[[Transaction], bool]] = {
    "add_batch": adds_a_batch_once,
    "save_batch": saves_a_batch,
    "set_batch_card": sets_its_places,
    "set_preview": sets_its_places,
    "set_batches_right": sets_batches_right,
    "add_lines": adds_lines_once,
    "leave_line_out": leaves_a_line_out,
    "forget_lines": forgets_lines,
    "forget_good_lines": forgets_lines,
    "forget_what_was_read": forgets_what_was_read,
    "add_batch_approval": approves_a_batch_once,
}


def lines_that_are_requests(tx: Transaction) -> None:
    """What is asked of them when there are some; called by a test of its own."""
    first, second, third = make_line(tx, 2), make_line(tx, 3, openid="oAnother"), make_line(tx, 7)
    tx.save(second, replace(second, state=State.APPROVED, due_at=NOW))
    second = tx.request(second.id) or second
    ids = [request.id for request in tx.requests_of_batch(1, limit=9)]
    assert ids == [first.id, second.id, third.id]
    assert [each.id for each in tx.requests_of_batch(1, state=State.PENDING, limit=9)] == [first.id, third.id]
    assert [each.id for each in tx.requests_of_batch(1, after=first.id, limit=1)] == [second.id]
    assert tx.requests_of_rows(1, State.PENDING, first=3, last=7, limit=9) == [third]
    assert tx.unbegun_of_batch(1, 9) == [second]
    assert tx.last_row_of_batch(1) == 7
    tells = [BatchExpired(batch=number).done_by("system") for number in (1, 2)]
    given = ApprovalGiven(count=1, needed=1, batch=1).done_by("U0WANG")
    seqs = [tx.append(event) for event in (*tells, given)]
    tx.add_batch_approval(1, "U0WANG", at=NOW, seq=seqs[2])
    assert [event.seq for event in tx.events_of_batch(1)] == [seqs[0], seqs[2]]
    ended = make_line(tx, 8)
    tx.save(ended, move(ended, State.CANCELLED, now=NOW + 999))
    assert tx.ends_of_batch(1, 1000) == [(NOW, State.CANCELLED, 1)]
    assert tx.totals_of_batch(1) == Used(3, 3000)
    assert tx.highest_of_batch(1) == {STOCK.stock_id: 1000}
    assert tx.progress_of_batch(1) == Progress({"approved": 1, "cancelled": 1, "pending": 2}, 0)
    assert tx.batch_is_under_way(1)
    # Only of a batch that runs, and never among single requests.
    assert second not in tx.due_requests(NOW, 9, NOW + 9)
    assert tx.due_requests(NOW, 9, NOW + 9, in_batch=True) == []
    for state in (BatchState.PENDING, BatchState.APPROVED, BatchState.RUNNING):
        batch = found(tx)
        tx.save_batch(batch, move_batch(batch, state, now=NOW))
    assert tx.due_requests(NOW, 9, NOW + 9, in_batch=True) == [second]
    assert tx.next_send_due() == NOW


def sums_of_a_batch(tx: Transaction) -> None:
    """What its card says of its lines; called by a test of its own."""
    [(got, _), (late, _)] = tx.add_requests(
        [a_draft(f"cb-before-{each}", openid=each, created_at=NOW - 5) for each in ("oGot", "oGotLater")]
    )
    tx.save(got, replace(got, state=State.SENT, coupon_code="1", closed_at=NOW - 3))
    tx.save(late, replace(late, state=State.SENT, coupon_code="2", closed_at=NOW))
    for row, openid in enumerate(("oGot", "oGot", "oGotLater", "oNever", "oStruck"), 2):
        make_line(tx, row, openid=openid)
    held, doubtful, struck = (
        tx.requests_of_rows(1, State.PENDING, first=row, last=row, limit=1)[0] for row in (2, 4, 6)
    )
    tx.save(held, replace(held, state=State.HELD, problem="NOT_ENOUGH"))
    tx.save(doubtful, replace(doubtful, state=State.HELD, problem="NOT_ENOUGH", open_attempts=1))
    tx.save(struck, replace(struck, state=State.DECLINED))
    numbers = {held.id, doubtful.id}
    assert numbers <= {each.id for each in tx.held_requests(9)}
    assert not numbers & {each.id for each in tx.requests_of("U0LI", 99)}
    batch = found(tx)
    tx.save_batch(batch, replace(batch, state=BatchState.PAUSED))
    assert tx.held_requests(9) == []
    [stock] = tx.stocks_of_batch(1)
    named = {"stock_id": held.stock_id, "stock_name": held.stock_name}
    assert stock == StockOfBatch(**named, count=4, fen=4000)
    assert tx.held_lines_of_batch(1) == [HeldLines(**named, code="NOT_ENOUGH", count=2, not_known=1)]
    times = {"since": NOW - 5, "until": NOW}
    assert tx.customers_of_batch(1, **times, largest=1) == CustomersOfBatch(
        count=3, before=1, largest=(CustomerOfBatch(openid="oGot", count=2, fen=2000),)
    )
    assert tx.customers_of_batch(1, since=NOW - 4, until=NOW, largest=1).before == 0


def batches_that_wait(tx: Transaction) -> None:
    """Asked of one that is; called by a test of its own."""
    batch = waiting_batch(tx)
    for now, latest, ids in ((4, 9, []), (5, 9, [batch.id]), (4, 4, [batch.id])):
        assert [each.id for each in tx.batches_to_remind(NOW + now, 9, NOW + latest)] == ids
    assert (tx.asked_ahead(NOW - 1), tx.asked_ahead(NOW)) == (NOW, None)
    assert tx.next_reminder() == NOW + 5
    tx.redraw_open_cards()
    tx.redraw_open_cards()
    [post] = tx.due_posts(PostKind.BATCH_CARD, NOW, 9)
    assert (post.post.batch, post.version) == (batch.id, 2)


def an_ended_batch(tx: Transaction) -> None:
    """What was begun, and what somebody sends again, is due until its result is promised."""
    begun, unbegun, retried = (
        make_line(tx, 2),
        make_line(tx, 3, openid="oAnother"),
        make_line(tx, 4, openid="oC"),
    )
    tx.save(begun, replace(begun, state=State.UNKNOWN, due_at=NOW, attempts=1))
    tx.save(unbegun, replace(unbegun, state=State.APPROVED, due_at=NOW - 1))
    held = tx.save(retried, replace(retried, state=State.HELD, attempts=1, open_attempts=1))
    assert tx.held_of_batch(1) == [], "its coupon may have been given"
    tx.save(held, replace(held, open_attempts=0))
    assert [each.id for each in tx.held_of_batch(1)] == [retried.id]
    for state in (BatchState.PENDING, BatchState.APPROVED, BatchState.CANCELLED):
        batch = found(tx)
        tx.save_batch(batch, move_batch(batch, state, now=NOW))
    batch = found(tx)
    paused = tx.save_batch(batch, replace(batch, state=BatchState.PAUSED))
    assert tx.stopped_stocks() == [STOCK.stock_id]
    batch = tx.save_batch(paused, replace(paused, state=BatchState.CANCELLED))
    assert tx.stopped_stocks() == []
    assert [each.id for each in tx.due_requests(NOW, 9, NOW + 9, in_batch=True)] == [begun.id]
    assert tx.next_send_due() == NOW
    ended = tx.save_batch(batch, replace(batch, state=BatchState.DONE))
    assert [each.id for each in tx.due_requests(NOW, 9, NOW + 9, in_batch=True)] == [unbegun.id, begun.id]
    assert tx.next_send_due() == NOW - 1
    tx.save_batch(ended, replace(ended, result_promised=True))
    assert tx.due_requests(NOW, 9, NOW + 9, in_batch=True) == []
    assert tx.next_send_due() is None


def submitted(tx: Transaction) -> Batch:
    """A batch of two lines with one of its two approvals, as the bot tells of it; and a line left out."""
    before, _ = tx.add_batch(new_batch())
    values = {"approvals_needed": 2, "rule": 1, "raised": ("agent_limit",), "approvers": ("S0LEADS",)}
    after = replace(before, file_id="", sha256="ab" * 32, submitted_at=NOW, left_out=1, **values)
    draft = tx.save_batch(before, after)
    for row in (2, 3):
        [(line, _)] = tx.add_requests(
            [a_draft(f"cb-line-{row}", batch=draft.id, batch_row=row, approvals_needed=2, rule=1)]
        )
        tx.append(created(line).done_by(line.requester, line.id))
    lines = tx.totals_of_batch(draft.id)
    times = {"waits_from": NOW, "expires_at": NOW + 9, "remind_at": NOW + 5}
    sums = {"size": lines.count, "value_fen": lines.fen, "highest_fen": 1000}
    batch = tx.save_batch(draft, move_batch(draft, BatchState.PENDING, now=NOW, **times, **sums))
    tx.add_lines(batch.id, (), BAD)
    result = BatchCreated(
        batch=batch.id, file_name=batch.file_name, sha256=batch.sha256, left_out=1, **sums, **values
    )
    tx.append(result.done_by(batch.requester))
    seq = tx.append(ApprovalGiven(count=1, needed=2, batch=batch.id).done_by("U0WANG"))
    tx.add_batch_approval(batch.id, "U0WANG", at=NOW, seq=seq)
    return batch
