"""Days and months as finance counts them: in Beijing time, like WeChat Pay's own bills."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, datetime, timedelta, timezone

#: UTC+8 without daylight saving.
BEIJING = timezone(timedelta(hours=8), "Beijing")

_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?", re.ASCII)


def span(text: str) -> tuple[int, int]:
    """UTC milliseconds of the first moment of `2026-10` or `2026-10-03`, and of the first one after it.

    Raises ValueError: it is no such date.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month = int(found[1]), int(found[2])
    if year in {MINYEAR, MAXYEAR}:
        # The one begins before all time in London, the other has no day after its last one.
        raise ValueError(text)
    start = datetime(year, month, int(found[3] or 1), tzinfo=BEIJING)
    if found[3]:
        end = start + timedelta(days=1)
    else:
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=BEIJING)
    return milliseconds(start), milliseconds(end)


def month(text: str) -> tuple[int, int]:
    """Like `span`, of a whole month only. Raises ValueError."""
    if text.count("-") != 1:
        raise ValueError(text)
    return span(text)


def moment(text: str) -> int | None:
    """UTC milliseconds of an RFC 3339 time, WeChat Pay's; None for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return milliseconds(found if found.tzinfo else found.replace(tzinfo=BEIJING))


def day_start(ms: int) -> int:
    """UTC milliseconds of the first moment of this day."""
    midnight = datetime.fromtimestamp(ms / 1000, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return milliseconds(midnight)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def written(ms: int) -> str:
    """`2026-11-23 12:00:05 Beijing time`: one clock for auditors, wherever they read."""
    return f"{beijing_time(ms)} Beijing time"


def beijing_time(ms: int) -> str:
    """`2026-11-23 12:00:05`, in Beijing time, where what stands around it says so."""
    return datetime.fromtimestamp(ms / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
