"""Offices that give many coupons at once, closed after the test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.coupons.batch_office import POLICY, BatchOffice, Opening


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncGenerator[Opening]:
    offices: list[BatchOffice] = []

    def open_one(**changes: object) -> BatchOffice:
        policy = replace(POLICY, **changes)  # type: ignore[arg-type]  # fields of Policy
        offices.append(BatchOffice(tmp_path / f"coupon-{len(offices)}.db", policy))
        return offices[-1]

    yield open_one
    for each in offices:
        assert each.troubles == []
        await each.ledger.close()


@pytest.fixture
def office(opened: Opening) -> BatchOffice:
    return opened()
