"""The fourth schema: a real file of the third keeps everything, and what people wrote before is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from coupons.audit_words import Filter
from coupons.lifecycle import move
from coupons.model import State
from storage.audit import GENESIS
from storage.database import bring_up_to_date
from storage.driver import sqlite3
from storage.migrations import APPLICATION_ID, MIGRATIONS
from storage.proof.verify import verify
from storage.store import Store
from tests.storage.records import NOW, Time, chained, open_ledger, rows
from tests.storage.test_migrations import schema
from tests.storage.test_migrations_third import _EVENTS, _ROWS, contents, with_newer_columns

#: What the third version knew beyond the second.
_WORDS = """
update request set reason = '物流迟到四天', ticket = 'ZD-12' where id = 1;
update request set reason = 'four days late' where id = 2;
insert into customer (openid) values ('oCustomer-number-2');
insert into request (rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen,
    code_mode, reason, approvals_needed, created_at, expires_at, body, closed_by, closed_at, decline_reason)
values (2, 'declined', 'n3', 'U0HE', 2, '999', '破损', 500, 'WECHATPAY_MODE', 'broken cup', 1, 7, 9,
    cast('oCustomer-number-2' as blob), 'U0WANG', 8, '太早了');
"""
_CREATED = (
    '{"approvals_needed":%d,"customer":%d,"out_request_no":"%s","stock_id":"%s","ticket":"%s","value_fen":%d}'
)
_STORY = (
    (1, "request:created", "U0LI", _CREATED % (1, 1, "n1", "1212", "ZD-12", 1000)),
    *_EVENTS[1:],
    (3, "request:created", "U0HE", _CREATED % (1, 2, "n3", "999", "", 500)),
    (3, "request:declined", "U0WANG", '{"reason":"太早了"}'),
)


def third_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    MIGRATIONS.apply(Database(connection, execute_plugins=False), stop_before="m004_audit")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute("pragma user_version = 3")
    connection.executescript(_ROWS + _WORDS)
    prev = GENESIS
    for seq, (request_id, tag, actor, detail) in enumerate(_STORY, 1):
        head = f'{{"actor":"{actor}","detail":{detail},"request_id":{request_id}'
        body = f'{head},"seq":{seq},"tag":"{tag}","ts":1}}'
        digest = chained(prev, body)
        connection.execute(
            "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)",
            {"seq": seq, "body": body, "prev": prev, "hash": digest},
        )
        prev = digest
    connection.commit()
    connection.close()


@pytest.fixture
def old(path: Path) -> Path:
    third_version(path)
    return path


def found(path: Path, text: str) -> list[int]:
    with Store(path, clock=Time()).read() as reading:
        return [each.request.id for each in reading.find_requests(Filter(texts=(text,)), limit=9)]


def test_rows_and_events_of_the_third_version_are_kept_and_proven(old: Path) -> None:
    before = contents(old)
    assert rows(old, "pragma user_version") == [(3,)]
    assert bring_up_to_date(old) == (
        "m004_audit",
        "m005_event_words",
        "m006_first_letters",
        "m007_promises",
        "m008_batches",
        "m009_after_sending",
    )
    assert bring_up_to_date(old) == ()
    assert contents(old) == with_newer_columns(before)
    assert verify(old).rows == len(_STORY)
    assert rows(old, "pragma integrity_check") == [("ok",)]


def test_an_upgraded_file_has_the_schema_of_a_fresh_one(old: Path, tmp_path: Path) -> None:
    bring_up_to_date(old)
    bring_up_to_date(tmp_path / "fresh.db")
    assert schema(old) == schema(tmp_path / "fresh.db")


@pytest.mark.parametrize(
    ("text", "ids"),
    [("迟到", [1]), ("ZD-12", [1]), ("late", [2]), ("太早", [3]), ("cup", [3]), ("nosuch", [])],
)
def test_what_people_wrote_before_the_upgrade_is_found(old: Path, text: str, ids: list[int]) -> None:
    bring_up_to_date(old)
    assert found(old, text) == ids


async def test_an_old_request_that_is_declined_now_is_found_by_both_its_texts(old: Path) -> None:
    ledger = open_ledger(old)
    request = await ledger.read(lambda rows: rows.request(2))
    assert request is not None
    after = move(request, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="再等等")
    await ledger.write(lambda tx: tx.save(request, after))
    await ledger.close()
    assert (found(old, "再等"), found(old, "late"), found(old, "cup")) == ([2], [2], [3])
    rows(old, "insert into request_words (request_words) values ('integrity-check')")
