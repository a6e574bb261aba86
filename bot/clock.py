"""The clocks of the program; everything else is handed them."""

from __future__ import annotations

import time


def utc_ms() -> int:
    """The wall clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Milliseconds that nobody can set. Where the system has such a clock, it goes on while it sleeps."""
    # Linux. Elsewhere a sleep looks like a jump of the wall clock, until Slack says what time it is.
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if boottime is None else time.clock_gettime_ns(boottime)) // 1_000_000
