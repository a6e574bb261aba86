"""Who waits for the writer, and who goes first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coupons.errors import StorageUnavailable
from coupons.ports import Transaction
from storage.ledger import SqliteLedger
from tests.storage.records import Time, create, open_ledger
from tests.storage.test_ledger import Gate


async def queued(ledger: SqliteLedger, work: Callable[[Transaction], Any], *, later: bool) -> Any:
    task = asyncio.create_task(ledger.write(work, later=later))
    await asyncio.sleep(0)  # it has run to its first await: it stands in the queue
    return task


async def test_what_people_wait_for_goes_before_parts_of_something_long(ledger: SqliteLedger) -> None:
    done: list[str] = []
    gate = Gate(ledger)
    await gate.reached()
    tasks = [
        await queued(ledger, lambda _tx, name=name: done.append(name), later=name.startswith("part"))
        for name in ("part 1", "part 2", "ack 1", "part 3", "ack 2")
    ]
    await gate.open()
    await asyncio.gather(*tasks)
    assert done == ["ack 1", "ack 2", "part 1", "part 2", "part 3"]


async def test_who_comes_while_a_part_is_done_goes_before_the_next_part(ledger: SqliteLedger) -> None:
    done: list[str] = []
    reached, go_on = threading.Event(), threading.Event()

    def first(_tx: Transaction) -> None:
        reached.set()
        go_on.wait(10)
        done.append("part 1")

    parts = [
        await queued(ledger, first, later=True),
        await queued(ledger, lambda _tx: done.append("part 2"), later=True),
    ]
    await asyncio.to_thread(reached.wait, 10)
    ack = await queued(ledger, lambda _tx: done.append("ack"), later=False)
    go_on.set()
    await asyncio.gather(*parts, ack)
    assert done == ["part 1", "ack", "part 2"]


async def test_a_commit_begins_no_part_after_its_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it has it soon; each commit takes a part all the same, so that all come to an end."""
    monkeypatch.setattr("storage.ledger._LATER_S", 0.0)
    monkeypatch.setattr("storage.ledger._LATER_ALONE_S", 0.0)
    commits: list[object] = []
    ledger = open_ledger(path, Time(), commits)  # type: ignore[arg-type]  # counted alone
    gate = Gate(ledger)
    await gate.reached()
    tasks = [
        await queued(ledger, lambda tx, number=number: create(tx, f"p{number}"), later=True)
        for number in range(3)
    ]
    tasks.append(await queued(ledger, lambda tx: create(tx, "ack"), later=False))
    await gate.open()
    await asyncio.gather(*tasks)
    # The ack goes with the gate; then each part by itself.
    assert len(commits) == 4
    await ledger.close()


@pytest.mark.parametrize("ack", [False, True])
async def test_parts_go_on_in_one_commit_as_long_as_nobody_waits_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, ack: bool
) -> None:
    monkeypatch.setattr("storage.ledger._LATER_S", 0.0)
    monkeypatch.setattr("storage.ledger._LATER_ALONE_S", 60.0)
    commits: list[object] = []
    ledger = open_ledger(path, Time(), commits)  # type: ignore[arg-type]  # counted alone
    reached, go_on = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        reached.set()
        go_on.wait(10)
        create(tx, "p0")

    tasks = [await queued(ledger, first, later=True)]
    await asyncio.to_thread(reached.wait, 10)
    tasks += [
        await queued(ledger, lambda tx, number=number: create(tx, f"p{number}"), later=True)
        for number in (1, 2)
    ]
    if ack:
        tasks.append(await queued(ledger, lambda tx: create(tx, "ack"), later=False))
    go_on.set()
    await asyncio.gather(*tasks)
    # With the ack in it the first commit begins no part any more, and the other two go together.
    assert len(commits) == (2 if ack else 1)
    await ledger.close()


async def test_what_waits_when_it_is_closed_is_done_in_both_rows(path: Path) -> None:
    ledger = open_ledger(path, Time(), [])
    done: list[str] = []
    gate = Gate(ledger)
    await gate.reached()
    tasks = [
        await queued(ledger, lambda _tx, name=name: done.append(name), later=name == "part")
        for name in ("part", "ack")
    ]
    closing = asyncio.create_task(ledger.close())
    await asyncio.sleep(0)
    await gate.open()
    await closing
    await asyncio.gather(*tasks)
    assert done == ["ack", "part"]


class BusyTurn:
    """Somebody else's, all the time; the first who wants it waits until `go_on`."""

    def __init__(self) -> None:
        self.wanted, self.first, self.go_on = 0, threading.Event(), threading.Event()

    def __enter__(self) -> None:
        self.wanted += 1
        self.first.set()
        self.go_on.wait(10)
        raise StorageUnavailable("the database is busy")

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError


async def test_those_who_wait_while_another_process_writes_are_told_together(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other each would wait as long again, and Slack no longer."""
    turn = BusyTurn()
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_turn", turn)
        tasks = [await queued(ledger, create, later=False)]
        await asyncio.to_thread(turn.first.wait, 10)
        tasks += [await queued(ledger, create, later=False) for _ in range(3)]
        turn.go_on.set()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
    assert ([type(each) for each in failed], turn.wanted) == ([StorageUnavailable] * 4, 2)
