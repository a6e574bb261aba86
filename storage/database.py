"""Opening the file: every pragma set and checked, foreign and newer files refused untouched."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage.dialect_sqlite import OLDEST
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.locks import BUSY_MS, FileLock, Turn
from storage.migrations import APPLICATION_ID, LATEST, MIGRATIONS, STEPS

#: What each is for: `docs/decisions/0003-one-writer.md`. A pragma that answers otherwise is a failed start.
_PRAGMAS: Mapping[str, int] = {
    "synchronous": 2,  # full: with normal, commits that were acked are lost in a power cut
    "foreign_keys": 1,
    "recursive_triggers": 1,  # else INSERT OR REPLACE gets past the delete guard
    "secure_delete": 1,  # what is erased must not stay readable in the file
    "trusted_schema": 0,  # a planted view or trigger must not call functions
}
_UNREADABLE = "cannot be used as a database"
_TABLES = "select name from sqlite_master"
_STEPS = "select name from _sqlite_migrations where migration_set = 'coupon_bot'"
#: Bytes of SQLite's smallest page. What is shorter, it takes for an empty database and writes over.
_SMALLEST = 512
#: More than the steps of the schema and all our statements together. When pysqlite3's cache (100) is full,
#: what is new takes the place of what was new before it: two statements in turn are prepared anew for ever.
_CACHED_STATEMENTS = 256
#: Tables that nobody else has together.
_DUMPED = frozenset({"_sqlite_migrations", "customer", "event", "request"})


def open_for_writing(path: Path) -> Database:
    """The one writing connection, its schema up to date. Raises DatabaseRefused.

    The connection may be used by another thread than this one, but only ever by one at a time.
    """
    refuse_if_not_ours(path)
    _make_if_missing(path)
    with _connected(path, "rw") as connection:
        database = Database(connection, execute_plugins=False)
        mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
        if mode != "wal":
            # An I/O error leaves it silently at another mode, with other promises.
            raise DatabaseRefused(f"{path}: SQLite answered journal_mode {mode!r} where wal was asked for")
        _set_pragmas(connection, path)
        _bring_up_to_date(database)
    connection.row_factory = sqlite3.Row
    return database


def open_for_one_write(path: Path) -> Database:
    """For a command, beside the bot or without it; it changes no schema. Raises DatabaseRefused."""
    refuse_if_not_ours(path)
    with _connected(path, "rw") as connection:
        _set_pragmas(connection, path)
        version = connection.execute("pragma user_version").fetchone()[0]
        if version != LATEST:
            raise DatabaseRefused(
                f"{path} has schema version {version}, and this coupon-bot writes {LATEST}; run `coupon-bot "
                "migrate`, or start the bot"
            )
    connection.row_factory = sqlite3.Row
    return Database(connection, execute_plugins=False)


def open_for_reading(path: Path) -> Database:
    """A connection that cannot write, for any thread, one at a time. Raises DatabaseRefused."""
    refuse_if_not_ours(path)
    with _connected(path, "ro&immutable=1" if _is_finished_copy(path) else "ro") as connection:
        _set_pragmas(connection, path)
        if connection.execute("pragma user_version").fetchone()[0] == 0:
            raise DatabaseRefused(f"{path} holds nothing yet; `coupon-bot migrate` makes its tables")
    connection.row_factory = sqlite3.Row
    return Database(connection, execute_plugins=False)


@contextmanager
def one_moment(path: Path) -> Iterator[Database]:
    """All that is read inside is of one moment of the file. Raises DatabaseRefused."""
    database = open_for_reading(path)
    try:
        database.execute("begin")
        yield database
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    finally:
        database.close()


def unreadable(path: Path, error: Exception) -> DatabaseRefused:
    """Of a database of ours in which something is not as we write it."""
    return DatabaseRefused(f"{path} cannot be read: {error}. `coupon-bot audit verify` tells more")


def bring_up_to_date(path: Path) -> tuple[str, ...]:
    """Apply what is missing, and return the names of what was applied. Raises DatabaseRefused."""
    before = _applied(path)
    with FileLock(path), Turn(path):
        open_for_writing(path).close()
    return tuple(sorted(_applied(path) - before))


def refuse_if_not_ours(path: Path) -> None:
    """Look before anything is written. Raises DatabaseRefused; a file that is missing or empty is fine."""
    _refuse_if_too_old()
    try:
        if not path.exists():
            return
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A device or pipe has the size 0 as well, and only to open one can do something, or never end.
            raise DatabaseRefused(
                f"{path} {_UNREADABLE}: it is {_kind(found.st_mode)} and no file; it was not touched"
            )
        if found.st_size == 0:
            return
        if found.st_size < _SMALLEST:
            raise DatabaseRefused(f"{path} {_UNREADABLE}: file is not a database")
        # immutable: not even a -shm file may appear beside a database that is not ours. The header is what
        # we ask for, and that stands in the main file.
        wal_is_whole = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{wal_is_whole}", uri=True)
        try:
            application_id = connection.execute("pragma application_id").fetchone()[0]
            version = connection.execute("pragma user_version").fetchone()[0]
            # What a first start leaves that was killed before its first commit.
            tables = {name for (name,) in connection.execute(_TABLES)}
            is_bare = (application_id, version, tables) == (0, 0, set())
            has_steps = "_sqlite_migrations" in tables
            steps = {name for (name,) in connection.execute(_STEPS)} if has_steps else set()
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise DatabaseRefused(f"{path} {_UNREADABLE}: {error}") from error
    if is_bare:
        return
    is_of_a_dump = application_id == version == 0 and bool(steps) and tables >= _DUMPED
    if application_id != APPLICATION_ID and not is_of_a_dump:
        raise DatabaseRefused(f"{path} is a SQLite database, but not one of coupon-bot's; it was not touched")
    unknown = steps - STEPS
    if version > LATEST or unknown:
        what = f"schema version {version}" if version > LATEST else f"the migration {min(unknown)}"
        raise DatabaseRefused(
            f"{path} has {what}, and this coupon-bot knows up to {LATEST}; it was not "
            "touched. Run the newer coupon-bot that made it"
        )
    if is_of_a_dump:
        raise DatabaseRefused(_of_a_dump(path, len(steps)))


def sqlite_verdict() -> tuple[str, bool]:
    """SQLite's version, and whether it is free of the WAL-reset bug (fixed in 3.51.3, 3.50.7, 3.44.6)."""
    version = sqlite3.sqlite_version_info
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return sqlite3.sqlite_version, fixed


def _refuse_if_too_old() -> None:
    if sqlite3.sqlite_version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise DatabaseRefused(
            f"this Python has SQLite {sqlite3.sqlite_version}, and coupon-bot needs {oldest} or newer; "
            "use a Python that has one"
        )


def _make_if_missing(path: Path) -> None:
    """For its owner only: the rows hold who our customers are. SQLite gives -wal and -shm the same mode.

    Whose file it is that is there already, decides about its mode.
    """
    try:
        # Where a symbolic link leads to, also when nothing is there yet.
        os.close(os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise DatabaseRefused(f"{path} cannot be made: {error.strerror}") from error


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _of_a_dump(path: Path, steps: int) -> str:
    """The rows, guards and indexes are all there: `audit verify` proves it once the two numbers are back."""
    pragmas = f"pragma application_id = {APPLICATION_ID}; pragma user_version = {steps}"
    return (
        f"{path} was restored from a .dump, which leaves out two numbers in the head of the file; it was not "
        f"touched. Put them back with `sqlite3 {shlex.quote(str(path))} '{pragmas}'`, then prove that "
        "nothing else was left out with `coupon-bot audit verify --thorough`"
    )


@contextmanager
def _connected(path: Path, mode: str) -> Iterator[Any]:
    """Closed again when what is done with it fails. Raises DatabaseRefused."""
    connection = None
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_MS / 1000,
            check_same_thread=False,
            cached_statements=_CACHED_STATEMENTS,
        )
        yield connection
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise DatabaseRefused(f"{path} {_UNREADABLE}: {error}") from error
        raise


def _is_finished_copy(path: Path) -> bool:
    """Of no writer, and where we can make no -shm file, without which SQLite reads no WAL database."""
    folder = path.resolve().parent
    return not Path(f"{path.resolve()}-wal").exists() and not os.access(folder, os.W_OK)


def _set_pragmas(connection: Any, path: Path) -> None:
    for name, wanted in _PRAGMAS.items():
        connection.execute(f"pragma {name} = {wanted}")
        answer = connection.execute(f"pragma {name}").fetchone()[0]
        if answer != wanted:
            raise DatabaseRefused(f"{path}: SQLite answered {name} {answer} where {wanted} was asked for")


def _bring_up_to_date(database: Database) -> None:
    """All or nothing: what fails is undone by the connection's closing."""
    database.execute("begin immediate")  # two processes that start together must not both migrate
    MIGRATIONS.apply(database)
    database.execute(f"pragma user_version = {LATEST}")
    database.execute(f"pragma application_id = {APPLICATION_ID}")
    database.commit()


def _applied(path: Path) -> frozenset[str]:
    refuse_if_not_ours(path)
    if not path.exists() or path.stat().st_size == 0:
        return frozenset()
    with _connected(path, "ro") as connection:
        there = connection.execute("select 1 from sqlite_master where name = '_sqlite_migrations'").fetchone()
        rows = connection.execute("select name from _sqlite_migrations").fetchall() if there else []
        connection.close()
    return frozenset(name for (name,) in rows)
