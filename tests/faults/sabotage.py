"""What a campaign does to the bot inside its own process, by the names of an order."""

from __future__ import annotations

from typing import Any

from bot import service
from coupons.settling import Pace
from tests.faults.kill_points import die_at

#: Repeats come sooner than a person would wait for; as many as ever.
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def sabotage(order: dict[str, Any]) -> None:
    """`die_at`: a point and at which passing of it. `quick`: without the long pauses of a real day."""
    if order.get("quick"):
        service.Pace = _quick_pace  # type: ignore[assignment,misc]
    if point := order.get("die_at"):
        die_at(*point)


def _quick_pace(**given: Any) -> Pace:
    return Pace(pauses_s=_PAUSES_S, too_fast_s=_PAUSES_S, **given)
