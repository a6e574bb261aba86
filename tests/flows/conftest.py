from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.world import World, world


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[World]:
    """The bot between its stand-ins, ready."""
    async with world(tmp_path) as here:
        yield here
        here.audit_holds()
