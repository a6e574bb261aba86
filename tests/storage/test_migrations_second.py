"""An older database is brought up to date with its rows; what is asked often is found by an index."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import requests
from storage.database import bring_up_to_date, open_for_writing
from storage.driver import sqlite3
from storage.migrations import APPLICATION_ID, MIGRATIONS


def test_a_database_of_the_first_schema_keeps_its_rows_and_learns_the_second(tmp_path: Path) -> None:
    path = tmp_path / "coupon.db"
    connection = sqlite3.connect(path)
    database = Database(connection, execute_plugins=False)
    MIGRATIONS.apply(database, stop_before="m002_notices")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute("pragma user_version = 1")
    connection.execute("insert into customer (openid) values ('o1')")
    connection.execute(
        "insert into request (rev, state, out_request_no, requester, customer, stock_id, stock_name,"
        " value_fen, code_mode, reason, approvals_needed, created_at, expires_at, body)"
        " values (1, 'pending', 'n1', 'U1', 1, 's', 's', 1, 'WECHATPAY_MODE', '', 1, 1, 1, x'7b7d')"
    )
    connection.commit()
    connection.close()

    assert bring_up_to_date(path) == (
        "m002_notices",
        "m003_rules",
        "m004_audit",
        "m005_event_words",
        "m006_first_letters",
        "m007_promises",
        "m008_batches",
        "m009_after_sending",
    )
    assert bring_up_to_date(path) == ()
    database = open_for_writing(path)
    try:
        request = requests.RequestRows(database, lambda: 0).request_by_number("n1")
        assert request is not None
        assert (request.openid, request.look_at) == ("o1", None)
    finally:
        database.close()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (requests._DOUBTFUL, "request_doubtful"),
        (requests._BY_COUPON, "request_by_coupon"),
        (requests._TO_LOOK_UP, "request_look"),
    ],
)
def test_what_each_notification_asks_reads_no_more_than_it_finds(
    tmp_path: Path, statement: str, index: str
) -> None:
    database = open_for_writing(tmp_path / "coupon.db")
    try:
        values = {"stock_id": "s", "openid": "o", "coupon_code": "c", "now": 1, "limit": 1, "latest": 2}
        plan = [row["detail"] for row in database.execute(f"explain query plan {statement}", values)]
    finally:
        database.close()
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan
