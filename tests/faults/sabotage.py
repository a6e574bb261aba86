"""What a campaign does to the bot inside its own process, by the names of an order."""

from __future__ import annotations

import ctypes
from typing import Any

from bot import service
from coupons.settling import Pace
from tests.faults.kill_points import die_at

#: Repeats come sooner than a person would wait for; as many as ever.
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def sabotage(order: dict[str, Any]) -> None:
    """`die_at`: a point and at which passing of it. `quick`: without the long pauses of a real day.

    `io`: from which write or sync of the database on, how many of them, and with which errno they fail; for
    a process that io_faults.c was loaded into.
    """
    if order.get("quick"):
        service.Pace = _quick_pace  # type: ignore[assignment,misc]
    if io := order.get("io"):
        ctypes.CDLL(None).io_faults(*map(ctypes.c_long, io[:2]), ctypes.c_int(io[2]))
    if point := order.get("die_at"):
        die_at(*point)


def _quick_pace(**given: Any) -> Pace:
    return Pace(pauses_s=_PAUSES_S, too_fast_s=_PAUSES_S, **given)
