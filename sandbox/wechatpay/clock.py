"""The platform's time: UTC milliseconds since 1970, replaceable so that five minutes pass in a test."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from time import time_ns

Clock = Callable[[], int]
_BEIJING = timezone(timedelta(hours=8))


def system_clock() -> int:
    return time_ns() // 1_000_000


def rfc3339(at_ms: int) -> str:
    """The platform writes times with the offset of Beijing and without fractions."""
    return datetime.fromtimestamp(at_ms // 1000, _BEIJING).isoformat()


def utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
