"""The fields of which forms are built."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from coupons.model import Stock
from handlers.views.escaping import plain
from handlers.views.message import Block, plain_text
from handlers.views.words import Words

#: Of an option's text.
OPTION = 75
_MOST_OPTIONS = 100


def stock_options(words: Words, stocks: Sequence[Stock]) -> list[dict[str, Any]]:
    """For the menu of coupons."""
    return [_option(words, stock) for stock in stocks[:_MOST_OPTIONS]]


def stock_menu(words: Words, stock: Stock | None) -> dict[str, Any]:
    menu: dict[str, Any] = {
        "type": "external_select",
        "min_query_length": 0,
        "placeholder": plain_text(words("Type a name or a value"), 150),
    }
    if stock is not None:
        menu["initial_option"] = _option(words, stock)
    return menu


def _option(words: Words, stock: Stock) -> dict[str, Any]:
    value = f" · {words.money(stock.value_fen)} · {stock.alias}"
    name = plain(stock.name, max(OPTION - len(value), 10))
    return {"text": plain_text(f"{name}{value}", OPTION), "value": stock.stock_id}


def text_input(text: str, longest: int, *, multiline: bool = False) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "plain_text_input", "max_length": longest, "multiline": multiline}
    if text:
        element["initial_value"] = text[:longest]
    return element


def input_block(
    label: str,
    block_id: str,
    element: dict[str, Any],
    *,
    optional: bool = False,
    dispatch: bool = False,
    hint: str = "",
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, 2000),
        "element": {**element, "action_id": "value"},
        "optional": optional,
    }
    if dispatch:
        block["dispatch_action"] = True
    if hint:
        block["hint"] = plain_text(hint, 2000)
    return block


def choose_a_coupon(words: Words) -> str:
    """Under the menu of coupons. Plain text."""
    return words("Please choose a coupon of the list.")


def metadata_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """What we put into a form; only a client that is not Slack's could have changed it."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def value_of(view: Mapping[str, Any], block_id: str, name: str = "value") -> Any:
    """What was typed or chosen (`selected_option` ...) in a field; None: nothing."""
    values = (view.get("state") or {}).get("values") or {}
    return ((values.get(field_of(view, block_id)) or {}).get("value") or {}).get(name)


def field_of(view: Mapping[str, Any], block_id: str) -> str:
    """The id that a field has in this view: a field that was filled in anew (`stock:1`) is another block."""
    values = (view.get("state") or {}).get("values") or {}
    return next((known for known in values if known.partition(":")[0] == block_id), block_id)
