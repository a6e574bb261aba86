"""What a benchmark is asked for, what it found, and the table of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much work each benchmark does."""

    sends: int
    slow_sends: int
    requests: int
    ack_seconds: float
    #: Approved requests that are sent while acks are measured.
    waiting: int
    #: Asked for in a minute, one a second, while Slack takes one message a second.
    busy_requests: int
    events: int
    #: Of a bulk file.
    lines: int
    #: For each bare limit.
    limit_seconds: float

    def tenth(self) -> Load:
        """Enough to see that everything still runs; the figures are rough."""
        return Load(
            sends=self.sends // 10,
            slow_sends=self.slow_sends // 10,
            requests=self.requests // 10,
            ack_seconds=self.ack_seconds / 10,
            waiting=self.waiting // 10,
            busy_requests=self.busy_requests // 10,
            events=self.events // 10,
            lines=self.lines // 10,
            limit_seconds=self.limit_seconds / 10,
        )


FULL = Load(
    sends=9_000,
    slow_sends=2_000,
    requests=200,
    ack_seconds=8.0,
    waiting=2_000,
    busy_requests=60,
    events=1_000_000,
    lines=50_000,
    limit_seconds=1.5,
)

#: For the tests: everything happens, in seconds, and the figures mean nothing.
SHORT = Load(
    sends=36,
    slow_sends=16,
    requests=4,
    ack_seconds=0.2,
    waiting=8,
    busy_requests=2,
    events=1_000,
    lines=100,
    limit_seconds=0.05,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and its limit, both in `unit`."""

    name: str
    figure: float
    unit: str
    limit: float
    limit_name: str


def table(rows: Sequence[Row]) -> str:
    """Names to the left, numbers to the right."""
    lines = [("what", "figure", "limit", "ratio", "unit", "the limit is")]
    lines += [
        (row.name, _number(row.figure), _number(row.limit), _ratio(row), row.unit, row.limit_name)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    is_number = (False, True, True, True, False, False)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    )


def _ratio(row: Row) -> str:
    ratio = row.figure / row.limit
    return f"{ratio:.4f}" if ratio < 0.1 else _number(ratio)


def _number(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
