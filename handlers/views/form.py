"""The form in which a coupon is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coupons.asking import Outlook, Stopped
from coupons.model import Request, Stock
from handlers.parsing import REASON_LONGEST
from handlers.ticket import TICKET_LONGEST
from handlers.views.escaping import plain
from handlers.views.message import Block, context, plain_text, section
from handlers.views.refusals import refusal
from handlers.views.state_words import standing
from handlers.views.words import Words

View = dict[str, Any]

#: Of an option's text.
_OPTION = 75
_TITLE = 24
_MOST_OPTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stands in the form when it is shown."""

    openid: str = ""
    stock: Stock | None = None
    reason: str = ""
    ticket: str = ""
    #: The declined request that this one takes the place of.
    follows: int | None = None
    #: Where the answer goes; empty: to the direct messages.
    channel: str = ""


def send_form(
    words: Words, filled: Filled, *, hint: Sequence[Block] = (), duplicate: Request | None = None
) -> View:
    """`duplicate`: the like was asked for a short time ago, and must be confirmed."""
    blocks: list[Block] = []
    if filled.follows is not None:
        blocks.append(context(words("In place of the declined request #{number}.", number=filled.follows)))
    blocks += [
        _input(
            words("Customer's openid"),
            "openid",
            _line(filled.openid, 128),
            hint=words("As it stands in your customer system."),
        ),
        _input(words("Coupon"), "stock", _stock_menu(words, filled.stock), dispatch=True),
        *hint,
        _input(
            words("Reason"),
            "reason",
            _line(filled.reason, REASON_LONGEST, multiline=True),
            optional=True,
            hint=words("What an auditor will want to know months later. No names, no telephone numbers."),
        ),
        _input(words("Ticket"), "ticket", _line(filled.ticket, TICKET_LONGEST), optional=True),
    ]
    if duplicate is not None:
        blocks += [section(f"⚠️ {_twice(words, duplicate)}"), _confirm(words)]
    metadata = {"channel": filled.channel, "follows": filled.follows}
    return {
        "type": "modal",
        "callback_id": "send_form",
        "title": plain_text(words("Give a coupon"), _TITLE),
        "submit": plain_text(words("Ask for it"), _TITLE),
        "close": plain_text(words("Cancel"), _TITLE),
        "private_metadata": json.dumps(metadata),
        "blocks": blocks,
    }


def hint(words: Words, outlook: Outlook | Stopped) -> list[Block]:
    """What asking for it would come to."""
    if isinstance(outlook, Stopped):
        return [context(f"⛔ {refusal(words, outlook.decision.reason, outlook.limit)}")]
    terms = outlook.terms
    if not terms.decision.allowed:
        return [context(f"⛔ {refusal(words, terms.decision.reason, terms.limit)}")]
    if terms.approvals_needed == 0:
        text = words("Needs no approval: rule {place} gives it at once.", place=terms.place)
    else:
        text = words.plural("Needs 1 approval.", "Needs {n} approvals.", terms.approvals_needed)
        if len(outlook.able) < terms.approvals_needed:
            too_few = (
                words.plural(
                    "Only 1 person could approve it now.",
                    "Only {n} people could approve it now.",
                    len(outlook.able),
                )
                if outlook.able
                else words("Nobody could approve it now.")
            )
            text = words.sentences(text, too_few)
    if outlook.pause is not None:
        text = words.sentences(text, words("Sending is paused at the moment."))
    return [context(text)]


def stock_options(words: Words, stocks: Sequence[Stock]) -> list[dict[str, Any]]:
    """For the menu of coupons."""
    return [_option(words, stock) for stock in stocks[:_MOST_OPTIONS]]


def metadata_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """What `send_form` put there; only a client that is not Slack's could have changed it."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _twice(words: Words, request: Request) -> str:
    return words(
        "Request #{number} ({state}, {time}) is for the same customer and coupon, or the same ticket.",
        number=request.id,
        state=standing(words, request).headline,
        time=words.moment(request.created_at),
    )


def _confirm(words: Words) -> Block:
    yes = {"text": plain_text(words("Ask all the same: this is another one"), _OPTION), "value": "yes"}
    return _input(words("Twice?"), "confirm", {"type": "checkboxes", "options": [yes]})


def _stock_menu(words: Words, stock: Stock | None) -> dict[str, Any]:
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
    name = plain(stock.name, max(_OPTION - len(value), 10))
    return {"text": plain_text(f"{name}{value}", _OPTION), "value": stock.stock_id}


def _line(text: str, longest: int, *, multiline: bool = False) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "plain_text_input", "max_length": longest, "multiline": multiline}
    if text:
        element["initial_value"] = text[:longest]
    return element


def _input(
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
