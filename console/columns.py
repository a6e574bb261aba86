"""How Datasette's columns and cells look to people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from console.language import words

NUMBERS: Final = frozenset(
    {"request", "seq", "customer", "value_fen", "attempts", "approvals_needed", "approval", "found"}
)
#: A column's class in the style sheet; times have theirs.
KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(NUMBERS, "num"),
    **dict.fromkeys(("reason", "detail", "words"), "words"),
    **dict.fromkeys(
        ("requester", "actor", "tag", "ticket", "approver", "stock_id", "place", "page", "why"), "keep"
    ),
    **dict.fromkeys(("out_request_no", "coupon_code"), "mono"),
}


def head(column: str) -> str:
    """A column's name, which is what SQL, an address and a file call it too, without its signs."""
    if column.endswith("at_beijing"):
        before = column.removesuffix("at_beijing").replace("_", " ").strip()
        return words("{column}, Beijing time", column=before) if before else words("Beijing time")
    return {"value_fen": "fen", "seq": "event"}.get(column, column.replace("_", " "))


def detail(value: object) -> str:
    """An event's detail in words, given as an object or as JSON; also when a page has cut it short."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):  # RecursionError: thousands of brackets
            return str(value)
    if not isinstance(value, Mapping):
        return str(value)
    return " · ".join(f"{name} {_member(each)}" for name, each in value.items() if each not in ("", None, []))


def _member(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_member, value))
    return detail(value) if isinstance(value, Mapping) else str(value)
