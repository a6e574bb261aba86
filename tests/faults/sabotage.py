"""What a campaign does to the bot inside its own process, by the names of an order."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Self

from bot import service
from bot.clock import steady_ms, utc_ms
from coupons import attempts, batch_lines, batch_work, leases, sender
from coupons.settling import Pace
from handlers import announcer, lane_leases
from storage import ledger
from tests.faults.kill_points import die_at

#: Repeats come sooner than a person would wait for; as many as ever.
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_LATE_LINES_MS = 1_000


def sabotage(order: dict[str, Any]) -> None:
    """`die_at`: a point and at which passing of it. `quick`: without the long pauses of a real day, and lines
    that end after their batch are told within a second.

    `io`: from which write or sync of the database on, how many of them, and with which errno they fail; for
    a process that io_faults.c was loaded into. `shared`: several processes on one file, as on a server.
    `lease_ms`: how long a lease lasts. `clock`: milliseconds by which it is off, and by which it is after so
    many seconds.
    """
    if order.get("quick"):
        service.Pace = _quick_pace  # type: ignore[assignment,misc]
        for module in (batch_lines, batch_work):
            module.LATE_LINES_MS = _LATE_LINES_MS  # type: ignore[misc]
    if io := order.get("io"):
        ctypes.CDLL(None).io_faults(*map(ctypes.c_long, io[:2]), ctypes.c_int(io[2]))
    if order.get("shared"):
        _share_the_file()
    if lease_ms := order.get("lease_ms"):
        _shorten_leases(lease_ms)
    if clock := order.get("clock"):
        _set_clock(*clock)
    if point := order.get("die_at"):
        die_at(*point)


def _quick_pace(**given: Any) -> Pace:
    return Pace(pauses_s=_PAUSES_S, too_fast_s=_PAUSES_S, **given)


def _share_the_file() -> None:
    ledger.FileLock = _NoLock  # type: ignore[assignment,misc]
    ledger.SqliteLedger._end_leases = lambda _self: None  # type: ignore[method-assign]


class _NoLock:
    def __init__(self, _path: Path) -> None:
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return


def _shorten_leases(lease_ms: int) -> None:
    """In the proportions that they have to each other."""
    for name in ("LEASE_MS", "RENEW_MS", "SAFE_MS"):
        shorter = getattr(leases, name) * lease_ms // leases.LEASE_MS
        for module in (attempts, sender, announcer, lane_leases):
            if hasattr(module, name):
                setattr(module, name, shorter)


def _set_clock(before_ms: int, after_ms: int, after_s: float) -> None:
    jumps_at = steady_ms() + after_s * 1000

    def clock() -> int:
        return utc_ms() + (after_ms if steady_ms() >= jumps_at else before_ms)

    defaults = service.Service.__init__.__kwdefaults__
    assert defaults["clock"] is utc_ms  # what everything is handed its clock from
    defaults["clock"] = clock
