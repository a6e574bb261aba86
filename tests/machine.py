"""What a machine may lack: a test that needs it is skipped aloud, and in CI it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacks(not_seen: str, why: str) -> NoReturn:
    """`not_seen`: in capitals, what is not tested; `why`: what is missing, and how it is had."""
    if os.environ.get("CI"):
        pytest.fail(f"{why}; with CI set it must be there", pytrace=False)
    pytest.skip(f"{not_seen}: {why}")
