"""What the disk or another program can do to a write: all of its group are told, and nothing is half done."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from coupons.errors import StorageUnavailable
from coupons.ports import Topic, Transaction
from storage import database
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.ports_changed import CHANGES
from tests.storage.ports_read import READS, seed
from tests.storage.processes import let_go, line, running
from tests.storage.records import create, open_ledger, rows
from tests.storage.test_ledger import Gate, numbers, queued

TABLES = ("customer", "request", "approval", "event", "click", "outbox", "pause")


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(path, f"select * from {table} order by 1") for table in TABLES}


def refused_at_commit(tx: Transaction) -> None:
    """Every statement succeeds; the COMMIT does not."""
    create(tx, "poison")
    connection = tx._connection  # type: ignore[attr-defined]  # no port leads here
    connection.execute("pragma defer_foreign_keys = on")
    connection.execute("insert into approval (request_id, approver, at) values (999, 'U0WANG', 1)")


async def test_a_commit_that_fails_is_told_to_its_whole_group_and_the_chain_goes_on(
    ledger: SqliteLedger, heard: list[frozenset[Topic]], path: Path
) -> None:
    await ledger.write(lambda tx: create(tx, "before"))
    heard.clear()

    def raises(tx: Transaction) -> None:
        create(tx, "raises")
        raise ValueError("looked at rows that were never committed")

    gate = Gate(ledger)
    await gate.reached()
    group = await queued(
        lambda tx: create(tx, "first"),
        raises,
        refused_at_commit,
        lambda tx: create(tx, "last"),
        ledger=ledger,
    )
    # It is one of them: who comes while a commit's works are done goes with it.
    with pytest.raises(StorageUnavailable, match="did not commit: FOREIGN KEY"):
        await gate.open()
    await asyncio.wait(group)
    for task in group:
        with pytest.raises(StorageUnavailable, match="did not commit: FOREIGN KEY"):
            task.result()
    assert heard == []
    assert await ledger.read(numbers) == {"before"}
    await ledger.write(lambda tx: create(tx, "after"))
    assert await ledger.read(numbers) == {"before", "after"}
    assert verify(path).rows == 2


def wal_bytes(path: Path) -> int:
    return Path(f"{path}-wal").stat().st_size


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """A disk that is full, as far as this process can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_told_and_once_there_is_room_writing_goes_on(
    ledger: SqliteLedger, path: Path
) -> None:
    acknowledged = {f"cb{number}" for number in range(20)}
    await asyncio.gather(*(ledger.write(lambda tx, n=number: create(tx, n)) for number in acknowledged))
    with no_file_longer_than(wal_bytes(path) + 5_000):
        for turn in range(3):
            with pytest.raises(StorageUnavailable):
                await ledger.write(lambda tx, n=turn: create(tx, f"too long {n}", reason="x" * 400_000))
        assert await ledger.read(numbers) == acknowledged, "reading goes on"
    await ledger.write(lambda tx: create(tx, "room again"))
    assert await ledger.read(numbers) == acknowledged | {"room again"}
    assert verify(path).rows == 21


async def test_every_operation_on_a_locked_database_is_told_so_or_answers_and_nothing_is_half_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 20)
    ledger = open_ledger(path)
    await ledger.write(seed)
    before = contents(path)
    with running("lock", path) as process:
        assert line(process) == "held"
        for name, change in CHANGES.items():
            with pytest.raises(StorageUnavailable, match="locked"):
                await ledger.write(change)
            assert contents(path) == before, name
        for name, read in READS.items():
            assert await ledger.read(read), name
            with pytest.raises(StorageUnavailable, match="locked"):
                await ledger.write(read)
        let_go(process)
        assert line(process) == "let go"
    assert contents(path) == before
    assert await ledger.write(CHANGES["save"])
    await ledger.close()


async def test_a_group_is_never_longer_than_its_bound(path: Path) -> None:
    commits: list[frozenset[Topic]] = []
    ledger = SqliteLedger(path, clock=lambda: 0, on_commit=commits.append)
    gate = Gate(ledger)
    await gate.reached()
    works = await queued(*(lambda tx, n=n: create(tx, f"cb{n}") for n in range(600)), ledger=ledger)
    await gate.open()
    await asyncio.wait(works)
    await ledger.close()
    assert len(commits) == 3, "256 + 256 + 88"
