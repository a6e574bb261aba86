"""The form that asks an approver why. It carries the request's number and what it was opened on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.views.message import plain_text
from handlers.views.words import Words

#: In code points; the form and `replies.decline_reason_problem` hold to the same.
REASON_LONGEST = 500
_TITLE = 24
_FROM_HOME = "home"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a button was pressed on: the message `ts` in `channel`, or Home, which shows the request with
    this `out_request_no`."""

    channel: str = ""
    ts: str = ""
    out_request_no: str = ""


def decline_modal(words: Words, request_id: int, origin: Origin) -> dict[str, Any]:
    """A view for `views.open`; its submission has `values["reason"]["text"]`."""
    opened = f"{_FROM_HOME} {origin.out_request_no}" if not origin.ts else f"{origin.channel} {origin.ts}"
    return {
        "type": "modal",
        "callback_id": "decline_reason",
        "private_metadata": f"{request_id} {opened}",
        "title": plain_text(words("Decline this request"), _TITLE),
        "submit": plain_text(words("Decline"), _TITLE),
        "close": plain_text(words("Back"), _TITLE),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": plain_text(words("Why is request #{number} declined?", number=request_id), 150),
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
                    "focus_on_load": True,
                },
            }
        ],
    }


def request_of(view: Mapping[str, Any]) -> int:
    """The request that a submitted form is about. Raises ValueError: it is not our form."""
    return int(str(view.get("private_metadata") or "").partition(" ")[0])


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
