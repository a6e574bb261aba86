"""The one clock of the program; everything else is handed it."""

from __future__ import annotations

import time


def utc_ms() -> int:
    """The wall clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000
