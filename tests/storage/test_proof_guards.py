"""What else the proof names: guards that are gone or other ones, and requests where no event put them."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.migrations import GUARDS
from storage.proof.verify import verify
from tests.storage.records import (
    broken,
    connect,
    rows,
    tamper,
)
from tests.storage.test_proof import log

__all__ = ["log"]


@pytest.mark.parametrize("name", GUARDS)
def test_a_dropped_guard_is_named(log: Path, name: str) -> None:
    tamper(log)
    verify(log)
    connection = connect(log)
    connection.execute(f"drop trigger {name}")
    connection.close()
    assert broken(log) == ("guard_missing", f"the trigger {name} is missing from the table event")


@pytest.mark.parametrize("name", GUARDS)
def test_a_replaced_guard_is_named(log: Path, name: str) -> None:
    connection = connect(log)
    connection.execute(f"drop trigger {name}")
    toothless = (
        GUARDS[name].replace("\nwhen new", "\nwhen 0 and new").replace("event\nbegin", "event\nwhen 0 begin")
    )
    assert toothless != GUARDS[name]
    connection.execute(toothless)
    connection.close()
    assert broken(log) == ("guard_changed", f"the trigger {name} is not the one that was made")


def test_a_guard_moved_to_another_table_is_missing(log: Path) -> None:
    connection = connect(log)
    connection.execute("drop trigger event_is_never_deleted")
    connection.execute(GUARDS["event_is_never_deleted"].replace("on event", "on click"))
    connection.close()
    assert broken(log)[0] == "guard_missing"


@pytest.mark.parametrize(
    ("statement", "kind", "sentence"),
    [
        ("update request set state = 'declined' where id = 3", "state", "#3 is declined, but its last"),
        ("update request set state = 'approved' where id = 3", "state", "#3 is approved, but its last"),
        (
            "update request set state = 'held', coupon_code = null where id = 2",
            "state",
            "#2 is held, but its last",
        ),
        ("update request set coupon_code = 'MINE' where id = 2", "request", "#2 has another coupon code"),
        (
            "insert into approval (request_id, approver, at) values (3, 'U0X', 1)",
            "request",
            "#3 has another list",
        ),
        (
            "insert into approval (request_id, approver, at) values (1, 'U0X', 1)",
            "request",
            "#1 has another list",
        ),
        ("update request set value_fen = 999 where id = 2", "request", "#2 has another requester, number"),
        ("update request set requester = 'U0X' where id = 3", "request", "#3 has another requester, number"),
        (
            "update request set out_request_no = 'x' where id = 3",
            "request",
            "#3 has another requester, number",
        ),
        ("update request set approvals_needed = 9 where id = 3", "request", "#3 has another requester"),
        ("delete from approval where request_id = 2", "request", "#2 has another list"),
        ("update approval set approver = 'U0X' where request_id = 2", "request", "#2 has another list"),
        ("delete from request where id = 4", "orphan", "#12 tells of request #4, which is not there"),
    ],
)
def test_a_request_that_is_not_where_its_events_say_is_named(
    log: Path, statement: str, kind: str, sentence: str
) -> None:
    tamper(log, statement)
    found, text = broken(log)
    assert found == kind
    assert sentence in text


def test_a_request_that_no_event_tells_of_is_named(log: Path) -> None:
    names = [name for _, name, *_ in rows(log, "pragma table_info(request)")]
    values = {"id": "99", "out_request_no": "'planted'"}
    tamper(
        log,
        f"insert into request ({', '.join(names)})"
        f" select {', '.join(values.get(name, name) for name in names)} from request where id = 3",
    )
    assert broken(log) == ("state", "request #99 is pending, but no event tells of it")
