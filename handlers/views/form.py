"""The form in which a coupon is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coupons.asking import Outlook, Stopped
from coupons.model import History, Request, Stock
from coupons.reasons import NO_REASONS, NamedReason, Reasons
from handlers.parsing import REASON_LONGEST
from handlers.ticket import TICKET_LONGEST
from handlers.views.card_context import given, warning
from handlers.views.escaping import plain
from handlers.views.groups_asked import groups_asked
from handlers.views.inputs import OPTION, input_block, stock_menu, text_input
from handlers.views.message import Block, actions, button, context, plain_text, section
from handlers.views.refusals import refusal
from handlers.views.state_words import standing
from handlers.views.words import Words

View = dict[str, Any]

_TITLE = 24
_MOST_REASONS = 100
FAVOURITES: Final = "favourites"


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
    #: The listed reason that was chosen, in the words that are kept: the list may change meanwhile.
    named: str = ""
    #: How often a favourite was taken. Slack keeps what stands in a field as long as its block keeps its id.
    turn: int = 0
    #: What the ticket already got, as it was when the form opened; empty: nothing.
    of_ticket: str = ""
    note: str = ""


def send_form(
    words: Words,
    filled: Filled,
    *,
    hint: Sequence[Block] = (),
    duplicate: Request | None = None,
    reasons: Reasons = NO_REASONS,
    favourites: Sequence[Block] = (),
) -> View:
    """`duplicate`: the like was asked for a short time ago, and must be confirmed. `reasons`: those with a
    short name. `favourites`: by `favourite_buttons`."""
    blocks: list[Block] = [context(filled.note)] if filled.note else []
    if filled.follows is not None:
        blocks.append(context(words("In place of the declined request #{number}.", number=filled.follows)))
    warn = filled.stock.warn if filled.stock is not None else ""
    blocks += [
        *favourites,
        input_block(
            words("Customer's openid"),
            "openid",
            text_input(filled.openid, 128),
            hint=words("As it stands in your customer system."),
        ),
        input_block(
            words("Coupon"), _turned("stock", filled), stock_menu(words, filled.stock), dispatch=True
        ),
        *([context(warning(words, warn))] if warn else []),
        *hint,
        *([_listed(words, reasons, filled)] if reasons else []),
        input_block(
            words("Reason, in your own words") if reasons else words("Reason"),
            _turned("reason", filled),
            text_input(filled.reason, REASON_LONGEST, multiline=True),
            optional=True,
            hint=words("What an auditor will want to know months later. No names, no telephone numbers."),
        ),
        input_block(words("Ticket"), "ticket", text_input(filled.ticket, TICKET_LONGEST), optional=True),
        *([context(filled.of_ticket)] if filled.of_ticket else []),
    ]
    if duplicate is not None:
        blocks += [section(f"⚠️ {_twice(words, duplicate)}"), _confirm(words)]
    metadata = {
        "channel": filled.channel,
        "follows": filled.follows,
        "turn": filled.turn,
        "of_ticket": filled.of_ticket,
    }
    return {
        "type": "modal",
        "callback_id": "send_form",
        "title": plain_text(words("Give a coupon"), _TITLE),
        "submit": plain_text(words("Ask for it"), _TITLE),
        "close": plain_text(words("Cancel"), _TITLE),
        "private_metadata": json.dumps(metadata),
        "blocks": blocks,
    }


def of_ticket(words: Words, history: History) -> str:
    """Under the ticket, before anything is asked for with it again."""
    return words("⚠️ This ticket so far: {history}", history=given(words, history))


def _turned(name: str, filled: Filled) -> str:
    return f"{name}:{filled.turn}" if filled.turn else name


def _listed(words: Words, reasons: Reasons, filled: Filled) -> Block:
    options = [_option(words, reason, reasons.wording(reason)) for reason in reasons][:_MOST_REASONS]
    menu: dict[str, Any] = {
        "type": "static_select",
        "placeholder": plain_text(words("Choose a reason"), 150),
        "options": options,
    }
    if chosen := [option for option in options if option["value"] == filled.named]:
        menu["initial_option"] = chosen[0]
    return input_block(words("Reason"), _turned("listed_reason", filled), menu, optional=True)


def _option(words: Words, reason: NamedReason, kept: str) -> dict[str, Any]:
    name = f" · {reason.name}"
    wording = plain(reason.wording.of(words.language), OPTION - len(name))
    return {"text": plain_text(f"{wording}{name}", OPTION), "value": kept}


def favourite_buttons(words: Words, favourites: Iterable[tuple[Stock, str]]) -> list[Block]:
    """Stock and reason together, as this person asked for them lately: one click fills both in."""
    buttons = [
        button(
            f"{words.money(stock.value_fen)} {stock.alias} · {reason or words('no reason')}",
            f"favourite_{place}",
            json.dumps({"stock": stock.stock_id, "reason": reason}, ensure_ascii=False),
        )
        for place, (stock, reason) in enumerate(favourites)
    ]
    if not buttons:
        return []
    return [context(words("As you asked lately:")), actions(*buttons, block_id=FAVOURITES)]


def favourite_of(value: object) -> tuple[str, str]:
    """The stock_id and the reason that a click on one brought back: as good as what is typed in the form."""
    try:
        found = json.loads(str(value))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("stock") or ""), str(found.get("reason") or "")


def favourites_in(view: Mapping[str, Any]) -> list[Block]:
    """Those that a form shows, to be shown again."""
    blocks = list(view.get("blocks") or ())
    places = [place for place, block in enumerate(blocks) if block.get("block_id") == FAVOURITES]
    return blocks[places[0] - 1 : places[0] + 1] if places and places[0] else []


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
        text = words.sentences(text, groups_asked(words, terms.needs))
        if not outlook.are_enough and terms.needs and outlook.able:
            text = words.sentences(
                text, words("Those who could approve it now cannot give all of them: one person counts once.")
            )
        elif not outlook.are_enough:
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
    if not outlook.required.allowed:
        text = words.sentences(text, refusal(words, outlook.required.reason, None))
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
