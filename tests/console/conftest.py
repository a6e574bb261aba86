"""One log for all tests of the console, copied for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.long_log import fill
from tests.console.visiting import Place, place


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "coupon.db"
    fill(path, 3_000)
    return path


@pytest.fixture
def here(filled: Path, tmp_path: Path) -> Place:
    for part in filled.parent.iterdir():
        shutil.copy(part, tmp_path)
    return place(tmp_path / "coupon.db")
