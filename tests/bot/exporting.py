"""Exports, made and checked as people do it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import cli
from storage.export import Format
from tests.storage.records import (
    ROOT,
)

SCRIPT = ROOT / "docs" / "verify_export.py"
every_format = pytest.mark.parametrize("kind", list(Format))


def typed(*words: object) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, words)], prog_name="coupon-bot")


def exported(database: Path, kind: str, name: str = "log") -> Path:
    file = database.parent / f"{name}.{kind}"
    result = typed("export", "--database", database, "--format", kind, "--output", file)
    assert result.exit_code == 0, result.stderr
    return file


def alone(file: Path, *noted: str) -> subprocess.CompletedProcess[str]:
    """The script in an empty place: no package of ours, no settings."""
    place = file.parent / "elsewhere"
    place.mkdir(exist_ok=True)
    shutil.copy(SCRIPT, place)
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify_export.py", str(file), *noted],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


def relined(file: Path, change: object) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert callable(change)
    after = change(lines)
    assert after != lines
    file.write_text("\n".join(after) + "\n", encoding="utf-8")
