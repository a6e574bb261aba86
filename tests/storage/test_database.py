from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.database import (
    FileLock,
    bring_up_to_date,
    open_for_reading,
    open_for_writing,
    sqlite_verdict,
)
from storage.driver import sqlite3
from storage.errors import DatabaseRefused
from storage.migrations import LATEST
from storage.proof.verify import verify
from storage.store import Store
from tests.machine import lacks
from tests.storage.processes import line, running
from tests.storage.records import Time, connect, create, files, make_log, newest, open_ledger, rows

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "busy_timeout": 1500,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "trusted_schema": 0,
    "mmap_size": 0,
}


async def use_ledger(path: Path) -> None:
    await open_ledger(path).close()


OPENERS: dict[str, Callable[[Path], object]] = {
    "the ledger": lambda path: asyncio.run(use_ledger(path)),
    "migrate": bring_up_to_date,
    "writing": lambda path: open_for_writing(path).close(),
    "reading": lambda path: open_for_reading(path).close(),
    "verify": verify,
    "show": newest,
    "a look's event": lambda path: Store(path, clock=Time()).write_once(bool),
}


@pytest.mark.parametrize("opened", [open_for_writing, open_for_reading])
def test_every_connection_has_every_pragma(path: Path, opened: Callable[[Path], object]) -> None:
    bring_up_to_date(path)
    database: object = opened(path)
    connection = database.conn  # type: ignore[attr-defined]  # sqlite-utils' Database
    assert {name: connection.execute(f"pragma {name}").fetchone()[0] for name in PRAGMAS} == PRAGMAS
    connection.close()


def test_a_reader_cannot_write(path: Path) -> None:
    make_log(path, 5)
    reader = open_for_reading(path)
    for statement in (
        "insert into customer (openid) values ('x')",
        "update request set state = 'pending'",
        "drop table request",
        "create table planted (x)",
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute(statement)
    reader.close()


def foreign(path: Path) -> None:
    connection = connect(path)
    connection.execute("create table theirs (a)")
    connection.close()


def foreign_in_wal_mode(path: Path) -> None:
    connection = connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table theirs (a)")
    connection.close()


def foreign_with_its_own_id(path: Path) -> None:
    connection = connect(path)
    connection.execute("pragma application_id = 252006673")
    connection.close()
    assert path.stat().st_size > 0


def text(path: Path) -> None:
    path.write_text("[roles]\nagents = []\n" * 100, encoding="utf-8")


def short_text(path: Path) -> None:
    path.write_text("x", encoding="utf-8")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "kept.txt").write_text("kept", encoding="utf-8")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    """As /dev/null is, but of this test's own: what is changed by mistake must not be the machine's."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        lacks("DEVICE NOT OPENED", "only root may make a device")
    path.chmod(0o666)


def newer(path: Path) -> None:
    bring_up_to_date(path)
    connection = connect(path)
    connection.execute(f"pragma user_version = {LATEST + 1}")
    connection.execute("pragma journal_mode = delete")
    connection.close()
    Path(f"{path}.lock").unlink()


@pytest.mark.parametrize("how", OPENERS)
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (foreign, "not one of coupon-bot's"),
        (foreign_in_wal_mode, "not one of coupon-bot's"),
        (foreign_with_its_own_id, "not one of coupon-bot's"),
        (text, "not a database"),
        (short_text, "not a database"),
        (folder, "it is a folder and no file"),
        (pipe, "it is a pipe and no file"),
        (device, "it is a device and no file"),
        (newer, f"schema version {LATEST + 1}"),
    ],
)
def test_what_is_not_ours_is_refused_in_one_sentence_and_not_touched(
    path: Path, tmp_path: Path, make: Callable[[Path], None], sentence: str, how: str
) -> None:
    make(path)
    before = files(tmp_path), path.stat().st_mode
    with pytest.raises(DatabaseRefused, match=sentence) as refused:
        OPENERS[how](path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (files(tmp_path), path.stat().st_mode) == before


def test_a_foreign_database_in_use_is_refused_and_its_files_are_not_touched(
    path: Path, tmp_path: Path
) -> None:
    theirs = connect(path)
    theirs.execute("pragma journal_mode = wal")
    theirs.execute("create table theirs (a)")
    names = {file.name for file in tmp_path.iterdir()}
    with pytest.raises(DatabaseRefused, match="not one of coupon-bot's"):
        open_ledger(path)
    assert {file.name for file in tmp_path.iterdir()} == names
    assert theirs.execute("select count(*) from theirs").fetchone()[0] == 0
    theirs.close()


@pytest.mark.parametrize("how", ["the ledger", "migrate", "writing"])
def test_an_empty_file_becomes_a_database_and_keeps_the_mode_that_its_owner_gave_it(
    path: Path, how: str
) -> None:
    path.touch()
    path.chmod(0o640)
    OPENERS[how](path)
    assert verify(path).rows == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("how", ["the ledger", "migrate", "writing"])
def test_a_new_file_is_for_its_owner_also_behind_a_link(path: Path, tmp_path: Path, how: str) -> None:
    real = tmp_path / "real.db"
    path.symlink_to(real)
    OPENERS[how](path)
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert verify(path).rows == 0


@pytest.mark.parametrize("how", ["reading", "verify", "show"])
def test_an_empty_or_missing_file_cannot_be_read(path: Path, tmp_path: Path, how: str) -> None:
    with pytest.raises(DatabaseRefused, match="unable to open"):
        OPENERS[how](path)
    assert files(tmp_path) == {}
    path.touch()
    with pytest.raises(DatabaseRefused, match="migrate"):
        OPENERS[how](path)


@pytest.mark.parametrize("how", ["the ledger", "migrate", "writing"])
def test_a_first_start_killed_before_its_first_commit_can_be_repeated(path: Path, how: str) -> None:
    half = connect(path)
    half.execute("pragma journal_mode = wal")
    half.close()
    assert path.stat().st_size > 0
    OPENERS[how](path)
    assert verify(path).rows == 0


def test_a_newer_version_that_stands_in_the_wal_only_is_seen(path: Path) -> None:
    bring_up_to_date(path)
    newer_bot = connect(path)
    newer_bot.execute(f"pragma user_version = {LATEST + 1}")
    with pytest.raises(DatabaseRefused, match="schema version"):
        open_for_writing(path)
    newer_bot.close()


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=r"absent/coupon\.db\.lock cannot be made .*: No such file"):
        open_ledger(tmp_path / "absent" / "coupon.db")


@pytest.mark.parametrize("name", ["a?b#c%20.db", "优惠券.db", "file:x.db"])
def test_odd_file_names_are_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    bring_up_to_date(Path(name))
    assert {file.name for file in tmp_path.iterdir()} >= {name}
    assert verify(Path(name)).rows == 0


def test_a_database_that_is_locked_for_long_is_refused_and_can_be_opened_later(path: Path) -> None:
    bring_up_to_date(path)
    with running("lock", path) as process:
        assert line(process) == "held"
        with pytest.raises(DatabaseRefused, match="locked"):
            open_ledger(path)
    asyncio.run(use_ledger(path))


def test_the_lock_names_its_holder_and_goes_with_it(path: Path) -> None:
    with FileLock(path):
        assert Path(f"{path}.lock").read_text(encoding="utf-8") == f"{os.getpid()}\n"
        with pytest.raises(DatabaseRefused, match=f"process {os.getpid()}"), FileLock(path):
            pass
        with pytest.raises(DatabaseRefused, match=f"process {os.getpid()}"):
            bring_up_to_date(path)
        assert not path.exists()
    with FileLock(path), FileLock(path.with_name("other.db")):
        pass


def test_a_refused_start_gives_the_lock_back(path: Path) -> None:
    bring_up_to_date(path)
    foreign_lock = connect(path)
    foreign_lock.execute("begin immediate")
    with pytest.raises(DatabaseRefused, match="locked"):
        open_ledger(path)
    foreign_lock.close()
    with FileLock(path):
        pass


def test_what_was_left_in_the_lock_file_does_not_matter(path: Path) -> None:
    Path(f"{path}.lock").write_text("99999999 and more than any number\n", encoding="utf-8")
    with FileLock(path):
        assert Path(f"{path}.lock").read_text(encoding="utf-8") == f"{os.getpid()}\n"


def test_readers_work_beside_the_writer(path: Path) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(create)
        assert verify(path).rows == len(newest(path)) == 1
        await ledger.close()

    asyncio.run(live())


def test_show_gives_one_story_or_the_newest_oldest_first(path: Path) -> None:
    make_log(path, 12)
    assert [event.seq for event in newest(path, 3)] == [10, 11, 12]
    with Store(path, clock=Time()).read() as reading:
        assert [event.seq for event in reading.events_of(2)] == [6, 7, 8, 9, 10]
        assert reading.events_of(99) == []


def test_an_erased_openid_is_not_readable_in_the_file(path: Path) -> None:
    make_log(path, 1)
    writer = open_for_writing(path)
    writer.execute("update customer set openid = 'forgotten'")
    writer.execute("update request set body = x''")
    writer.close()
    connect(path).close()
    assert rows(path, "select openid from customer") == [("forgotten",)]
    assert b"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" not in path.read_bytes()


def test_the_verdict_is_about_the_sqlite_that_is_used() -> None:
    version, _ = sqlite_verdict()
    connection = sqlite3.connect(":memory:")
    assert connection.execute("select sqlite_version()").fetchone()[0] == version
    connection.close()


@pytest.mark.parametrize(
    ("version", "is_fixed"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_the_verdict_knows_the_fixed_versions(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], is_fixed: bool
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert sqlite_verdict()[1] is is_fixed


def test_a_sqlite_that_is_too_old_is_named_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 43, 2))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.43.2")
    with pytest.raises(DatabaseRefused, match=r"has SQLite 3\.43\.2, and coupon-bot needs 3\.44\.0 or newer"):
        open_for_writing(tmp_path / "coupon.db")
    assert list(tmp_path.iterdir()) == []


def test_statements_that_follow_a_migration_are_prepared_once(tmp_path: Path) -> None:
    database = open_for_writing(tmp_path / "coupon.db")
    prepared: list[object] = []

    def allow(*what: object) -> int:
        prepared.append(what)
        return 0

    database.conn.set_authorizer(allow)
    statements = [f"select {name} from customer where id = :id" for name in ("id", "openid")]
    for statement in statements:
        database.execute(statement, {"id": 1})
    once = len(prepared)
    assert once
    for statement in statements * 5:
        database.execute(statement, {"id": 1})
    assert len(prepared) == once
    database.close()
