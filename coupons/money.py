"""Money is integer fen; yuan exist only where people or their spreadsheets read them."""

from __future__ import annotations

from decimal import Decimal


def in_yuan(fen: int) -> Decimal:
    """`1005` -> `10.05`, without floats; `f"{in_yuan(123450):,}"` is `1,234.50`."""
    return Decimal(fen).scaleb(-2)


def yuan(fen: int) -> str:
    """`123450` -> `¥1,234.50`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{in_yuan(abs(fen)):,}"
