from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.pauses import Pauses
from tests.world import World, world


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For who holds the database back on purpose: the bot waits for it however busy the machine is.

    Named before the fixture that starts the bot.
    """
    monkeypatch.setattr("storage.database.BUSY_MS", 15_000)


@pytest.fixture
def pauses() -> Pauses:
    """How long the bot's loops wait; a file of flows that has no time for it says otherwise."""
    return Pauses()


@pytest.fixture
async def shop(tmp_path: Path, pauses: Pauses) -> AsyncGenerator[World]:
    """The bot between its stand-ins, ready."""
    async with world(tmp_path, pauses=pauses) as here:
        yield here
        here.audit_holds()
