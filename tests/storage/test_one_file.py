"""Whose file, and under which name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from storage.database import bring_up_to_date
from storage.errors import DatabaseRefused
from storage.ledger import SqliteLedger
from storage.proof.verify import verify
from tests.storage.records import Time, connect, files, make_log, newest, open_ledger


def test_a_migration_nobody_here_knows_is_a_newer_database_and_is_not_touched(
    path: Path, tmp_path: Path
) -> None:
    make_log(path, 5)
    newer = connect(path)
    ours = "insert into _sqlite_migrations (migration_set, name, applied_at) values ('coupon_bot', :name, '')"
    newer.execute(ours, {"name": "m002_more"})
    newer.close()
    before = files(tmp_path)
    for use in (bring_up_to_date, open_ledger, verify, newest):
        with pytest.raises(DatabaseRefused, match="the migration m002_more"):
            use(path)
    assert files(tmp_path) == before


def test_migrations_of_others_in_the_same_file_are_theirs(path: Path) -> None:
    make_log(path, 5)
    theirs = connect(path)
    theirs.execute(
        "insert into _sqlite_migrations (migration_set, name, applied_at) values ('report', 'm9', '')"
    )
    theirs.close()
    assert bring_up_to_date(path) == ()


async def test_two_names_of_one_file_meet_at_one_lock(path: Path, tmp_path: Path) -> None:
    ledger = open_ledger(path)
    other = tmp_path / "other.db"
    other.symlink_to(path)
    with pytest.raises(DatabaseRefused, match="in use by another"):
        open_ledger(other)
    await ledger.close()
    await open_ledger(other).close()


async def test_a_new_database_is_for_its_owner_only(path: Path) -> None:
    ledger = SqliteLedger(path, clock=Time(), on_commit=lambda _: None)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("coupon.db*")}
    await ledger.close()
    assert modes == {0o600}
