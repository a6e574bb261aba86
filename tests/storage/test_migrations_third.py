"""The third schema: a real file of the second keeps everything; 0 approvals may be stored, -1 may not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from coupons.model import State
from storage import database as opening
from storage.audit import GENESIS
from storage.database import bring_up_to_date, open_for_writing
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.migrations import APPLICATION_ID, GUARDS, LATEST, MIGRATIONS, STEPS
from storage.proof.verify import verify
from tests.storage.records import ROOT, a_draft, chained, connect, open_ledger, rows
from tests.storage.test_migrations import schema

SECOND = frozenset({"m001_first", "m002_notices"})
SINCE = tuple(sorted(STEPS - SECOND))
_TABLES = ("customer", "request", "approval", "click", "outbox", "event", "notice")

#: What the second version wrote: #1 sent, #2 waiting for its second approval. No word of rules yet.
_ROWS = """
insert into customer (openid) values ('oCustomer-number-1');
insert into request (rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen,
    code_mode, reason, approvals_needed, created_at, expires_at, body, attempts, tries, coupon_code,
    closed_at)
values (4, 'sent', 'n1', 'U0LI', 1, '1212', '迟到', 1000, 'WECHATPAY_MODE',
    'late', 1, 1, 9, cast('oCustomer-number-1' as blob), 1, 1, 'CODE1', 5);
insert into request (rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen,
    code_mode, reason, approvals_needed, created_at, expires_at, body)
values (1, 'pending', 'n2', 'U0LI', 1, '1212', '迟到', 1000, 'WECHATPAY_MODE', 'late', 2, 1, 9,
    cast('oCustomer-number-1' as blob));
insert into approval (request_id, approver, at) values (1, 'U0WANG', 2), (2, 'U0ZHAO', 3);
insert into click (key, action, request_id, person, team, channel, reason, at)
values ('k1', 'approve', 2, 'U0WANG', 'T0SHOP', 'C0APPROVE', '', 4);
insert into outbox (key, kind, request_id, due_at, promised_at) values ('card:2', 'card', 2, 1, 1);
insert into notice (stock_id, coupon_code, event, at) values ('1212', 'CODE1', 'COUPON.SEND', 6);
"""
_CREATED = '{"approvals_needed":%d,"customer":1,"out_request_no":"%s","stock_id":"1212","value_fen":1000}'
_EVENTS = (
    (1, "request:created", "U0LI", _CREATED % (1, "n1")),
    (1, "approval:given", "U0WANG", '{"count":1,"needed":1}'),
    (1, "request:approved", "U0WANG", '{"approvals":["U0WANG"]}'),
    (1, "attempt:started", "system", '{"attempt":1}'),
    (1, "request:sent", "system", '{"by":"answer","coupon_code":"CODE1"}'),
    (2, "request:created", "U0LI", _CREATED % (2, "n2")),
    (2, "approval:given", "U0ZHAO", '{"count":1,"needed":2}'),
)


def second_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    MIGRATIONS.apply(Database(connection, execute_plugins=False), stop_before="m003_rules")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute("pragma user_version = 2")
    connection.executescript(_ROWS)
    prev = GENESIS
    for seq, (request_id, tag, actor, detail) in enumerate(_EVENTS, 1):
        head = f'{{"actor":"{actor}","detail":{detail},"request_id":{request_id}'
        body = f'{head},"seq":{seq},"tag":"{tag}","ts":1}}'
        digest = chained(prev, body)
        values = {"seq": seq, "body": body, "prev": prev, "hash": digest}
        connection.execute(
            "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)", values
        )
        prev = digest
    connection.commit()
    connection.close()


def contents(path: Path) -> dict[str, list[dict[str, Any]]]:
    connection = connect(path)
    connection.row_factory = sqlite3.Row
    found = {
        table: [dict(row) for row in connection.execute(f"select * from {table} order by 1")]
        for table in _TABLES
    }
    connection.close()
    return found


def with_newer_columns(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What the seventh and later steps add to rows of before."""
    new = {"message_ts": "", "out_request_no": "", "batch": None}
    alone = {"running_by": None, "running_until": None, "batch": None, "batch_row": None, "needs": ""}
    alone |= {"reminders_from": None, "offer": None, "undoes": None, "undone_by": None}
    return {
        **found,
        "approval": [row | {"fills": ""} for row in found["approval"]],
        "click": [row | new for row in found["click"]],
        "outbox": [row | {"approval_seq": None, "batch": None} for row in found["outbox"]],
        "request": [row | alone | {"waits_from": row["created_at"]} for row in found["request"]],
    }


@pytest.fixture
def old(path: Path) -> Path:
    second_version(path)
    return path


def test_rows_and_events_of_the_second_version_are_kept_and_proven(old: Path) -> None:
    before = contents(old)
    assert bring_up_to_date(old) == SINCE
    assert bring_up_to_date(old) == ()
    after = contents(old)
    new = {"ticket": "", "rule": 0, "raised": "", "duplicate_of": None, "follows": None}
    new |= {"remind_at": None, "urged_at": None}
    before["request"] = [row | new for row in before["request"]]
    assert after == with_newer_columns(before)
    assert verify(old).rows == len(_EVENTS)


def test_an_upgraded_file_is_sound_and_has_the_schema_of_a_fresh_one(old: Path, tmp_path: Path) -> None:
    bring_up_to_date(old)
    assert rows(old, "pragma integrity_check") == [("ok",)]
    assert rows(old, "pragma foreign_key_check") == []
    bring_up_to_date(tmp_path / "fresh.db")
    assert schema(old) == schema(tmp_path / "fresh.db")
    assert "check (approvals_needed >= 0)" in schema(old)


@pytest.mark.parametrize("upgraded", [True, False], ids=["upgraded", "fresh"])
async def test_no_approval_may_be_stored_and_less_than_none_may_not(path: Path, upgraded: bool) -> None:
    if upgraded:
        second_version(path)
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            rows(path, "update request set approvals_needed = 0 where id = 2")
    ledger = open_ledger(path)
    request, _ = await ledger.write(lambda tx: tx.add_requests([a_draft("cb0", approvals_needed=0)])[0])
    assert (request.approvals_needed, request.state) == (0, State.PENDING)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        await ledger.write(lambda tx: tx.add_requests([a_draft("cb1", approvals_needed=-1)])[0])
    await ledger.close()


async def test_what_waited_in_the_old_version_is_read_by_the_new_one(old: Path) -> None:
    ledger = open_ledger(old)
    request = await ledger.read(lambda rows: rows.request(2))
    assert request is not None
    assert (request.state, request.approvals_needed, request.raised) == (State.PENDING, 2, ())
    assert [click.person for click in await ledger.read(lambda rows: rows.open_clicks(9))] == ["U0WANG"]
    assert await ledger.read(lambda rows: rows.next_reminder()) is None
    await ledger.close()


# --- killed in the middle


def left_at_each_statement(path: Path, folder: Path, *, every: int = 1) -> Sequence[Path]:
    """What stands in the files at each statement of the upgrade: what a process killed there leaves.

    `every` 3: at each third, and after the last.
    """
    left: list[Path] = []
    connection = sqlite3.connect(path)
    connection.execute("pragma synchronous = full")

    def copy(_: str) -> None:
        here = folder / f"at-{len(left)}"
        here.mkdir()
        for name in (path.name, f"{path.name}-wal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, here / name)
        left.append(here / path.name)

    connection.set_trace_callback(copy)
    opening._bring_up_to_date(Database(connection, execute_plugins=False))
    connection.set_trace_callback(None)
    copy("")
    connection.close()
    return [*left[:-1:every], left[-1]]


def test_killed_at_any_statement_the_file_is_of_the_second_version_or_the_newest(
    old: Path, tmp_path: Path, *, long_form: bool
) -> None:
    before = contents(old)
    versions = []
    for left in left_at_each_statement(old, tmp_path, every=1 if long_form else 5):
        [(version,)] = rows(left, "pragma user_version")
        steps = {name for (name,) in rows(left, "select name from _sqlite_migrations")}
        assert steps == (SECOND if version == 2 else STEPS)
        assert ("check (approvals_needed > 0)" in schema(left)) is (version == 2)
        assert rows(left, "pragma integrity_check") == [("ok",)]
        if version == 2:
            assert contents(left) == before
        versions.append(version)
        # And the next start finishes what was begun.
        assert bring_up_to_date(left) == (SINCE if version == 2 else ())
        assert verify(left).rows == len(_EVENTS)
    assert sorted(set(versions)) == [2, LATEST]
    assert versions == sorted(versions)
    assert len(versions) > len(("columns", "table", "indexes", "check", "version"))


_DYING = """
import os, signal, sys
from sqlite_utils import Database
from storage import database
from storage.driver import sqlite3
connection = sqlite3.connect(sys.argv[1])
def trace(statement):
    if sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)
connection.set_trace_callback(trace)
database._bring_up_to_date(Database(connection, execute_plugins=False))
"""


@pytest.mark.parametrize("at", ["request_remind", "schema_version =", "user_version"])
def test_kill_9_in_the_middle_leaves_the_second_version_whole(old: Path, at: str) -> None:
    before = contents(old)
    died = subprocess.run([sys.executable, "-c", _DYING, str(old), at], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    assert rows(old, "pragma user_version") == [(2,)]
    assert contents(old) == before
    assert bring_up_to_date(old) == SINCE
    assert verify(old).rows == len(_EVENTS)


def test_the_program_of_the_second_version_refuses_the_third_untouched(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up_to_date(old)
    whole = old.read_bytes()
    # What that program knew.
    monkeypatch.setattr(opening, "LATEST", 2)
    monkeypatch.setattr(opening, "STEPS", SECOND)
    with pytest.raises(DatabaseRefused, match=f"schema version {LATEST}, and this coupon-bot knows up to 2"):
        open_for_writing(old)
    assert old.read_bytes() == whole


def test_the_guards_of_the_log_stand_after_the_upgrade(old: Path) -> None:
    bring_up_to_date(old)
    connection = connect(old)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute("update event set hash = ''")
    assert {
        name for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'")
    } == {*GUARDS}
    connection.close()
