"""The forms of an approver: why something is declined, and which lines of a batch are struck out.

Each carries the number of its request or batch, and what it was opened on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coupons.reasons import Wording
from handlers.views.inputs import OPTION, input_block
from handlers.views.message import Block, plain_text
from handlers.views.words import Words

#: In code points; the form and `replies.decline_reason_problem` hold to the same.
REASON_LONGEST = 500
_TITLE = 24
_MOST_TEMPLATES = 100
_FROM_HOME = "home"
#: Before the number where it is a batch's.
_BATCH = "batch:"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a button was pressed on: the message `ts` in `channel`, or Home.

    `out_request_no`: the request that is shown there, as `policy.shown_as` says it.
    """

    channel: str = ""
    ts: str = ""
    out_request_no: str = ""


def decline_modal(
    words: Words, request_id: int, origin: Origin, templates: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """A view for `views.open`; its submission has `values["reason"]["text"]`.

    `templates`: words to choose, as they are shown and as they are kept.
    """
    opened = f"{_FROM_HOME} {origin.out_request_no}" if not origin.ts else f"{origin.channel} {origin.ts}"
    return _decline(
        words,
        words("Decline this request"),
        words("Why is request #{number} declined?", number=request_id),
        carried=f"{request_id} {opened}",
        templates=templates,
    )


def decline_batch_modal(
    words: Words, batch_id: int, origin: Origin, templates: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """As `decline_modal`, with the same blocks."""
    return _decline(
        words,
        words("Decline this batch"),
        words("Why is batch {batch} declined?", batch=batch_id),
        carried=f"{_BATCH}{batch_id} {origin.channel} {origin.ts}",
        templates=templates,
    )


def strike_modal(words: Words, batch_id: int, origin: Origin) -> dict[str, Any]:
    """A view for `views.open`; its submission has `values["rows"]["value"]`."""
    return {
        "type": "modal",
        "callback_id": "strike_form",
        "private_metadata": f"{_BATCH}{batch_id} {origin.channel} {origin.ts}",
        "title": plain_text(words("Strike lines out"), _TITLE),
        "submit": plain_text(words("Strike out"), _TITLE),
        "close": plain_text(words("Back"), _TITLE),
        "blocks": [
            {
                "type": "input",
                "block_id": "rows",
                "label": plain_text(words("Which rows of batch {batch}?", batch=batch_id), 150),
                "hint": plain_text(
                    words(
                        "By the row numbers of the file, such as: 17, 20-25. Their customers get no coupon "
                        "from this batch."
                    ),
                    150,
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "max_length": REASON_LONGEST,
                    "focus_on_load": True,
                },
            }
        ],
    }


def _decline(
    words: Words, title: str, label: str, *, carried: str, templates: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    named = [_templates(words, label, templates)] if templates else []
    return {
        "type": "modal",
        "callback_id": "decline_reason",
        "private_metadata": carried,
        "title": plain_text(title, _TITLE),
        "submit": plain_text(words("Decline"), _TITLE),
        "close": plain_text(words("Back"), _TITLE),
        "blocks": [
            *named,
            {
                "type": "input",
                "block_id": "reason",
                # One of both is needed, which is seen when they are submitted.
                "optional": bool(named),
                "label": plain_text(words("In your own words") if named else label, 150),
                "hint": plain_text(
                    words(
                        "The requester and everybody in the approval channel can read it; it is kept in the "
                        "audit log."
                    ),
                    150,
                ),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "text",
                    "multiline": True,
                    "min_length": 1,
                    "max_length": REASON_LONGEST,
                    "focus_on_load": not named,
                },
            },
        ],
    }


def _templates(words: Words, label: str, templates: Sequence[tuple[str, str]]) -> Block:
    menu = {
        "type": "static_select",
        "placeholder": plain_text(words("Choose a reason"), 150),
        "options": [
            {"text": plain_text(shown, OPTION), "value": kept} for shown, kept in templates[:_MOST_TEMPLATES]
        ],
    }
    return input_block(label, "template", menu, optional=True)


def decline_templates(templates: Iterable[Wording], words: Words, kept: Words) -> list[tuple[str, str]]:
    """As the approver reads them, and in the language of the cards, in which they are kept."""
    return [(each.of(words.language), each.of(kept.language)) for each in templates]


def declined_because(words: Words, view: Mapping[str, Any]) -> str:
    """What an approver chose, and what they wrote after it; `words`: of the cards, as all will read it."""
    values = view["state"]["values"]
    typed = str(values["reason"]["text"].get("value") or "").strip()
    chosen = (((values.get("template") or {}).get("value") or {}).get("selected_option") or {}).get("value")
    return words.sentences(str(chosen or ""), typed)


def request_of(view: Mapping[str, Any]) -> int:
    """The request that a submitted form is about. Raises ValueError: it is not our form."""
    return int(str(view.get("private_metadata") or "").partition(" ")[0])


def batch_of(view: Mapping[str, Any]) -> int | None:
    """The batch that a submitted form is about; None: it is about a request."""
    carried = str(view.get("private_metadata") or "").partition(" ")[0]
    return int(carried.removeprefix(_BATCH)) if carried.startswith(_BATCH) else None


def origin_of(view: Mapping[str, Any]) -> Origin:
    """What a submitted form was opened on; nothing of forms that were opened before an upgrade."""
    match str(view.get("private_metadata") or "").split(" "):
        case [_, place, number] if place == _FROM_HOME:
            return Origin(out_request_no=number)
        case [_, channel, ts]:
            return Origin(channel=channel, ts=ts)
        case _:
            return Origin()


def was_opened_from_home(view: Mapping[str, Any]) -> bool:
    """Then an answer goes to the person: whoever looks at Home does not look at the approval channel."""
    return str(view.get("private_metadata") or "").split(" ")[1:2] == [_FROM_HOME]
