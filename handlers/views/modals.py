"""The form that asks an approver why. It carries the request's number and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.views.message import plain_text

#: In code points; the form and `replies.decline_reason_problem` hold to the same.
REASON_LONGEST = 500
_TITLE = 24


def decline_modal(request_id: int) -> dict[str, Any]:
    """A view for `views.open`; its submission has `values["reason"]["text"]`."""
    return {
        "type": "modal",
        "callback_id": "decline_reason",
        "private_metadata": str(request_id),
        "title": plain_text("Decline this request", _TITLE),
        "submit": plain_text("Decline", _TITLE),
        "close": plain_text("Back", _TITLE),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "label": plain_text(f"Why is request #{request_id} declined?", 150),
                "hint": plain_text(
                    "The requester and everybody in the approval channel can read it; it is kept in the "
                    "audit log.",
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
    return int(str(view.get("private_metadata") or ""))
