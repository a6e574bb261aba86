"""Each column is proved, or docs/auditor.md says that it is not: what else is changed, `verify` finds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from coupons.absence import Absence
from coupons.absence_events import AbsenceBegan
from coupons.audit_events import ConsoleLinkMade
from coupons.coupon_states import CouponAnswer, KnownCoupon, answered
from coupons.events import SendingPaused
from coupons.model import Pause
from coupons.ports import Transaction
from storage.errors import AuditBroken
from storage.proof.verify import verify
from tests.storage.ports_of_batches import submitted
from tests.storage.records import NOW, ROOT, connect, rows, written
from tests.storage.test_beside_the_chain import fill

#: SQLite's own, and the steps that were made: they say nothing of requests.
_OTHERS = ("sqlite_", "_sqlite_migrations", "request_words", "event_words")
#: Proved by the chain, and changed there in tests of their own.
_CHAIN = "event"
#: Each with one row here.
_WITHOUT_ROWID = {"absence", "batch_approval", "batch_line"}


def not_proved() -> dict[str, set[str]]:
    page = (ROOT / "docs" / "auditor.md").read_text(encoding="utf-8")
    page = page.partition("### What is not proved")[2].partition("What no chain can see")[0]
    found: dict[str, set[str]] = {}
    for table, columns in re.findall(r"^\| `(\w+)`[:,] ([^|]+) \|", page, re.MULTILINE):
        found.setdefault(table, set()).update(re.findall(r"`(\w+)`", columns) or {"all"})
    return found


def beside(tx: Transaction) -> None:
    tx.set_pause(Pause("U0WANG", NOW, "wrong stock"))
    tx.append(SendingPaused(reason="wrong stock").done_by("U0WANG"))
    tx.add_console_link(digest="ab" * 32, person="U0FIN", made_at=NOW, expires_at=NOW + 1)
    tx.append(ConsoleLinkMade(expires_at=NOW + 1).done_by("U0FIN"))
    submitted(tx)
    known, changed = answered(
        KnownCoupon(request_id=1), CouponAnswer(state="USED", happened_at=NOW, valid_until=NOW + 1), now=NOW
    )
    assert changed is not None
    tx.save_coupon_state(known)
    tx.append(changed.done_by("system", 1))
    tx.set_absence(Absence(person="U0WANG", deputy="U0LIU", began_at=NOW, until=NOW + 9))
    tx.append(AbsenceBegan(until=NOW + 9, deputy="U0LIU").done_by("U0WANG"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("not-proved") / "coupon.db", fill, beside)


def columns(log: Path) -> list[tuple[str, str, str]]:
    return [
        (table, *column)
        for (table,) in rows(log, "select name from sqlite_master where type = 'table' order by name")
        if not table.startswith(_OTHERS) and table != _CHAIN
        for column in rows(log, f"select name, type from pragma_table_info('{table}')")
    ]


def changed(log: Path, table: str, column: str, kind: str) -> None:
    """In the first row of request #1, or of the table."""
    value = {"INTEGER": f"coalesce({column}, 0) + 604800000", "BLOB": f"cast({column} || 'x' as blob)"}
    with connect(log) as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("pragma ignore_check_constraints = on")
        new = value.get(kind, f"coalesce({column}, '') || 'x'")
        first = f"rowid = (select min(rowid) from {table})"
        connection.execute(
            f"update {table} set {column} = {new} where {'1' if table in _WITHOUT_ROWID else first}"
        )
    connection.close()


def test_whatever_is_changed_is_found_or_said_not_to_be(whole: Path, tmp_path: Path) -> None:
    found, here = not_proved(), columns(whole)
    known = {(table, column) for table, column, _ in here}
    said = {(table, column) for table, names in found.items() for column in names - {"all"}}
    assert said <= known
    assert {table for table, names in found.items() if "all" in names} == {
        "outbox",
        "click",
        "notice",
        "lease",
        "batch_line",
    }
    unseen = set()
    for table, column, kind in here:
        if "all" in found.get(table, ()) or table == "console_link":
            continue
        log = Path(shutil.copy(whole, tmp_path / f"{table}-{column}.db"))
        changed(log, table, column, kind)
        if not is_found(log):
            unseen.add((table, column))
        log.unlink()
    assert unseen == {(table, column) for table, column in said if table != "console_link"}


def is_found(log: Path) -> bool:
    try:
        verify(log, thorough=True)
    except AuditBroken:
        return True
    return False
