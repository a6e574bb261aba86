"""The form in which a coupon is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coupons.asking import Outlook, Stopped
from coupons.model import Request, Stock
from handlers.parsing import REASON_LONGEST
from handlers.ticket import TICKET_LONGEST
from handlers.views.inputs import OPTION, input_block, stock_menu, text_input
from handlers.views.message import Block, context, plain_text, section
from handlers.views.refusals import refusal
from handlers.views.state_words import standing
from handlers.views.words import Words

View = dict[str, Any]

_TITLE = 24


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
        input_block(
            words("Customer's openid"),
            "openid",
            text_input(filled.openid, 128),
            hint=words("As it stands in your customer system."),
        ),
        input_block(words("Coupon"), "stock", stock_menu(words, filled.stock), dispatch=True),
        *hint,
        input_block(
            words("Reason"),
            "reason",
            text_input(filled.reason, REASON_LONGEST, multiline=True),
            optional=True,
            hint=words("What an auditor will want to know months later. No names, no telephone numbers."),
        ),
        input_block(words("Ticket"), "ticket", text_input(filled.ticket, TICKET_LONGEST), optional=True),
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


def _twice(words: Words, request: Request) -> str:
    return words(
        "Request #{number} ({state}, {time}) is for the same customer and coupon, or the same ticket.",
        number=request.id,
        state=standing(words, request).headline,
        time=words.moment(request.created_at),
    )


def _confirm(words: Words) -> Block:
    yes = {"text": plain_text(words("Ask all the same: this is another one"), OPTION), "value": "yes"}
    return input_block(words("Twice?"), "confirm", {"type": "checkboxes", "options": [yes]})
