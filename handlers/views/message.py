"""A Slack message, and the few kinds of blocks that ours are built of. Each builder keeps Slack's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.views.escaping import clip, plain, without_openid

Block = dict[str, Any]

#: Slack takes 40,000 when posting, but only 4,000 when updating.
_TEXT = 4_000
_SECTION = 3_000
_FIELD = 2_000
_FIELDS = 10
_CONTEXT = 2_000
_CONTEXT_ELEMENTS = 10
_HEADER = 150
_LABEL = 75
_CONFIRM_TITLE = 100
_CONFIRM_TEXT = 300
_CONFIRM_BUTTON = 30
#: What a reason may have; all blocks of a message together get about 13,200 characters.
_QUOTE = 500
#: Twice what is ever stored of a coupon code.
_CODE = 256
_PREFORMATTED = 1_000
_OPTION = 75


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is the notification, the screen reader's text, and all there is where blocks are refused."""

    text: str
    blocks: list[Block]


def message(text: str, *blocks: Block) -> Message:
    """Without blocks, the text is shown as a section."""
    return Message(clip(text, _TEXT), list(blocks) or [section(text)])


def mrkdwn(text: str, limit: int) -> Block:
    # verbatim: Slack itself makes no links of what looks like an address, a channel or a name.
    return {"type": "mrkdwn", "text": clip(text, limit), "verbatim": True}


def plain_text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text, _HEADER)}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text, _SECTION)}


def fields(*labelled: tuple[str, str]) -> Block:
    """Pairs of a label and mrkdwn, two in a row on a wide screen."""
    shown = [mrkdwn(f"*{label}*\n{value}", _FIELD) for label, value in labelled[:_FIELDS]]
    return {"type": "section", "fields": shown}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text, _CONTEXT) for text in texts[:_CONTEXT_ELEMENTS]]}


def quote(label: str, text: str, *, hide: str = "") -> Block:
    """What a person wrote: rich_text parses nothing of it. `hide` is an openid to be masked in it."""
    shown = without_openid(text, hide)
    return _rich_text(
        {"type": "rich_text_section", "elements": [_run(label, bold=True)]},
        {"type": "rich_text_quote", "elements": [_run(plain(shown, _QUOTE) or "…")]},
    )


def code_line(label: str, exact: str) -> Block:
    """Something to copy, every character as it is: a coupon code may hold spaces and backticks."""
    shown = exact if len(exact) <= _CODE else exact[: _CODE - 1] + "…"
    return _rich_text({"type": "rich_text_section", "elements": [_run(f"{label} "), _run(shown, code=True)]})


def to_copy(label: str, exact: str) -> Block:
    """Sentences to copy, in a block of their own, every character as it is."""
    shown = exact if len(exact) <= _PREFORMATTED else exact[: _PREFORMATTED - 1] + "…"
    return _rich_text(
        {"type": "rich_text_section", "elements": [_run(label)]},
        {"type": "rich_text_preformatted", "elements": [_run(shown)]},
    )


def _rich_text(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _run(text: str, **style: bool) -> Block:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def actions(*buttons: Block, block_id: str = "") -> Block:
    """`block_id` comes back with each click on them."""
    block: Block = {"type": "actions", "elements": list(buttons)}
    return {**block, "block_id": block_id} if block_id else block


def button(label: str, action_id: str, value: str, *, style: str = "", confirm: Block | None = None) -> Block:
    """`style` is primary (one in a message), danger or nothing."""
    element: Block = {
        "type": "button",
        "text": plain_text(label, _LABEL),
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if confirm is not None:
        element["confirm"] = confirm
    return element


def confirm(title: str, text: str, *, yes: str, no: str) -> Block:
    """The second thought before a click counts."""
    return {
        "title": plain_text(title, _CONFIRM_TITLE),
        "text": plain_text(text, _CONFIRM_TEXT),
        "confirm": plain_text(yes, _CONFIRM_BUTTON),
        "deny": plain_text(no, _CONFIRM_BUTTON),
    }


def overflow(action_id: str, *options: tuple[str, str], confirm: Block) -> Block:
    """A menu behind three dots: pairs of a label and a value, at most five; one confirm for all."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": [{"text": plain_text(label, _OPTION), "value": value} for label, value in options],
        "confirm": confirm,
    }
