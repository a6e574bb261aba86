from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coupons.errors import RowChanged, StorageUnavailable
from coupons.events import Tag
from coupons.ports import Reading, Topic, Transaction
from coupons.recording import Event
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.processes import let_go, line, running
from tests.storage.records import Time, a_click, a_draft, card, create, files, open_ledger, rows


def numbers(rows: Reading) -> set[str]:
    return {request.out_request_no for request in rows.open_requests_of("U0LI", 10_000)}


class Gate:
    """Work that stops the writer until it is opened, so that what is queued behind it is one group."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._reached, self._open = threading.Event(), threading.Event()
        self._task = asyncio.create_task(ledger.write(self._wait))

    def _wait(self, tx: Transaction) -> None:
        self._reached.set()
        self._open.wait(10)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait, 10)

    async def open(self) -> None:
        self._open.set()
        await self._task


async def queued(*works: Any, ledger: SqliteLedger) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(ledger.write(work)) for work in works]
    await asyncio.sleep(0)  # each has run to its first await: it stands in the queue
    return tasks


async def test_a_write_is_there_after_it_returned_and_after_reopening(path: Path) -> None:
    ledger = open_ledger(path)
    request = await ledger.write(create)
    assert await ledger.read(lambda rows: rows.request(request.id)) == request
    assert await ledger.write(lambda tx: tx.request(request.id)) == request
    await ledger.close()
    again = open_ledger(path)
    assert await again.read(lambda rows: rows.request(request.id)) == request
    await again.close()


async def test_work_that_raises_is_undone_alone_while_its_neighbours_commit(
    ledger: SqliteLedger, heard: list[frozenset[Topic]], path: Path
) -> None:
    def fails(tx: Transaction) -> None:
        create(tx, "bad")
        tx.add_click(a_click())
        raise ValueError("changed my mind")

    gate = Gate(ledger)
    await gate.reached()
    first, bad, last = await queued(
        lambda tx: create(tx, "first"), fails, lambda tx: create(tx, "last"), ledger=ledger
    )
    await gate.open()
    await asyncio.wait([first, bad, last])
    assert (first.result().out_request_no, last.result().out_request_no) == ("first", "last")
    with pytest.raises(ValueError, match="changed my mind"):
        bad.result()
    assert heard == [frozenset({Topic.REQUESTS})], "one commit, and no word of what was undone"
    assert await ledger.read(numbers) == {"first", "last"}
    assert await ledger.read(lambda rows: rows.open_clicks(9)) == []
    assert verify(path).rows == 2


async def test_a_statement_the_schema_refuses_undoes_its_work_alone(ledger: SqliteLedger, path: Path) -> None:
    gate = Gate(ledger)
    await gate.reached()

    def worthless(tx: Transaction) -> None:
        create(tx, "before")
        tx.add_requests([a_draft("worthless", approvals_needed=-1)])[0]

    good, bad = await queued(create, worthless, ledger=ledger)
    await gate.open()
    await asyncio.wait([good, bad])
    with pytest.raises(sqlite3.IntegrityError):
        bad.result()
    assert await ledger.read(numbers) == {"cb1"}
    assert verify(path).rows == 1


@pytest.mark.parametrize("error", [StopIteration, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
async def test_no_exception_of_one_work_can_stop_the_writer(
    ledger: SqliteLedger, error: type[BaseException]
) -> None:
    def fails(tx: Transaction) -> None:
        create(tx, "bad")
        raise error

    [task] = await queued(fails, ledger=ledger)
    with pytest.raises(RuntimeError, match=f"raised {error.__name__}"):
        await asyncio.wait_for(task, 5)
    await asyncio.wait_for(ledger.write(lambda tx: create(tx, "good")), 5)
    assert await ledger.read(numbers) == {"good"}


async def test_five_hundred_writes_at_once_are_all_there_and_the_chain_holds(
    ledger: SqliteLedger, path: Path
) -> None:
    wanted = [f"cb{k}" for k in range(500)]
    made = await asyncio.gather(*(ledger.write(lambda tx, n=number: create(tx, n)) for number in wanted))
    assert [request.out_request_no for request in made] == wanted
    assert await ledger.read(numbers) == set(wanted)
    assert verify(path).rows == 500


async def test_the_work_of_a_cancelled_caller_is_done_once_and_whole(
    ledger: SqliteLedger, path: Path
) -> None:
    def work(tx: Transaction) -> None:
        create(tx, "cancelled")
        tx.post(card())

    gate = Gate(ledger)
    await gate.reached()
    task, neighbour = await queued(work, lambda tx: len(numbers(tx)), ledger=ledger)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gate.open()
    assert await asyncio.wait_for(neighbour, 5) == 1, "who waits in the same group gets its answer"
    await ledger.write(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system")))
    assert await ledger.read(numbers) == {"cancelled"}
    assert rows(path, "select key, version from outbox") == [("card:1", 1)]
    assert verify(path).rows == 2


async def test_another_process_in_the_way_is_told_and_nothing_is_half_done(
    ledger: SqliteLedger, path: Path
) -> None:
    with running("lock", path) as process:
        assert line(process) == "held"
        with pytest.raises(StorageUnavailable, match="did not commit"):
            await ledger.write(create)
        assert await ledger.read(numbers) == set(), "reading goes on"
        let_go(process)
        assert line(process) == "let go"
    await ledger.write(lambda tx: create(tx, "next"))
    assert await ledger.read(numbers) == {"next"}
    assert verify(path).rows == 1


async def test_on_commit_hears_what_was_touched_before_the_waiter_goes_on(
    ledger: SqliteLedger, heard: list[frozenset[Topic]]
) -> None:
    async def topics(work: Callable[[Transaction], object]) -> set[Topic]:
        heard.clear()
        await ledger.write(work)
        return {topic for each in heard for topic in each}

    assert await topics(create) == {Topic.REQUESTS}
    assert await topics(lambda tx: tx.add_click(a_click())) == {Topic.CLICKS}
    assert await topics(lambda tx: tx.post(card())) == {Topic.POSTS}
    assert await topics(lambda tx: (tx.post(card()), tx.add_click(a_click("2")))) == {
        Topic.POSTS,
        Topic.CLICKS,
    }
    assert await topics(lambda tx: tx.finish_post(1, 1)) == {Topic.POSTS}, "renewed: there is more to tell"
    assert await topics(lambda tx: tx.put_post_off(1, 5)) == {Topic.POSTS}
    assert await topics(lambda tx: tx.append(Event(Tag.BOT_STARTED, "system"))) == set()
    assert await topics(lambda tx: tx.request(1)) == set()


async def test_waiters_go_on_when_on_commit_fails(path: Path) -> None:
    def fails(topics: frozenset[Topic]) -> None:
        raise ValueError("a bell is broken")

    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: troubles.append(context))
    ledger = SqliteLedger(path, clock=Time(), on_commit=fails)
    assert (await asyncio.wait_for(ledger.write(create), 5)).id == 1
    assert "a bell is broken" in str(troubles[0]["exception"])
    await ledger.close()


async def test_closing_commits_what_waits_and_refuses_what_comes(ledger: SqliteLedger, path: Path) -> None:
    gate = Gate(ledger)
    await gate.reached()
    tasks = await queued(*(lambda tx, n=k: create(tx, f"cb{n}") for k in range(10)), ledger=ledger)
    closing = asyncio.create_task(ledger.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable, match="closed"):
        await ledger.write(create)
    with pytest.raises(StorageUnavailable, match="closed"):
        await ledger.read(numbers)
    await gate.open()
    await asyncio.gather(*tasks, closing)
    await ledger.close()
    assert f"{path.name}-wal" not in files(path.parent), (
        "the last connection puts everything into the one file"
    )
    assert verify(path).rows == 10


async def test_a_dead_writer_tells_all_who_wait_and_all_who_come(path: Path) -> None:
    reached, go = threading.Event(), threading.Event()

    def broken_clock() -> int:
        reached.set()
        go.wait(10)
        raise OverflowError("no such year")

    ledger = SqliteLedger(path, clock=broken_clock, on_commit=lambda topics: None)
    reached.wait(10)
    waiting = await queued(create, create, ledger=ledger)
    go.set()
    for task in waiting:
        with pytest.raises(StorageUnavailable, match="no such year"):
            await asyncio.wait_for(task, 5)
    with pytest.raises(StorageUnavailable, match="writer stopped"):
        await asyncio.wait_for(ledger.write(create), 5)
    assert await ledger.read(numbers) == set()
    await asyncio.wait_for(ledger.close(), 5)


async def test_a_look_sees_one_moment(ledger: SqliteLedger) -> None:
    loop = asyncio.get_running_loop()

    def read_twice(rows: Reading) -> tuple[set[str], set[str]]:
        before = numbers(rows)
        asyncio.run_coroutine_threadsafe(ledger.write(create), loop).result(10)
        return before, numbers(rows)

    assert await ledger.read(read_twice) == (set(), set())
    assert await ledger.read(numbers) == {"cb1"}


async def test_a_look_that_raises_leaves_its_reader_usable(ledger: SqliteLedger) -> None:
    def fails(rows: Reading) -> None:
        rows.request(1)
        raise ValueError("not this one")

    for _ in range(8):
        with pytest.raises(ValueError, match="not this one"):
            await ledger.read(fails)
    await ledger.write(create)
    assert await asyncio.gather(*(ledger.read(numbers) for _ in range(8))) == [{"cb1"}] * 8


async def test_a_change_from_an_old_revision_is_stale(ledger: SqliteLedger) -> None:
    request = await ledger.write(create)
    await ledger.write(lambda tx: tx.save(request, request))
    with pytest.raises(RowChanged):
        await ledger.write(lambda tx: tx.save(request, request))


async def test_a_second_ledger_on_the_same_file_is_refused_naming_the_process(path: Path) -> None:
    with running("ledger", path) as process:
        assert line(process) == "open"
        with pytest.raises(DatabaseRefused, match=rf"process {process.pid}\)"):
            open_ledger(path)
        let_go(process)
        process.wait(10)
    mine = open_ledger(path)
    with pytest.raises(DatabaseRefused, match=rf"process {os.getpid()}\)"):
        open_ledger(path)
    await mine.close()


async def test_after_kill_9_of_the_holder_the_file_can_be_opened(path: Path) -> None:
    with running("ledger", path) as process:
        assert line(process) == "open"
        process.kill()
        process.wait(10)
    ledger = open_ledger(path)
    await ledger.write(create)
    await ledger.close()
    assert verify(path).rows == 1


async def test_kill_9_while_writing_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged: set[str] = set()
    for turn, acks in enumerate((1, 30, 75, 150)):
        with running("write", path, f"t{turn}") as process:
            acknowledged.update(line(process) for _ in range(acks))
            process.kill()
            left, _ = process.communicate()
            # A line that was cut off was not acknowledged.
            acknowledged.update(left.split("\n")[:-1])
        ledger = open_ledger(path)
        assert acknowledged <= await ledger.read(numbers)
        await ledger.close()
        assert verify(path).rows == rows(path, "select count(*) from request")[0][0]
    assert len(acknowledged) >= 256
