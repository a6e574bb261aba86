"""`coupons.ports.Ledger` over SQLite: one writer thread, commits in groups, reads beside it."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from coupons.errors import StorageUnavailable
from coupons.ports import Clock, Reading, Topic, Transaction
from storage.clicks import ClickRows
from storage.database import FileLock, open_for_reading, open_for_writing
from storage.driver import sqlite3
from storage.rows import Rows, WritableRows

T = TypeVar("T")

#: Operations in one commit: bounds how long the first of them waits for the last.
_GROUP = 256
#: Reads at a time, each on its own connection.
_READERS = 4


@dataclass(slots=True)
class _Job:
    """One operation and who waits for it."""

    work: Callable[[Transaction], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    topics: frozenset[Topic] = frozenset()

    def deliver(self) -> None:
        # The waiter may have been cancelled; its work is done all the same.
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class SqliteLedger:
    """Holds the process's lock on the file from construction to `close`. Raises DatabaseRefused.

    `on_commit` is called on the event loop with what a commit touched, before its waiters go on.
    """

    def __init__(self, path: Path, *, clock: Clock, on_commit: Callable[[frozenset[Topic]], None]) -> None:
        self._clock = clock
        self._on_commit = on_commit
        self._lock = FileLock(path)
        self._lock.__enter__()
        try:
            self._database = open_for_writing(path)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._path = path
        self._own = threading.local()
        self._readers: list[Database] = []
        self._thread = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Durable when this returns. A cancelled caller does not undo what is on its way."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return await future

    async def read(self, look: Callable[[Reading], T]) -> T:
        """Raises StorageUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._look, look)

    async def close(self) -> None:
        """Everything that waits is committed first."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._reading.shutdown)
        for reader in self._readers:
            reader.close()
        self._database.close()
        self._lock.__exit__(None, None, None)

    # --- reading threads

    def _look(self, look: Callable[[Reading], T]) -> T:
        try:
            reader: Database | None = getattr(self._own, "reader", None)
            if reader is None:
                reader = self._own.reader = open_for_reading(self._path)
                self._readers.append(reader)
            # One moment for all that `look` asks.
            reader.execute("begin")
            try:
                return look(Rows(reader, self._clock))
            finally:
                reader.rollback()
        except sqlite3.Error as error:
            raise StorageUnavailable(f"the database cannot be read: {error}") from error

    # --- the writer thread

    def _write_all(self) -> None:
        with self._database.conn:
            ClickRows(self._database).purge(self._clock())
        while True:
            group = self._next_group()
            jobs = [job for job in group if job is not None]
            if jobs:
                self._commit(jobs)
                self._deliver(jobs)
            if len(jobs) < len(group):
                return

    def _next_group(self) -> Sequence[_Job | None]:
        group = [self._jobs.get()]
        while len(group) < _GROUP and group[-1] is not None:
            try:
                group.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return group

    def _commit(self, jobs: Sequence[_Job]) -> None:
        database = self._database
        try:
            database.execute("begin immediate")
            for job in jobs:
                self._run(job)
            database.execute("commit")
        except sqlite3.Error as error:
            # A COMMIT that raised may have been kept all the same: nobody knows, and so all are told.
            for job in jobs:
                job.result, job.topics = None, frozenset()
                job.error = StorageUnavailable(f"the database did not commit: {error}")
        finally:
            database.rollback()  # closes what a failed commit left open; nothing to do after a good one

    def _run(self, job: _Job) -> None:
        database = self._database
        rows = WritableRows(database, self._clock)
        database.execute("savepoint job")
        try:
            job.result = job.work(rows)
        except Exception as error:  # noqa: BLE001 - whatever it raised undoes this job alone, and is its caller's
            database.execute("rollback to job")
            job.error = error
        else:
            job.topics = frozenset(rows.topics)
        database.execute("release job")

    def _deliver(self, jobs: Sequence[_Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in jobs:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, theirs in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell, theirs)
            except RuntimeError:
                # The loop is closed: nobody waits any more. What was committed stays committed.
                continue

    def _tell(self, jobs: Sequence[_Job]) -> None:
        topics = frozenset[Topic]().union(*(job.topics for job in jobs))
        if topics:
            self._on_commit(topics)
        for job in jobs:
            job.deliver()
