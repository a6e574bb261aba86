from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coupons.audit_words import Filter
from coupons.batches import BatchState, move_batch
from coupons.errors import RowChanged
from coupons.lifecycle import MOVES, UNCOUNTED, move
from coupons.model import CodeMode, Request, State
from coupons.ports import Transaction
from coupons.rules import Used
from coupons.totals import Scope, Total
from storage import requests, totals, waiting
from storage.database import bring_up_to_date, open_for_reading
from storage.ledger import SqliteLedger
from tests.storage.ports_of_batches import running_batch
from tests.storage.records import DAY, NOW, OPENID, STOCK, a_draft, approve, create, rows

#: Of a request that gives a coupon: only an undo is undone.
STATES = [state for state in State if state is not State.UNDONE]


def put(tx: Transaction, number: str, state: State, **changes: object) -> Request:
    """A request in this state, by allowed moves."""
    ways = {State.PENDING: [State.PENDING]}
    while state not in ways:
        for known, way in list(ways.items()):
            ways |= {to: [*way, to] for to in MOVES[known] if to not in ways}
    request = create(tx, number)
    for to in ways[state][1:]:
        code = {"coupon_code": "C"} if to is State.SENT else {}
        request = tx.save(request, move(request, to, now=NOW, **code))
    return tx.save(request, replace(request, **changes)) if changes else request  # type: ignore[arg-type]  # fields of Request


async def test_every_field_survives_the_file(ledger: SqliteLedger, path: Path) -> None:
    request = await ledger.write(create)
    full = replace(
        request,
        state=State.UNKNOWN,
        attempts=7,
        tries=3,
        open_attempts=2,
        running=True,
        unknown_at=NOW + 1,
        absent_looks=1,
        due_at=NOW + 2,
        closed_by="U0WANG",
        decline_reason="no: “quotes”, 中文, '; drop table request --",
        problem="SYSTEM_ERROR",
        closed_at=NOW + 3,
        remind_at=NOW + 4,
        urged_at=NOW + 5,
    )
    saved = await ledger.write(lambda tx: tx.save(request, full))
    assert saved == replace(full, rev=2)
    again = await ledger.read(lambda rows: rows.request(1))
    assert again == saved
    assert again is not None
    assert (type(again.state), type(again.code_mode), type(again.running)) == (State, CodeMode, bool)
    assert rows(path, "select state, code_mode, running from request") == [("unknown", "WECHATPAY_MODE", 1)]


async def test_what_was_asked_for_comes_back_as_it_was(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: create(tx, "cb0"))
    asked = {
        "ticket": "https://desk.example/T-1",
        "rule": 3,
        "raised": ("customer_limit", "budget_limit"),
        "duplicate_of": 1,
        "follows": 1,
        "remind_at": NOW + 7,
        "approvals_needed": 0,
    }
    request = await ledger.write(lambda tx: tx.add_requests([a_draft("cb1", **asked)])[0][0])
    assert {name: getattr(request, name) for name in asked} == asked
    assert await ledger.read(lambda rows: rows.request(2)) == request


async def test_only_the_first_of_two_changes_to_one_revision_is_kept(ledger: SqliteLedger) -> None:
    read = await ledger.write(create)
    first = await ledger.write(lambda tx: tx.save(read, move(read, State.CANCELLED, now=NOW)))
    with pytest.raises(RowChanged) as stale:
        await ledger.write(lambda tx: tx.save(read, move(read, State.APPROVED, now=NOW)))
    assert stale.value.request_id == read.id
    assert await ledger.read(lambda rows: rows.request(read.id)) == first
    with pytest.raises(RowChanged):
        await ledger.write(lambda tx: tx.save(replace(read, id=99), read))


async def test_what_was_asked_for_never_changes(ledger: SqliteLedger) -> None:
    request = await ledger.write(create)
    other = replace(
        request,
        out_request_no="cb2",
        value_fen=9,
        body=b"{}",
        stock_id="9",
        customer=9,
        requester="U9",
        approvals_needed=0,
        ticket="T-9",
        rule=9,
        raised=("budget_limit",),
        duplicate_of=request.id,
        follows=request.id,
    )
    saved = await ledger.write(lambda tx: tx.save(request, other))
    assert saved == replace(request, rev=2)


async def test_the_same_number_gives_the_first_request_whatever_else_is_said(ledger: SqliteLedger) -> None:
    first, is_new = await ledger.write(lambda tx: tx.add_requests([a_draft("cb1")])[0])
    assert is_new
    second, is_new = await ledger.write(
        lambda tx: tx.add_requests(
            [a_draft("cb1", openid="somebody-else-123", body=b"{}", requester="U0SUN")]
        )[0]
    )
    assert (second, is_new) == (first, False)
    assert first.body == b'{"openid":"%s","out_request_no":"cb1"}' % OPENID.encode()


async def test_many_are_added_at_once_each_number_once_in_their_order(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: create(tx, "cb5", reason="kept as it was"))
    drafts = [a_draft(f"cb{number}", reason=f"parcel {number}") for number in (7, 5, 6, 7)]
    added = await ledger.write(lambda tx: tx.add_requests(drafts))
    assert [(row.out_request_no, row.reason, is_new) for row, is_new in added] == [
        ("cb7", "parcel 7", True),
        ("cb5", "kept as it was", False),
        ("cb6", "parcel 6", True),
        ("cb7", "parcel 7", False),
    ]
    seventh, fifth, sixth, again = (row.id for row, _ in added)
    assert fifth < seventh == again < sixth
    assert await ledger.write(lambda tx: tx.add_requests([])) == []
    for text, number in (("7", seventh), ("6", sixth), ("kept", fifth)):
        [found] = await ledger.read(lambda rows, t=text: rows.find_requests(Filter(texts=(t,)), limit=9))
        assert found.request.id == number


async def test_one_customer_is_one_number_and_the_openid_stands_in_one_place(
    ledger: SqliteLedger, path: Path
) -> None:
    made = [await ledger.write(lambda tx, n=n: create(tx, n)) for n in ("cb1", "cb2")]
    other = await ledger.write(lambda tx: create(tx, "cb3", openid="somebody-else-123"))
    assert made[0].customer == made[1].customer != other.customer
    assert (made[1].openid, other.openid) == (OPENID, "somebody-else-123")
    assert rows(path, "select count(*) from customer") == [(2,)]
    assert not any(OPENID in str(row) for row in rows(path, "select * from event"))


async def test_limits_count_what_was_or_may_still_be_given(ledger: SqliteLedger) -> None:
    for state in STATES:
        await ledger.write(lambda tx, s=state: put(tx, f"cb-{s}", s))
    counted = len(STATES) - len(UNCOUNTED)
    assert counted == 6
    scopes = {
        Scope.CUSTOMER: OPENID,
        Scope.AGENT: "U0LI",
        Scope.STOCK: STOCK.stock_id,
        Scope.ALL: "",
        Scope.AUTOMATIC: "",
    }
    ours = [Total(scope, key, 1) for scope, key in scopes.items()]
    all_, none = Used(counted, counted * 1000), Used()
    assert list((await ledger.read(lambda rows: rows.used(ours, NOW + DAY))).values()) == [all_] * 4 + [none]
    assert set((await ledger.read(lambda rows: rows.used(ours, NOW + DAY + 1))).values()) == {none}
    others = [Total(Scope.CUSTOMER, "somebody-else-123", 1), Total(Scope.AGENT, "U0SUN", 1)]
    assert set((await ledger.read(lambda rows: rows.used(others, NOW))).values()) == {none}
    assert await ledger.read(lambda rows: rows.used_by_customer(OPENID, NOW, 99)) == all_


async def test_open_requests_are_those_not_final_newest_first(ledger: SqliteLedger) -> None:
    for state in STATES:
        await ledger.write(lambda tx, s=state: put(tx, f"cb-{s}", s))
    found = await ledger.read(lambda rows: rows.open_requests_of("U0LI", 99))
    assert {request.state for request in found} == {state for state in STATES if MOVES[state]}
    assert [request.id for request in found] == sorted((request.id for request in found), reverse=True)


async def test_due_are_the_sendable_ones_that_no_attempt_works_on_longest_due_first(
    ledger: SqliteLedger,
) -> None:
    def fill(tx: Transaction) -> None:
        for state in STATES:
            put(tx, f"due-{state}", state, due_at=NOW - 1)
            put(tx, f"later-{state}", state, due_at=NOW + 5)
            put(tx, f"never-{state}", state, due_at=None)
            put(tx, f"running-{state}", state, due_at=NOW - 2, running=True)
        put(tx, "longest", State.UNKNOWN, due_at=NOW - 9)

    await ledger.write(fill)
    due = await ledger.read(lambda rows: rows.due_requests(NOW, 99, NOW + DAY))
    assert [request.out_request_no for request in due] == [
        "longest",
        "due-approved",
        "due-sending",
        "due-unknown",
        # Only what was tried waits: a clock was set back since this one was approved.
        "later-approved",
    ]
    assert len(await ledger.read(lambda rows: rows.due_requests(NOW, 2, NOW + DAY))) == 2
    assert await ledger.read(lambda rows: rows.next_send_due()) == NOW - 9
    running = await ledger.read(lambda rows: rows.interrupted_requests(NOW, NOW + 6_000))
    assert {request.out_request_no for request in running} == {f"running-{state}" for state in STATES}


async def test_what_is_in_a_batch_and_what_is_not_are_due_in_lanes_of_their_own(ledger: SqliteLedger) -> None:
    other = replace(STOCK, stock_id="99")

    def searches(tx: Transaction) -> list[list[str]]:
        first, second, waiting = (running_batch(tx, name) for name in ("V1", "V2", "V3"))
        for number, batch in enumerate((first, None, first)):
            approve(tx, create(tx, f"cb{number}", batch=batch), due_at=NOW - number)
        approve(tx, create(tx, "other", batch=second, stock=other), due_at=NOW)
        approve(tx, create(tx, "too late", batch=second), due_at=NOW + DAY + 1)
        approve(tx, create(tx, "paused", batch=waiting), due_at=NOW - 9)
        paused = tx.batch(waiting)
        assert paused is not None
        by_a_person = move_batch(paused, BatchState.PAUSED, now=NOW, closed_by="U0WANG")
        tx.save_batch(paused, by_a_person)
        asked: tuple[tuple[int, bool, tuple[str, ...]], ...] = (
            (9, False, ()),
            (9, True, ()),
            (3, True, ()),
            (9, True, ("99",)),
            (9, True, (STOCK.stock_id, "99")),
        )
        return [
            [
                request.out_request_no
                for request in tx.due_requests(NOW, limit, NOW + DAY, in_batch=in_batch, but=but)
            ]
            for limit, in_batch, but in asked
        ]

    assert await ledger.write(searches) == [
        ["cb1"],
        ["cb2", "cb0", "other", "too late"],
        ["cb2", "cb0", "other"],
        ["cb2", "cb0", "too late"],
        [],
    ]
    assert await ledger.read(lambda rows: rows.next_send_due()) == NOW - 2


async def test_only_pending_requests_expire_and_at_the_very_moment(ledger: SqliteLedger) -> None:
    await ledger.write(lambda tx: create(tx, "late", expires_at=NOW + 20))
    await ledger.write(lambda tx: create(tx, "early", expires_at=NOW + 10))
    await ledger.write(lambda tx: approve(tx, create(tx, "approved", expires_at=NOW + 1)))
    assert await ledger.read(lambda rows: rows.next_expiry()) == NOW + 10
    assert await ledger.read(lambda rows: rows.expired_requests(NOW + 9, 99)) == []
    expired = await ledger.read(lambda rows: rows.expired_requests(NOW + 20, 99))
    assert [request.out_request_no for request in expired] == ["early", "late"]


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (requests._BY_ID, "USING INTEGER PRIMARY KEY"),
        (requests._BY_NUMBER, "(out_request_no=?)"),
        (requests._BY_NUMBERS, "(out_request_no=?)"),
        (requests._OPEN_OF, "request_by_requester (requester=?"),
        (requests._STOPPED, "request_by_batch (batch=? AND state=?)"),
        (requests._DUE[False][0][0], "request_due (due_at<"),
        (requests._DUE[False][0][1], "request_due (due_at<"),
        (requests._DUE[False][1][0], "request_due (due_at>"),
        (requests._DUE[False][1][1], "request_due (due_at>"),
        (requests._DUE[True][0][0], "request_due_in_batch (batch=? AND due_at<"),
        (requests._DUE[True][0][1], "request_due_in_batch (batch=? AND due_at<"),
        (requests._DUE[True][1][0], "request_due_in_batch (batch=? AND due_at>"),
        (requests._DUE[True][1][1], "request_due_in_batch (batch=? AND due_at>"),
        (requests._NEXT_SEND_DUE, "INDEX request_due_in_batch"),
        (requests._NEXT_SEND_DUE, "INDEX request_running"),
        (requests._EXPIRED, "request_expiry (expires_at"),
        (requests._INTERRUPTED, "INDEX request_running"),
        (requests._NEXT_SEND_DUE, "INDEX request_due"),
        (waiting._NEXT_EXPIRY, "INDEX request_expiry"),
        (requests._DUPLICATE, "request_by_customer (customer=? AND created_at>?)"),
        (requests._DUPLICATE, "request_by_ticket (ticket=? AND created_at>?)"),
        (requests._OF_CUSTOMER, "request_by_customer (customer=?"),
        (requests._OF_REQUESTER, "request_by_requester (requester=?"),
        (requests._PENDING, "INDEX request_expiry"),
        (requests._FOLLOWER, "request_follows (follows=?)"),
        (requests._TO_REMIND, "request_remind (remind_at"),
        (waiting._ASKED_AHEAD, "INDEX request_expiry"),
        (waiting._RESUME, "INDEX request_expiry"),
        (waiting._SET_RIGHT, "INDEX request_expiry"),
        (waiting._NEXT_REMINDER, "request_remind (remind_at"),
        (totals._BY_CUSTOMER, "request_by_customer (customer=? AND created_at>?)"),
        (totals._USED[Scope.CUSTOMER], "request_by_customer (customer=? AND created_at>?)"),
        (totals._USED[Scope.AGENT], "request_counted_by_requester (requester=? AND created_at>?)"),
        (totals._USED[Scope.STOCK], "request_counted_by_stock (stock_id=? AND created_at>?)"),
        (totals._USED[Scope.ALL], "request_counted (created_at>?)"),
        (totals._USED[Scope.AUTOMATIC], "request_counted (created_at>?)"),
        (totals._HISTORY, "request_by_customer (customer=?"),
    ],
)
def test_no_question_reads_the_whole_table(path: Path, sql: str, index: str) -> None:
    bring_up_to_date(path)
    reader = open_for_reading(path)
    names = (
        *("id", "out_request_no", "requester", "openid", "now", "since", "limit"),
        *("stock_id", "ticket", "before", "latest", "after", "listed"),
    )
    plan = [
        row["detail"]
        for row in reader.execute(
            f"explain query plan {sql}", {name: 1 for name in names if f":{name}" in sql}
        )
    ]
    reader.close()
    assert any(index in step for step in plan), plan
    rows_of_ours = [step for step in plan if "json_each" not in step]
    whole = [step for step in rows_of_ours if step.startswith("SCAN") and "INDEX request_" not in step]
    assert whole == []
