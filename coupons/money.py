"""Money is integer fen; yuan exist only in text."""

from __future__ import annotations


def yuan(fen: int) -> str:
    """`1000` -> `¥10.00`, without floats."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
