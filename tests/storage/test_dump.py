"""A database that was restored from SQL text: refused untouched, with a cure that does what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from storage.database import bring_up_to_date
from storage.errors import DatabaseRefused
from storage.migrations import LATEST
from storage.proof.verify import verify
from tests.machine import lacks
from tests.storage.records import approve, create, files, open_ledger, rows, send, written
from tests.storage.test_database import OPENERS

SHELL = shutil.which("sqlite3")


def shell(path: Path, text: str) -> str:
    if SHELL is None:
        lacks("DUMP NOT RESTORED", "SQLite's own shell is not here (Debian: apt-get install sqlite3)")
    done = subprocess.run([SHELL, str(path)], input=text, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def restored(path: Path, tmp_path: Path) -> Path:
    """Of a log with words, codes and every table of the search."""
    written(
        path,
        lambda tx: send(tx, approve(tx, create(tx, "cb1", reason="物流慢了四天 a 'quote'"))),
        lambda tx: create(tx, "cb2"),
    )
    found = tmp_path / "it's restored.db"
    shell(found, shell(path, ".dump"))
    return found


@pytest.mark.parametrize("how", OPENERS)
def test_it_is_refused_untouched(restored: Path, how: str) -> None:
    before = files(restored.parent)
    with pytest.raises(DatabaseRefused, match=r"restored from a \.dump") as refused:
        OPENERS[how](restored)
    assert "\n" not in str(refused.value)
    assert files(restored.parent) == before


async def test_the_cure_makes_it_whole_and_it_goes_on(restored: Path) -> None:
    with pytest.raises(DatabaseRefused) as refused:
        bring_up_to_date(restored)
    cure = re.search("`(sqlite3 .*?; pragma [^`]*)`", str(refused.value))
    assert cure
    subprocess.run(["/bin/sh", "-c", cure[1]], check=True)  # noqa: ASYNC221 - nobody waits for the loop
    whole = verify(restored, thorough=True).rows
    ledger = open_ledger(restored)
    made = await ledger.write(lambda tx: create(tx, "cb3"))
    await ledger.close()
    # Numbers go on where they were.
    assert made.id == 3
    assert verify(restored, thorough=True).rows == whole + 1
    assert rows(restored, "pragma user_version") == [(LATEST,)]


def test_one_of_a_newer_version_is_told_as_newer(restored: Path) -> None:
    shell(
        restored, "insert into _sqlite_migrations (migration_set, name) values ('coupon_bot', 'm900_later')"
    )
    with pytest.raises(DatabaseRefused, match="the migration m900_later"):
        bring_up_to_date(restored)
