"""What a campaign does to the bot inside its own process, by the names of an order."""

from __future__ import annotations

from typing import Any

from tests.faults.kill_points import die_at


def sabotage(order: dict[str, Any]) -> None:
    """`die_at`: a point and at which passing of it."""
    if point := order.get("die_at"):
        die_at(*point)
