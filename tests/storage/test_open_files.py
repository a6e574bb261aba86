"""The file under a running bot goes or is replaced: no write is acknowledged, nothing recorded is lost."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from coupons.errors import StorageUnavailable
from coupons.ports import Transaction
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.processes import line, running
from tests.storage.records import connect, create, files, open_ledger, rows
from tests.storage.test_ledger import numbers

NUMBERS = "select out_request_no from request order by id"


def deleted(path: Path) -> None:
    path.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def moved_back(path: Path) -> None:
    path.with_name("elsewhere.db").rename(path)


def replaced_by_a_copy(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.rename(path)


def folder_gone(path: Path) -> None:
    path.parent.rename(path.parent.with_name("other"))


def wal_deleted(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def wal_replaced(path: Path) -> None:
    wal = Path(f"{path}-wal")
    wal.unlink()
    wal.write_bytes(b"another's")


def shm_deleted(path: Path) -> None:
    Path(f"{path}-shm").unlink()


def lock_deleted(path: Path) -> None:
    Path(f"{path}.lock").unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "coupon.db"


@pytest.fixture(params=["just opened", "open for a while"])
def for_how_long(request: pytest.FixtureRequest) -> Iterator[None]:
    """What was in place for some time is asked by its folder alone."""
    if request.param == "just opened":
        yield
    else:
        with time_machine.travel(time.time() + 3600, tick=True):
            yield


@pytest.mark.usefixtures("for_how_long")
@pytest.mark.parametrize(
    ("how", "name"),
    [
        (deleted, "coupon.db"),
        (moved, "coupon.db"),
        (replaced_by_a_copy, "coupon.db"),
        (folder_gone, "coupon.db"),
        (wal_deleted, "coupon.db-wal"),
        (wal_replaced, "coupon.db-wal"),
        (shm_deleted, "coupon.db-shm"),
        (lock_deleted, "coupon.db.lock"),
    ],
)
async def test_no_write_and_no_read_once_a_file_is_not_the_open_one(
    path: Path, how: Callable[[Path], None], name: str
) -> None:
    ledger = open_ledger(path)
    await ledger.write(create)
    assert await ledger.read(numbers) == {"cb1"}
    how(path)
    for use in (
        lambda: ledger.write(lambda tx: create(tx, "lost")),
        lambda: ledger.read(numbers),
    ):
        with pytest.raises(StorageUnavailable) as refused:
            await use()
        sentence = str(refused.value)
        assert f"/{name} was deleted, moved away or replaced" in sentence
        assert "nothing is recorded or sent" in sentence
        assert "Stop the bot" in sentence or "restarted" in sentence
        assert "\n" not in sentence
    await ledger.close()


@pytest.mark.parametrize("by", ["file", "folder"])
async def test_a_symbolic_link_that_is_turned_is_seen_in_any_folder(
    path: Path, tmp_path: Path, by: str
) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "other").mkdir()
    link, way = tmp_path / "links" / "way", tmp_path / "way"
    link.symlink_to(path if by == "file" else path.parent)
    way.symlink_to(link)
    with time_machine.travel(time.time() + 3600, tick=True):
        ledger = open_ledger(way if by == "file" else way / "coupon.db")
        await ledger.write(create)
        assert await ledger.read(numbers) == {"cb1"}
        # Not in the folder of the link that was named, nor in that of the database.
        link.unlink()
        link.symlink_to(tmp_path / "other" / "coupon.db" if by == "file" else tmp_path / "other")
        with pytest.raises(StorageUnavailable, match="was deleted, moved away or replaced"):
            await ledger.read(numbers)
        with pytest.raises(StorageUnavailable, match="was deleted, moved away or replaced"):
            await ledger.write(lambda tx: create(tx, "lost"))
        await ledger.close()


async def test_a_folder_that_changed_a_moment_ago_proves_nothing(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that notes times in steps of two seconds: both changes have the same."""
    exact = os.stat

    def coarse(name: object, **how: Any) -> object:
        found, step_ns = exact(name, **how), 2_000_000_000  # type: ignore[arg-type]
        if name != str(path.parent):
            return found
        names, anything = (each // step_ns * step_ns for each in (found.st_mtime_ns, found.st_ctime_ns))
        return SimpleNamespace(
            st_dev=found.st_dev, st_ino=found.st_ino, st_mtime_ns=names, st_ctime_ns=anything
        )

    monkeypatch.setattr(os, "stat", coarse)
    await ledger.write(create)
    moved(path)
    with pytest.raises(StorageUnavailable, match="was deleted"):
        await ledger.read(numbers)
    moved_back(path)
    assert await ledger.read(numbers) == {"cb1"}


async def test_a_file_that_goes_during_the_commit_is_not_acknowledged(
    ledger: SqliteLedger, path: Path
) -> None:
    def work(tx: Transaction) -> None:
        create(tx, "in between")
        path.unlink()

    with pytest.raises(StorageUnavailable, match="was deleted"):
        await ledger.write(work)


def saved_copy(path: Path) -> Path:
    [copy] = path.parent.glob("coupon.db.rescued-*")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    # No WAL of the old file is left beside a new one, which SQLite would mix with it.
    assert Path(f"{path}-wal").stat().st_size == 0
    return copy


@pytest.mark.parametrize("how", [deleted, replaced_by_a_copy])
async def test_what_was_recorded_is_saved_to_a_whole_copy_for_its_owner(
    path: Path, how: Callable[[Path], None]
) -> None:
    ledger = open_ledger(path)
    for number in ("cb1", "cb2"):
        await ledger.write(lambda tx, n=number: create(tx, n))
    how(path)
    for _ in range(3):
        with pytest.raises(StorageUnavailable) as refused:
            await ledger.write(create)
    copy = saved_copy(path)
    assert str(copy) in str(refused.value)
    await ledger.close()
    copy.replace(path)
    assert verify(path).rows == 2
    again = open_ledger(path)
    assert await again.read(numbers) == {"cb1", "cb2"}
    await again.close()


async def test_a_file_that_was_moved_is_whole_there_and_put_back_it_is_used_again(
    ledger: SqliteLedger, path: Path
) -> None:
    await ledger.write(create)
    moved(path)
    with pytest.raises(StorageUnavailable, match="put the file back"):
        await ledger.write(lambda tx: create(tx, "refused"))
    assert rows(path.with_name("elsewhere.db"), NUMBERS) == [("cb1",)]
    moved_back(path)
    await ledger.write(lambda tx: create(tx, "cb2"))
    assert await ledger.read(numbers) == {"cb1", "cb2"}
    assert verify(path).rows == 2


@pytest.mark.parametrize("how", [wal_deleted, shm_deleted])
async def test_a_deleted_wal_loses_nothing_also_when_the_bot_is_killed(
    ledger: SqliteLedger, path: Path, tmp_path: Path, how: Callable[[Path], None]
) -> None:
    await ledger.write(create)
    how(path)
    with pytest.raises(StorageUnavailable, match="restarted"):
        await ledger.write(lambda tx: create(tx, "refused"))
    # What stands at the paths is what a killed bot leaves.
    left = tmp_path / "left"
    shutil.copytree(path.parent, left)
    assert rows(left / path.name, NUMBERS) == [("cb1",)]


async def test_what_belongs_to_another_is_not_written_to(ledger: SqliteLedger, path: Path) -> None:
    await ledger.write(create)
    wal_replaced(path)
    before = files(path.parent)
    with pytest.raises(StorageUnavailable, match=r"coupon\.db-wal"):
        await ledger.write(lambda tx: create(tx, "refused"))
    assert files(path.parent) == before


async def test_backups_checkpoints_and_other_readers_are_no_replacement(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    await ledger.write(create)
    beside = connect(path)
    beside.execute("vacuum into :name", {"name": str(tmp_path / "backup.db")})
    for mode in ("passive", "full", "restart", "truncate"):
        assert beside.execute(f"pragma wal_checkpoint({mode})").fetchone()[0] == 0
        await ledger.write(lambda tx, n=mode: create(tx, n))
    beside.execute("vacuum")
    beside.close()
    assert verify(path).rows == 5
    await ledger.write(lambda tx: create(tx, "last"))
    assert len(await ledger.read(numbers)) == 6


async def test_another_process_that_closes_last_leaves_the_files_in_place(path: Path) -> None:
    """SQLite deletes the WAL with the last connection; while the bot has it open, there is no other last."""
    ledger = open_ledger(path)
    await ledger.write(create)
    with running("count", path) as process:
        assert line(process) == "1"
        process.wait()
    await ledger.write(lambda tx: create(tx, "cb2"))
    await ledger.close()
