from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from coupons.ports import Topic
from storage.ledger import SqliteLedger
from tests.storage.records import Time, open_ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "coupon.db"


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def heard() -> list[frozenset[Topic]]:
    """What `on_commit` was told."""
    return []


@pytest.fixture
async def ledger(path: Path, clock: Time, heard: list[frozenset[Topic]]) -> AsyncGenerator[SqliteLedger]:
    opened = open_ledger(path, clock, heard)
    yield opened
    await opened.close()
