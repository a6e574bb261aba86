"""While somebody reads the database, what was erased stays readable: said so, and finished afterwards.

Files are searched in a process of their own: who closes a file gives up SQLite's locks on it.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import erase as erase_command
from bot.cli.main import cli
from coupons.forgetting import Forgetter
from coupons.overwriting import Overwriter
from storage.driver import sqlite3
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.bot.test_erase import fill, typed
from tests.clocks import sure
from tests.storage.records import DAY, NOW, OPENID, Time, create, open_ledger, written
from tests.storage.test_trouble import wal_bytes
from tests.world import until

NEW = "oUpF8uMuAJO_M2pxb1Q9zNjWeSnew"


def holding(database: Path) -> set[str]:
    """Names of the files in which the openid's bytes stand."""
    names = [str(file) for file in database.parent.glob("coupon.db*")]
    found = subprocess.run(["grep", "-laF", OPENID, *names], capture_output=True, text=True, check=False)
    assert found.returncode < 2, found.stderr
    return {Path(line).name for line in found.stdout.splitlines()}


@contextmanager
def reading(database: Path) -> Generator[None]:
    """As a replica or a backup does: one moment of the file, for long."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.execute("begin")
        connection.execute("select count(*) from event").fetchone()
        yield
        connection.rollback()


def overwriter(ledger: SqliteLedger, heard: list[str]) -> Overwriter:
    return Overwriter(
        ledger=ledger,
        on_reader=lambda: heard.append("reader"),
        on_trouble=lambda error: heard.append(str(error)),
    )


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(erase_command, "_READERS_WITHIN_S", 0.1)
    return tmp_path / "coupon.db"


async def erase(database: Path) -> tuple[int, str]:
    result = await asyncio.to_thread(typed, OPENID, "--database", database, "--yes")
    return result.exit_code, result.output


async def test_beside_a_reader_erase_names_the_file_and_the_running_bot_finishes(database: Path) -> None:
    ledger = open_ledger(database)
    await fill(ledger)
    # The file itself holds it, not only the WAL.
    assert await ledger.write_back()
    assert holding(database) == {"coupon.db"}
    heard: list[str] = []
    bots = overwriter(ledger, heard)
    await bots.step()
    with reading(database):
        await ledger.write(lambda tx: create(tx, "later", openid=NEW))
        status, found = await erase(database)
        assert status == 1
        assert "customer 1 is forgotten" in found
        assert holding(database) == {"coupon.db", "coupon.db-wal"}
        assert f"{database} and {database}-wal can still be searched" in found
        assert OPENID not in found
        assert "coupon.db" in holding(database)
        # Given again: nobody is found, and the same is said.
        status, found = await erase(database)
        assert status == 1
        assert "no customer has the openid oU…jWeS6o any more, but" in found
        for _ in range(3):
            await bots.step()
        assert heard == ["reader"], "once"
        assert "coupon.db" in holding(database)
    await bots.step()
    assert holding(database) == set()
    status, found = await erase(database)
    assert status == 1
    assert "its files hold it nowhere" in found
    await ledger.close()
    assert verify(database).rows > 0


async def test_given_again_after_the_reader_has_ended_erase_finishes_and_says_so(database: Path) -> None:
    ledger = open_ledger(database)
    await fill(ledger)
    with reading(database):
        await ledger.write(lambda tx: create(tx, "later", openid=NEW))
        assert (await erase(database))[0] == 1
    status, found = await erase(database)
    assert status == 0, found
    assert "it was forgotten before, and what was left of it in the files is overwritten" in found
    assert holding(database) == set()
    await ledger.close()


async def test_the_next_command_that_writes_finishes_without_a_bot(database: Path) -> None:
    ledger = open_ledger(database)
    await fill(ledger)
    await ledger.close()
    # An idle reader: no last connection's closing writes back.
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as idle:
        idle.execute("begin")
        idle.execute("select count(*) from event").fetchone()
        assert (await erase(database))[0] == 1
        assert holding(database) != set()
        idle.rollback()
        result = await asyncio.to_thread(typed, NEW, "--database", database, "--yes")
        assert result.exit_code == 1
        assert holding(database) != set(), "that one wrote nothing"
        await asyncio.to_thread(show_log, database)
        assert holding(database) == set()


def show_log(database: Path) -> None:
    result = CliRunner().invoke(cli, ["audit", "show", "--database", str(database)])
    assert result.exit_code == 0, result.output


async def test_a_start_finishes_what_was_left_before(database: Path) -> None:
    ledger = open_ledger(database)
    await fill(ledger)
    with reading(database):
        assert (await erase(database))[0] == 1
        await ledger.close()
        assert holding(database) != set()
    again = open_ledger(database)
    bots = overwriter(again, [])
    running = asyncio.create_task(bots.run())
    await until(lambda: not holding(database) or None)
    bots.stop()
    await running
    await again.close()


async def test_retention_leaves_no_byte_in_a_running_ledger(database: Path) -> None:
    clock = Time()
    ledger = open_ledger(database, clock)
    await fill(ledger)
    assert await ledger.write_back()
    assert holding(database) == {"coupon.db"}
    clock.now = NOW + 31 * DAY
    forgetter = Forgetter(ledger=ledger, days=30, clock=sure(clock), on_trouble=print)
    await forgetter._forget(30)
    assert holding(database) != set()
    heard: list[str] = []
    await overwriter(ledger, heard).step()
    assert (holding(database), heard) == (set(), [])
    await ledger.close()


async def test_without_an_erasure_nothing_is_written_back(database: Path) -> None:
    ledger = open_ledger(database)
    await fill(ledger)
    before = wal_bytes(database)
    await overwriter(ledger, []).step()
    assert wal_bytes(database) == before > 0
    await ledger.close()


def test_an_openid_in_words_of_before_is_told_as_such(database: Path) -> None:
    written(database, lambda tx: create(tx, "cb1", openid=NEW, reason=f"as for {OPENID}"))
    result = typed(OPENID, "--database", database, "--yes")
    assert result.exit_code == 1
    assert "still holds the openid in words that somebody typed" in result.stderr
