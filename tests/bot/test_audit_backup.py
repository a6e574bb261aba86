"""A backup made as docs/operator.md says (`VACUUM INTO`) has no WAL: every command on the log works on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from storage.proof.verify import verify
from tests.storage.records import OPENID, make_log, rows


def typed(*words: object) -> Result:
    result = CliRunner().invoke(cli, [*map(str, words)], prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    database, copy = tmp_path / "coupon.db", tmp_path / "backup.db"
    make_log(database, 10)
    rows(database, "vacuum into :copy", copy=str(copy))
    assert rows(copy, "pragma journal_mode") == [("delete",)]
    return copy


ACCESSES: dict[str, list[tuple[object, ...]]] = {
    "audit:searched": [
        ("search",),
        ("search", "state:sent", "--all", "--format", "csv"),
        ("search", "tag:request:sent", "--format", "jsonl"),
    ],
    "audit:viewed": [("show",), ("show", "--request", 1), ("show", "state:sent")],
    "audit:exported": [("export", "--output", "-"), ("export", "state:sent", "--output", "-")],
    "openid:viewed": [("openid", 1)],
    "audit:reported": [("report", "--month", "2026-11")],
}


@pytest.mark.parametrize(
    ("tag", "words"), [(tag, words) for tag, each in ACCESSES.items() for words in each], ids=str
)
def test_a_backup_is_looked_at_and_keeps_the_event_of_the_look(
    backup: Path, tag: str, words: tuple[object, ...]
) -> None:
    result = typed("audit", *words, "--database", backup)
    assert result.exit_code == 0, result.stderr
    assert result.stdout
    assert rows(backup, "select seq, tag from event where seq > 10") == [(11, tag)]
    assert verify(backup).rows == 11


def test_a_backup_is_proved_and_signed(backup: Path) -> None:
    line = typed("audit", "checkpoint", "--database", backup).stdout.strip()
    assert line.startswith("coupon-checkpoint v1 seq=10 ")
    [(head,)] = rows(backup, "select hash from event where seq = 10")
    assert f"hash={head} " in line
    export = backup.parent / "log.jsonl"
    assert typed("audit", "export", "--database", backup, "--output", export).exit_code == 0
    held = typed("audit", "verify", "--database", backup, "--against", line, "--against", export)
    assert held.exit_code == 0, held.stderr


def test_a_backup_is_reconciled_with_a_bill(backup: Path) -> None:
    bill = backup.parent / "bill.csv"
    bill.write_text("批次号,券code\n1212121212,CODE0\n1212121212,CODE1\n", encoding="utf-8")
    result = typed("reconcile", "--file", bill, "--database", backup)
    assert result.exit_code == 0, result.stderr
    assert rows(backup, "select tag from event where seq > 10") == [("audit:reconciled",)]


def test_a_customer_is_forgotten_in_a_backup(backup: Path) -> None:
    assert typed("erase", OPENID, "--yes", "--database", backup).exit_code == 0
    assert not [
        file.name for file in backup.parent.glob("backup.db*") if OPENID.encode() in file.read_bytes()
    ]
    assert verify(backup).rows == 11


def test_what_a_look_shows_is_of_the_moment_before_it(backup: Path) -> None:
    """Two reads lie around its event, which is none of what was looked for."""
    for seen in (0, 1, 2):
        result = typed("audit", "search", "tag:audit:searched", "--format", "jsonl", "--database", backup)
        assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [12, 11][2 - seen :]
        assert f"{seen} found" in result.stderr if seen else "nothing was found" in result.stderr
    export = typed("audit", "export", "--output", "-", "--database", backup)
    assert [json.loads(line)["seq"] for line in export.stdout.splitlines()] == list(range(1, 14))
    part = typed("audit", "export", "tag:audit:exported", "--output", "-", "--database", backup)
    assert [json.loads(line)["seq"] for line in part.stdout.splitlines()] == [14]
