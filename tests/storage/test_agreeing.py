"""The quick comparison: it knows all that the bot writes for whole, and nothing that was changed.

Whatever it takes for whole is not looked at exactly any more. So each change is shown to it alone, and then
to the exact one, which must name it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coupons.asking import created
from coupons.events import (
    ApprovalGiven,
    AttemptFinished,
    AttemptStarted,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDeclined,
    RequestExpired,
    RequestHeld,
    RequestRefused,
    RequestSent,
)
from coupons.lifecycle import move
from coupons.model import Approval, Request, State
from coupons.ports import Transaction
from coupons.recording import SYSTEM
from storage.database import open_for_reading
from storage.errors import AuditBroken
from storage.proof.rows_exact import compare
from storage.proof.rows_fast import Agreement
from tests.storage.records import DAY, NOW, a_draft, connect, sha256_of, tamper, written
from tests.storage.test_beside_the_chain import poison

APPROVERS = ("U0WANG", "U0ZHAO")
#: So many that each part has some, and each kind of end is in more than one.
ROUNDS = 6


def asked(tx: Transaction, number: str, needed: int) -> Request:
    request, _ = tx.add_requests([a_draft(number, approvals_needed=needed)])[0]
    tx.append(created(request).done_by(request.requester, request.id))
    return request


def approved(tx: Transaction, request: Request) -> Request:
    needed = request.approvals_needed
    people = APPROVERS[:needed]
    for count, person in enumerate(people, 1):
        tx.add_approval(Approval(request.id, person, NOW))
        tx.append(ApprovalGiven(count=count, needed=needed).done_by(person, request.id))
    how = RequestApproved(approvals=people) if people else RequestApproved(approvals=(), rule=request.rule)
    tx.append(how.done_by(people[-1] if people else SYSTEM, request.id))
    return tx.save(request, move(request, State.APPROVED, now=NOW, due_at=NOW))


def attempted(tx: Transaction, request: Request, kind: str) -> Request:
    started = AttemptStarted(
        attempt=1, out_request_no=request.out_request_no, body_sha256=sha256_of(request.body)
    )
    tx.append(started.done_by(SYSTEM, request.id))
    sending = tx.save(request, move(request, State.SENDING, now=NOW, attempts=1))
    finished = AttemptFinished(attempt=1, kind=kind, verified=True, code="")
    tx.append(finished.done_by(SYSTEM, request.id))
    return sending


def sent(tx: Transaction, request: Request) -> None:
    sending = attempted(tx, request, "sent")
    # As no coupon's is: what JSON writes otherwise must not be taken for what it is written as.
    code = f"CODE\\{request.id}" if request.id % 2 else f"CODE-{request.id}"
    tx.append(RequestSent(coupon_code=code, by="answer").done_by(SYSTEM, request.id))
    tx.save(sending, move(sending, State.SENT, now=NOW, coupon_code=code))


def one_of_each(tx: Transaction, round_: int) -> None:
    """In the first round #1 by a rule, #2 by one, #3 by two, all sent; #4 refused, #5 declined, #6 cancelled,
    #7 expired, #8 waiting with one of two approvals, #9 held and closed.
    """
    for needed in (0, 1, 2):
        sent(tx, approved(tx, asked(tx, f"sent{needed}-{round_}", needed)))
    sending = attempted(tx, approved(tx, asked(tx, f"refused{round_}", 1)), "refused")
    tx.append(RequestRefused(code="RULELIMIT", verified=True).done_by(SYSTEM, sending.id))
    tx.save(sending, move(sending, State.REFUSED, now=NOW, problem="RULELIMIT"))
    declined = asked(tx, f"declined{round_}", 1)
    tx.append(RequestDeclined(reason="too early").done_by("U0WANG", declined.id))
    after = move(declined, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="too early")
    tx.save(declined, after)
    cancelled = asked(tx, f"cancelled{round_}", 1)
    tx.append(RequestCancelled().done_by(cancelled.requester, cancelled.id))
    tx.save(cancelled, move(cancelled, State.CANCELLED, now=NOW, closed_by=cancelled.requester))
    expired = asked(tx, f"expired{round_}", 1)
    tx.append(RequestExpired().done_by(SYSTEM, expired.id))
    tx.save(expired, move(expired, State.EXPIRED, now=NOW))
    waiting = asked(tx, f"waiting{round_}", 2)
    tx.add_approval(Approval(waiting.id, "U0WANG", NOW))
    tx.append(ApprovalGiven(count=1, needed=2).done_by("U0WANG", waiting.id))
    closed(tx, attempted(tx, approved(tx, asked(tx, f"closed{round_}", 1)), "refused"))


def closed(tx: Transaction, sending: Request) -> None:
    tx.append(RequestHeld(code="NOT_ENOUGH", not_known=False).done_by(SYSTEM, sending.id))
    held = tx.save(sending, move(sending, State.HELD, now=NOW, problem="NOT_ENOUGH"))
    tx.append(RequestClosed(reason="no money", looks=0).done_by("U0WANG", held.id))
    tx.save(held, move(held, State.CLOSED, now=NOW, closed_by="U0WANG", decline_reason="no money"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    works = [lambda tx, n=round_: one_of_each(tx, n) for round_ in range(ROUNDS)]
    return written(tmp_path_factory.mktemp("agreeing") / "coupon.db", *works)


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def holds(path: Path) -> bool:
    database = open_for_reading(path)
    try:
        agreement = Agreement(database)
        agreement.help(database)
        return agreement.holds()
    finally:
        database.close()


def compared(path: Path) -> str:
    """The kind of damage that the exact comparison names."""
    database = open_for_reading(path)
    try:
        with pytest.raises(AuditBroken) as found:
            compare(database)
        return found.value.kind
    finally:
        database.close()


def event(request: int, tag: str, before: str, after: str) -> str:
    """Of that request, said otherwise."""
    return (
        f"update event set body = replace(body, '{before}', '{after}') "
        f"where request_id = {request} and tag = '{tag}' and instr(body, '{before}') > 0"
    )


def test_whatever_the_bot_writes_is_known_for_whole(log: Path) -> None:
    assert holds(log)


def test_an_empty_log_is_known_for_whole(path: Path) -> None:
    assert holds(written(path))


def test_two_that_help_find_what_one_would(log: Path) -> None:
    first, second = open_for_reading(log), open_for_reading(log)
    agreement = Agreement(first)
    agreement.help(second)
    agreement.help(first)
    assert agreement.holds()
    first.close()
    second.close()


def test_what_nobody_looked_at_is_not_known_for_whole(log: Path) -> None:
    database = open_for_reading(log)
    agreement = Agreement(database)
    agreement.stop()
    agreement.help(database)
    assert not agreement.holds()
    database.close()


REQUESTS = {
    "requester": "requester = 'U0NOBODY' where id = 1",
    "customer": "customer = customer + 1 where id = 1",
    "stock": "stock_id = '9' where id = 2",
    "name of the stock": "stock_name = 'x' where id = 2",
    "value": "value_fen = 1 where id = 3",
    "number": "out_request_no = 'x' where id = 3",
    "reason": "reason = 'x' where id = 4",
    "ticket": "ticket = 'T-1' where id = 5",
    "rule": "rule = 9 where id = 1",
    "raised": "raised = 'agent_limit' where id = 2",
    "duplicate": "duplicate_of = 1 where id = 2",
    "follows": "follows = 1 where id = 2",
    "fewer needed": "approvals_needed = 1 where id = 3",
    "none needed": "approvals_needed = 0 where id = 2",
    "one needed": "approvals_needed = 1 where id = 1",
    "attempts": "attempts = 2 where id = 2",
    "asked at another time": f"created_at = created_at - {DAY} where id = 7",
    "sent at another time": f"closed_at = closed_at + {DAY} where id = 1",
    "refused at another time": f"closed_at = closed_at + {DAY} where id = 4",
    "declined at another time": f"closed_at = closed_at + {DAY} where id = 5",
    "cancelled at another time": f"closed_at = closed_at + {DAY} where id = 6",
    "expired at another time": f"closed_at = closed_at + {DAY} where id = 7",
    "another coupon": "coupon_code = 'CODE-2' where id = 3",
    "the start of a coupon": "coupon_code = 'CODE-' where id = 2",
    "a coupon as JSON writes it": "coupon_code = 'CODE\\\\3' where id = 3",
    "refused otherwise": "problem = 'NOT_ENOUGH' where id = 4",
    "declined by another": "closed_by = 'U0ZHAO' where id = 5",
    "declined for another reason": "decline_reason = 'rude' where id = 5",
    "cancelled by another": "closed_by = 'U0WANG' where id = 6",
    "sent, and by whom": "closed_by = 'U0WANG' where id = 2",
    "sent, and why not": "decline_reason = 'x' where id = 2",
    "refused, and by whom": "closed_by = 'U0WANG' where id = 4",
    "refused, and why not": "decline_reason = 'x' where id = 4",
    "cancelled, and why not": "decline_reason = 'x' where id = 6",
    "expired, and by whom": "closed_by = 'U0WANG' where id = 7",
    "waiting, and ended": f"closed_at = {NOW} where id = 8",
    "waiting, and by whom": "closed_by = 'U0WANG' where id = 8",
    "waiting, and why not": "decline_reason = 'x' where id = 8",
    "sent, and never ended": "closed_at = null where id = 2",
    "declined by nobody": "closed_by = null where id = 5",
    "closed at another time": f"closed_at = closed_at + {DAY} where id = 9",
    "closed by another": "closed_by = 'U0ZHAO' where id = 9",
    "closed by nobody": "closed_by = null where id = 9",
    "closed for another reason": "decline_reason = 'x' where id = 9",
    "closed, it says, by declining": "state = 'declined' where id = 9",
    "another state": "state = 'expired' where id = 8",
    "another end": "state = 'sent', coupon_code = 'CODE' where id = 4",
    "never sent": "state = 'refused', coupon_code = null where id = 1",
}


@pytest.mark.parametrize("what", REQUESTS)
def test_a_changed_request_is_never_taken_for_whole(log: Path, what: str) -> None:
    tamper(log, f"update request set {REQUESTS[what]}")
    assert not holds(log)
    assert compared(log) in {"request", "state"}


ROWS = {
    "an approval that nobody gave": f"insert into approval values (99, 2, 'U0ZHAO', {NOW}, '')",
    "an approval that is gone": "delete from approval where request_id = 3 and approver = 'U0ZHAO'",
    "another approver": "update approval set approver = 'U0QIAN' where request_id = 2",
    "approved at another time": f"update approval set at = at - {DAY} where request_id = 2",
    "a request without events": f"""
        insert into request (rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen,
            code_mode, reason, approvals_needed, created_at, expires_at, body)
        values (0, 'pending', 'x', 'U0LI', 1, '1', 'x', 1, 'WECHATPAY_MODE', 'x', 1, {NOW}, {NOW}, x'')
    """,
    "events without their request": "delete from request where id = 7",
}


@pytest.mark.parametrize("what", ROWS)
def test_a_changed_list_is_never_taken_for_whole(log: Path, what: str) -> None:
    tamper(log, ROWS[what])
    assert not holds(log)
    assert compared(log) in {"request", "state", "orphan"}


EVENTS = {
    "by a rule, where one was needed": (
        event(2, "request:approved", '"approvals":["U0WANG"]', '"approvals":[]'),
        event(2, "request:approved", '"actor":"U0WANG"', '"actor":"system"'),
    ),
    "by somebody, where none was needed": (
        event(1, "request:approved", '"approvals":[]', '"approvals":["U0WANG"]'),
    ),
    "one person twice": (event(3, "approval:given", '"actor":"U0ZHAO"', '"actor":"U0WANG"'),),
    "by who asked": (
        event(2, "approval:given", '"actor":"U0WANG"', '"actor":"U0LI"'),
        "update approval set approver = 'U0LI' where request_id = 2",
    ),
    "approved by too few": (
        "delete from event where request_id = 3 and tag = 'approval:given' and actor = 'U0ZHAO'",
        "delete from approval where request_id = 3 and approver = 'U0ZHAO'",
    ),
    "never approved": ("delete from event where request_id = 2 and tag = 'request:approved'",),
    "one event more": (
        """insert into event (seq, body, prev, hash) select max(seq) + 1, replace(
            (select body from event where request_id = 8 and tag = 'approval:given'), 'U0WANG', 'U0ZHAO'
        ), '', '' from event""",
    ),
    "of another request": (event(8, "approval:given", '"request_id":8', '"request_id":null'),),
    "another coupon": (event(2, "request:sent", "CODE-2", "CODE-9"),),
    "another reason of the decline": (event(5, "request:declined", "too early", "rude"),),
    "another problem": (event(4, "request:refused", "RULELIMIT", "NOT_ENOUGH"),),
    "another reason of the closing": (event(9, "request:closed", "no money", "rude"),),
    "closed by another, it says": (event(9, "request:closed", "U0WANG", "U0LI"),),
    "cancelled by another": (event(6, "request:cancelled", "U0LI", "U0WANG"),),
}


#: The rest of one story and the start of the next.
FORGED = 'sent",1,1,1],["ngats","sent'


@pytest.mark.parametrize("what", EVENTS)
def test_a_changed_event_is_never_taken_for_whole(log: Path, what: str) -> None:
    """Even by somebody who writes the whole chain anew: each of these could follow it."""
    tamper(log, *EVENTS[what])
    assert not holds(log)
    assert compared(log) in {"request", "state", "stateless", "own"}


def test_an_event_that_the_index_shows_as_no_requests_is_not_taken_for_whole(log: Path) -> None:
    """An attempt's end, without which the story is the same."""
    poison(log, "event_by_request", "event (iif(tag = 'attempt:finished', null, request_id), seq, tag)")
    assert not holds(log)
    assert compared(log) == "index"


def test_a_state_that_reads_like_two_stories_is_not_taken_for_whole(log: Path) -> None:
    connection = connect(log)
    connection.execute("pragma ignore_check_constraints = on")
    connection.execute("update request set state = :forged where id = 2", {"forged": FORGED})
    connection.close()
    assert not holds(log)
    assert compared(log) == "state"
