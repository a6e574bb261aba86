"""`coupons.ports.Ledger` over SQLite: one writer thread, commits in groups, reads beside it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from coupons.errors import StorageLost, StorageUnavailable
from coupons.ports import Clock, Reading, Topic, Transaction
from storage.database import open_for_reading, open_for_writing, refuse_if_not_ours
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.jobs import Job, JobQueue
from storage.locks import FileLock, Turn
from storage.open_files import OpenFiles
from storage.rows import Rows
from storage.write_back import write_back

T = TypeVar("T")

#: Operations in one commit: bounds how long the first of them waits for the last.
_GROUP = 256
#: What may be done later begins within so many seconds of its commit's begin, and within the longer ones as
#: long as nobody waits for that commit: who comes then waits for one part, and not for all.
_LATER_S, _LATER_ALONE_S = 0.005, 0.02
#: Reads at a time, each on its own connection.
_READERS = 4
_CLOSED = "the database is closed"


class SqliteLedger:
    """Holds the process's lock on the file from construction to `close`. Raises DatabaseRefused.

    `on_commit` is called on the event loop with what a commit touched, before its waiters go on. `moment` is
    entered on the writer's thread for each operation: one time for all of it.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        on_commit: Callable[[frozenset[Topic]], None],
        moment: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._clock = clock
        self._moment = moment
        self._on_commit = on_commit
        # Before the lock: nothing may be left beside a file that is not ours.
        refuse_if_not_ours(path)
        self._lock = FileLock(path)
        self._lock.__enter__()
        try:
            self._turn = Turn(path)
            with self._turn:
                self._database = open_for_writing(path)
                self._end_leases()
                self._files = OpenFiles(path)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        self._jobs = JobQueue()
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._path = path
        self._own = threading.local()
        self._readers: list[Database] = []
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T], *, later: bool = False) -> T:
        """Durable when this returns. A cancelled caller does not undo what is on its way."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(Job(work, loop, future, later))
        return await future

    async def read(self, query: Callable[[Reading], T]) -> T:
        """Raises StorageUnavailable."""
        if self._closing:
            raise StorageUnavailable(_CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._query, query)

    async def write_back(self) -> bool:
        """Beside the writer, in turn with it."""
        if problem := self._files.problem():
            raise StorageLost(problem)
        try:
            return await asyncio.to_thread(write_back, self._path)
        except (sqlite3.Error, DatabaseRefused) as error:
            raise StorageUnavailable(f"the database cannot be written back: {error}") from error

    async def close(self) -> None:
        """Everything that waits is committed first."""
        if self._closing:
            return
        self._closing = True
        self._jobs.close(_CLOSED)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._reading.shutdown)
        for reader in self._readers:
            reader.close()
        await asyncio.to_thread(self._close_file)
        self._lock.__exit__(None, None, None)

    def _close_file(self) -> None:
        # The last connection's closing writes the WAL back.
        try:
            with self._turn:
                self._database.close()
        except (StorageUnavailable, DatabaseRefused):
            # Somebody stopped in the middle of their turn: what is in the WAL is there at the next start.
            self._database.close()

    # --- reading threads

    def _query(self, query: Callable[[Reading], T]) -> T:
        # A thread's first read would open what is at the path now, and the others show what was there before.
        if problem := self._files.problem_if_folder_changed():
            raise StorageLost(problem)
        try:
            reader: Database | None = getattr(self._own, "reader", None)
            if reader is None:
                reader = self._own.reader = open_for_reading(self._path)
                self._readers.append(reader)
            # One moment for all that `look` asks.
            reader.execute("begin")
            try:
                return query(Rows(reader, self._clock))
            finally:
                reader.rollback()
        except (sqlite3.Error, DatabaseRefused) as error:
            raise StorageUnavailable(f"the database cannot be read: {error}") from error

    # --- the writer thread

    def _write_all(self) -> None:
        jobs: list[Job] = []
        try:
            self._purge()
            while (job := self._jobs.take()) is not None:
                # Before the transaction: when it cannot begin, they are told so together.
                jobs = [job, *self._jobs.take_waiting(_GROUP - 1)]
                self._commit(jobs)
                self._hand_back(jobs)
        except BaseException as error:  # noqa: BLE001 - nobody may wait for ever for a thread that is gone
            self._give_up(jobs, error)

    def _end_leases(self) -> None:
        """The lock is ours, so all who held one are dead: their work is taken up at once."""
        try:
            self._database.execute("begin immediate")
            Rows(self._database, self._clock).end_all_leases()
            self._database.execute("commit")
        except sqlite3.Error:
            # Each ends by itself, a few seconds later.
            self._database.rollback()

    def _purge(self) -> None:
        try:
            # The log says what time it has been at least: a clock that is ahead must not forget the clicks
            # that a repeated delivery has to find.
            rows = Rows(self._database, self._clock)
            rows.purge_clicks(min(self._clock(), rows.newest_ts() or 0))
        except sqlite3.Error:
            # Tidying only: the next start does it.
            self._database.rollback()

    def _give_up(self, jobs: Sequence[Job], error: BaseException) -> None:
        """Tell all who wait, and let `write` refuse all who come."""
        sentence = f"the database's writer stopped, restart the bot: {type(error).__name__}: {error}"
        left = [*jobs, *self._jobs.close(sentence, error)]
        for job in left:
            job.fail(StorageUnavailable(sentence), error)
        self._hand_back(left)

    def _commit(self, jobs: list[Job]) -> None:
        """With those that come while it lasts, which are added."""
        database = self._database
        if self._files.problem_if_folder_changed() is not None and (problem := self._lost()):
            _fail(jobs, StorageLost(problem))
            return
        try:
            with self._turn:
                try:
                    database.execute("begin immediate")
                    rows = Rows(database, self._clock)
                    self._run_all(jobs, rows)
                    rows.index_words()
                    database.execute("commit")
                finally:
                    database.rollback()  # closes what a failed commit left open; nothing after a good one
        except StorageUnavailable as error:
            _fail(jobs, error)
        except (sqlite3.Error, DatabaseRefused) as error:
            # A COMMIT that raised may have been kept all the same: nobody knows, and so all are told.
            _fail(jobs, StorageUnavailable(f"the database did not commit: {error}"), error)
        else:
            if problem := self._lost():
                # Nobody may be told that it is kept when the file went meanwhile.
                _fail(jobs, StorageUnavailable(problem))

    def _lost(self) -> str | None:
        """What to say once a path does not lead to the open file any more; what is in that is saved first."""
        if self._files.problem() is None:
            return None
        self._files.save(self._database.conn, self._turn, self._clock())
        return self._files.problem()

    def _run_all(self, jobs: list[Job], rows: Rows) -> None:
        began = time.monotonic()
        for job in jobs:
            self._run(job, rows)
        alone = all(job.later for job in jobs)
        while len(jobs) < _GROUP:
            until = began + (_LATER_ALONE_S if alone else _LATER_S)
            coming = self._jobs.take_now(later=time.monotonic() < until)
            if coming is None:
                return
            alone = alone and coming.later
            jobs.append(coming)
            self._run(coming, rows)

    def _run(self, job: Job, rows: Rows) -> None:
        database = self._database
        database.execute("savepoint job")
        rows.begin_job()
        try:
            with self._moment():
                job.result = job.work(rows)
        except BaseException as error:  # noqa: BLE001 - whatever it is undoes this job alone: it is its caller's
            database.execute("rollback to job")
            rows.undo_job()
            job.error = _as_unavailable(error)
        else:
            job.topics = frozenset(rows.topics)
        database.execute("release job")

    def _hand_back(self, jobs: Sequence[Job]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        for job in jobs:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, theirs in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell, theirs)
            except RuntimeError:
                # The loop is closed: nobody waits any more. What was committed stays committed.
                continue

    def _tell(self, jobs: Sequence[Job]) -> None:
        topics = frozenset[Topic]().union(*(job.topics for job in jobs))
        try:
            if topics:
                self._on_commit(topics)
        finally:
            for job in jobs:
                job.answer()


def _fail(jobs: Sequence[Job], error: StorageUnavailable, cause: BaseException | None = None) -> None:
    for job in jobs:
        job.fail(error, cause or error)


def _as_unavailable(error: BaseException) -> BaseException:
    """What the caller gets for what its work raised."""
    if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
        unavailable = StorageUnavailable(f"the database did not take the change: {error}")
        unavailable.__cause__ = error
        return unavailable
    if isinstance(error, StopIteration) or not isinstance(error, Exception):
        # A future refuses to carry the first, and the others would end the loop in place of their caller.
        stopped = RuntimeError(f"the work raised {type(error).__name__}")
        stopped.__cause__ = error
        return stopped
    return error
