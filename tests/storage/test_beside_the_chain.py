"""Who can write the file leaves the chain as it is and changes what stands beside it: `verify` names it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coupons.asking import created
from coupons.events import AttemptStarted, RequestDeclined, RequestRefused
from coupons.lifecycle import move
from coupons.model import Request, State
from coupons.ports import Transaction
from storage.audit import digest
from storage.errors import AuditBroken, DatabaseRefused
from storage.proof.verify import verify
from storage.store import Store
from tests.storage.records import (
    DAY,
    NOW,
    OPENID,
    Time,
    a_draft,
    approve,
    broken,
    connect,
    create,
    open_ledger,
    rows,
    send,
    sha256_of,
    tamper,
    written,
)

THIEF = "oThief000000000000000000000"


def asked(tx: Transaction, number: str, **changes: object) -> Request:
    """As the bot makes one now, with every detail of its event."""
    request, _ = tx.add_requests([a_draft(number, **changes)])[0]
    tx.append(created(request).done_by(request.requester, request.id))
    return request


def fill(tx: Transaction) -> None:
    """#1 and #2 sent, #3 declined, #4 refused, #5 waiting, #6 sent with two approvals."""
    for number in ("n1", "n2"):
        send(tx, approve(tx, asked(tx, number)), f"CODE-{number}")
    declined = asked(tx, "n3")
    tx.append(RequestDeclined(reason="too early").done_by("U0WANG", declined.id))
    after = move(declined, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="too early")
    tx.save(declined, after)
    refused = approve(tx, asked(tx, "n4"))
    started = AttemptStarted(attempt=1, out_request_no="n4", body_sha256=sha256_of(refused.body))
    tx.append(started.done_by("system", refused.id))
    sending = tx.save(refused, move(refused, State.SENDING, now=NOW, attempts=1))
    tx.append(RequestRefused(code="RULELIMIT", verified=True).done_by("system", refused.id))
    tx.save(sending, move(sending, State.REFUSED, now=NOW, problem="RULELIMIT"))
    asked(tx, "n5", openid="oSomebodyElse00000000000000")
    create(tx, "old", openid="oSomebodyElse00000000000000")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("whole") / "coupon.db", fill)


@pytest.fixture
def log(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def test_before_any_of_them_everything_is_whole(log: Path) -> None:
    assert verify(log, thorough=True).rows == len(rows(log, "select 1 from event"))


def appended(log: Path, actor: str, detail: str, tag: str) -> None:
    """An event of request #5 that follows the chain as it should."""
    [(seq, prev)] = rows(log, "select seq + 1, hash from event order by seq desc limit 1")
    body = f'{{"actor":"{actor}","detail":{detail},"request_id":5,"seq":{seq},"tag":"{tag}","ts":{NOW}}}'
    connection = connect(log)
    values = (seq, body, prev, digest(prev, body.encode()))
    connection.execute("insert into event (seq, body, prev, hash) values (?, ?, ?, ?)", values)
    connection.close()


# --- columns that people read

COLUMNS = {
    "asked for in another month": f"update request set created_at = created_at - 90 * {DAY} where id = 1",
    "sent in another month": f"update request set closed_at = closed_at - 90 * {DAY} where id = 1",
    "approved sooner": f"update approval set at = at - {DAY} where request_id = 1",
    "declined by another": "update request set closed_by = 'U0NOBODY' where id = 3",
    "declined for another reason": "update request set decline_reason = 'rude' where id = 3",
    "ended by somebody who did not": "update request set closed_by = 'U0NOBODY' where id = 1",
    "with a reason, and never declined": "update request set decline_reason = 'x' where id = 1",
    "refused for another reason": "update request set problem = 'NOT_ENOUGH' where id = 4",
    "ended, and still waiting": f"update request set closed_at = {NOW} where id = 5",
}


@pytest.mark.parametrize("what", COLUMNS)
def test_a_column_that_people_read_says_what_the_event_says(log: Path, what: str) -> None:
    tamper(log, COLUMNS[what])
    kind, sentence = broken(log)
    assert kind == "request"
    assert f"request #{ {'3': 3, '4': 4, '5': 5}.get(COLUMNS[what][-1], 1) } " in sentence


def test_clocks_are_read_twice_and_need_not_say_the_same_millisecond(log: Path) -> None:
    tamper(log, "update request set created_at = created_at - 40, closed_at = closed_at + 40 where id = 1")
    verify(log)


# --- who it is for


def test_other_bytes_for_wechat_pay_are_named(log: Path) -> None:
    tamper(log, f'update request set body = cast(\'{{"openid":"{THIEF}"}}\' as blob) where id = 5')
    assert broken(log, thorough=True) == ("body", "request #5 holds other bytes than its events tell of")


def test_another_openid_for_a_customer_is_named(log: Path) -> None:
    tamper(log, f"update customer set openid = '{THIEF}' where openid = '{OPENID}'")
    assert broken(log, thorough=True) == ("customer", "customer 1 is not whom request #1 is for")


def test_an_event_of_an_attempt_with_other_bytes_is_named(log: Path) -> None:
    """Sent to somebody else, and the row put back afterwards."""
    digest_of_others = "ab" * 32
    appended(log, "U0WANG", '{"count":1,"needed":1}', "approval:given")
    appended(log, "U0WANG", '{"approvals":["U0WANG"]}', "request:approved")
    appended(
        log,
        "system",
        f'{{"attempt":1,"body_sha256":"{digest_of_others}","out_request_no":"n5"}}',
        "attempt:started",
    )
    tamper(
        log,
        f"insert into approval (request_id, approver, at) values (5, 'U0WANG', {NOW})",
        "update request set state = 'sending', attempts = 1 where id = 5",
    )
    assert broken(log, thorough=True) == ("body", "request #5 was sent with other bytes than were asked for")


def test_a_customer_who_was_erased_without_an_event_is_named(log: Path) -> None:
    tamper(
        log,
        "update request set body = x'' where id in (5, 6)",
        "update customer set openid = 'erased:' || id where openid like 'oSomebodyElse%'",
    )
    kind, sentence = broken(log, thorough=True)
    assert kind == "customer"
    assert sentence.endswith("was erased, and no event tells of it")


def test_bytes_that_were_emptied_without_an_erasing_are_named(log: Path) -> None:
    tamper(log, "update request set body = x'' where id = 1")
    assert broken(log, thorough=True)[0] == "body"


# --- who approved it


def test_two_approvals_of_one_person_do_not_hide_one_that_nobody_gave(log: Path) -> None:
    """The numbers of both fit; only that each approval has its own event does not."""
    for _ in range(2):
        appended(log, "U0WANG", "{}", "approval:given")
    tamper(
        log,
        f"insert into approval (request_id, approver, at) values (5, 'U0WANG', {NOW})",
        f"insert into approval (request_id, approver, at) values (5, 'U0INNOCENT', {NOW})",
    )
    assert broken(log) == ("request", "request #5 has another list of approvers than its events say")


async def test_an_approval_by_who_asked_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    ledger = open_ledger(path)
    await ledger.write(lambda tx: approve(tx, asked(tx, "n1"), "U0LI"))
    await ledger.close()
    assert broken(path) == ("own", "request #1 was approved by who asked for it")


# --- what is shown

#: What the table's own types let through.
ODD = ['"ts":999999999999999999', '"ts":null', '"actor":7', '"detail":[1]', '"tag":null']


@pytest.mark.parametrize("odd", ODD)
def test_an_event_that_says_something_impossible_stops_nobody_who_looks(log: Path, odd: str) -> None:
    values = {"actor": '"U0LI"', "detail": "{}", "request_id": "5", "tag": '"request:urged"', "ts": "1"}
    name, value = odd.split(":", 1)
    values[name.strip('"')] = value
    [(seq, prev)] = rows(log, "select seq + 1, hash from event order by seq desc limit 1")
    found = ",".join(f'"{key}":{each}' for key, each in sorted({**values, "seq": str(seq)}.items()))
    body = f"{{{found}}}"
    connection = connect(log)
    added = (seq, body, prev, digest(prev, body.encode()))
    connection.execute("insert into event (seq, body, prev, hash) values (?, ?, ?, ?)", added)
    connection.close()
    with pytest.raises(DatabaseRefused, match=f"#{seq}"), Store(log, clock=Time()).read() as reading:
        reading.event(seq)


# --- what searches rest on


def hide(log: Path, *statements: str) -> None:
    """Request #2 and its approval are taken away; their events stay, in a chain that is whole."""
    tamper(
        log,
        *statements,
        "delete from approval where request_id = 2",
        "delete from request where id = 2",
    )


INDEXES = {
    "event_by_request": ("event (request_id, seq, tag)", "request_id is not 2"),
    "event_by_tag": ("event (tag, seq)", "request_id is not 2"),
    "event_by_actor": ("event (actor, seq)", "actor <> 'U0WANG'"),
    "event_by_ts": ("event (ts)", "request_id is not 2"),
}


def poison(log: Path, name: str, instead: str) -> None:
    """An index of other entries, with the text of the right one: the schema looks as it did."""
    [(right,)] = rows(log, f"select sql from sqlite_master where name = '{name}'")
    connection = connect(log)
    connection.execute(f"drop index {name}")
    connection.execute(f"create index {name} on {instead}")
    connection.execute("pragma writable_schema = on")
    connection.execute("update sqlite_schema set sql = ? where name = ?", (right, name))
    connection.execute("pragma writable_schema = reset")
    connection.close()


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_that_leaves_rows_out_is_named(log: Path, name: str) -> None:
    columns, but = INDEXES[name]
    poison(log, name, f"{columns} where {but}")
    kind, sentence = broken(log, thorough=True)
    assert (kind, name in sentence) == ("index", True)


def test_an_index_of_requests_that_leaves_rows_out_is_named(log: Path) -> None:
    poison(log, "request_by_requester", "request (requester, id) where id <> 2")
    kind, sentence = broken(log, thorough=True)
    assert (kind, "request_by_requester" in sentence) == ("index", True)


@pytest.mark.parametrize("instead", ["nullif(request_id, 2)", "iif(request_id = 2, 1, request_id)"])
def test_a_request_whose_events_are_shown_as_anothers_is_named(log: Path, instead: str) -> None:
    poison(log, "event_by_request", f"event ({instead}, seq, tag)")
    hide(log)
    kind, sentence = broken(log)
    assert kind == "index"
    assert "event_by_request shows event #" in sentence


def test_events_that_the_index_of_the_proof_leaves_out_are_named(log: Path) -> None:
    poison(log, "event_by_request", "event (request_id, seq, tag) where request_id is not 2")
    hide(log)
    kind, sentence = broken(log)
    assert (kind, "entries for" in sentence) == ("index", True)


def test_an_event_that_is_shown_as_another_step_is_named(log: Path) -> None:
    poison(log, "event_by_request", "event (request_id, seq, iif(seq = 3, 'attempt:finished', tag))")
    assert broken(log) == ("index", "the index event_by_request shows event #3 as another one")


def test_an_index_with_other_entries_is_named_when_each_is_looked_at(log: Path) -> None:
    """No proof rests on it, and searches do."""
    poison(log, "event_by_tag", "event (iif(tag = 'request:declined', 'request:urged', tag), seq)")
    verify(log)
    with pytest.raises(AuditBroken) as found:
        verify(log, thorough=True)
    assert (found.value.kind, "event_by_tag" in str(found.value)) == ("index", True)
