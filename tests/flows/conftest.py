from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.pauses import Pauses
from tests.world import World, world


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
