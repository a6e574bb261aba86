"""What is changed in a batch, behind the back of the log, is found."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from coupons.model import ClickAction
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.proof.verify import verify
from tests.coupons.batch_office import BatchOffice

#: Batch 1 had rows 3 and 5 struck out and is done, 2 was declined, 3 was cancelled while it waited, 4 waits.
_ROW_3 = "batch = 1 and batch_row = 3"
CHANGES = {
    "a line more is said": "update batch set size = size + 1 where id = 1",
    "what was struck out counts": "update batch set size = 4, value_fen = 4000 where id = 1",
    "it is worth less": "update batch set value_fen = 1 where id = 1",
    "its most valuable line is worth less": "update batch set highest_fen = 1 where id = 1",
    "less was left out": "update batch set left_out = 0 where id = 1",
    "another requester": "update batch set requester = 'U0WANG' where id = 1",
    "another file": "update batch set sha256 = '00' where id = 1",
    "another approver": "update batch_approval set approver = 'U0CHEN' where approver = 'U0ZHAO'",
    "an approver more": "insert into batch_approval (batch, approver, at, seq) values (1, 'U0CHEN', 1, 1)",
    "an approver less": "delete from batch_approval where approver = 'U0ZHAO'",
    "another event of an approval": "update batch_approval set seq = 1 where approver = 'U0ZHAO'",
    "a need of fewer": "update batch set approvals_needed = 1 where id = 1",
    "other people may": "update batch set approvers = 'U0CHEN' where id = 4",
    "it was approved": "update batch set state = 'approved' where id = 4",
    "a struck line is given": f"update request set state = 'approved' where {_ROW_3}",
    "a struck line was struck by another": f"update request set closed_by = 'U0ZHAO' where {_ROW_3}",
    "a line of another batch": f"update request set batch = 4, batch_row = 99 where {_ROW_3}",
    "a line of another row": f"update request set batch_row = 99 where {_ROW_3}",
    "a line of none": f"update request set batch = null where {_ROW_3}",
    "declined by another": "update batch set closed_by = 'U0ZHAO' where id = 2",
    "declined for another reason": "update batch set decline_reason = 'as asked' where id = 2",
    "cancelled by another": "update batch set closed_by = 'U0ZHAO' where id = 3",
    "ended at another time": "update batch set closed_at = closed_at + 3600000 where id = 2",
    "a batch that nobody asked for": "insert into batch (rev, state, delivery, requester, file_id, "
    "file_name, stock_id, reason, ticket, asked_at) "
    "values (1, 'pending', 'V9', 'U0LI', '', 'x.csv', '', '', '', 1)",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("batches") / "coupon.db"
    asyncio.run(_work(path))
    return path


async def _work(path: Path) -> None:
    office = BatchOffice(path)
    await office.pending(4)
    await office.do(ClickAction.STRIKE_LINES, "U0WANG", reason="3, 5")
    await office.approved_by_two(1)
    await office.send()
    await office.settle()
    for number, action in ((2, ClickAction.DECLINE_BATCH), (3, ClickAction.CANCEL_BATCH)):
        await office.pending(2, delivery=f"V{number}", sha256=f"{number:064d}")
        await office.do(action, "U0WANG", number, reason="not these")
        await office.settle()
    await office.pending(2, delivery="V4", sha256=f"{4:064d}")
    assert [(await office.batch(number)).state for number in (1, 2, 3, 4)] == [
        "done",
        "declined",
        "cancelled",
        "pending",
    ]
    await office.prove()
    await office.ledger.close()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_changed_in_a_batch_is_found(path: Path, change: str) -> None:
    tampered = path.with_name("tampered.db")
    with closing(sqlite3.connect(path)) as whole, closing(sqlite3.connect(tampered)) as copy:
        whole.backup(copy)
        # What keeps tables as they are would keep this, too; put back, it says nothing of what was done.
        guards = copy.execute("select name, sql from sqlite_schema where type = 'trigger'").fetchall()
        for name, _ in guards:
            copy.execute(f'drop trigger "{name}"')
        assert copy.execute(change).rowcount > 0
        for _, guard in guards:
            copy.execute(guard)
        copy.commit()
    with pytest.raises(AuditBroken) as found:
        verify(tampered, thorough=True)
    assert found.value.kind in {"batch", "request", "state", "own", "orphan"}
