"""The button with which a misread command opens the form, filled in with what was read.

A click, since Slack opens a form only soon after one.
"""

from __future__ import annotations

from typing import Final

from handlers.views.message import Message, actions, button
from handlers.views.words import N_, Words

ACTION: Final = "open_form_with"
#: Above an empty form.
NOT_KEPT: Final = N_("I no longer have what I read of your command: please type it once more.")


def with_form(words: Words, answer: Message, number: int) -> Message:
    """An answer that asked for nothing, and the button. `number`: of what `handlers.form_offers` keeps."""
    return Message(
        answer.text, [*answer.blocks, actions(button(words("Open the form with this"), ACTION, str(number)))]
    )
