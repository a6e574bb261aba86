"""The forms of questions, answers and offers.

Each carries the number of its request, and what it was opened on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from coupons.model import Request, Stock
from coupons.offers import ApproverQuestion
from handlers.views.escaping import own_words, plain
from handlers.views.inputs import input_block, stock_options, text_input
from handlers.views.message import Block, plain_text, section
from handlers.views.modals import REASON_LONGEST, Origin
from handlers.views.words import Words

_TITLE = 24


def question_form(words: Words, request_id: int, origin: Origin) -> dict[str, Any]:
    """A view for `views.open`; its submission has `values["question"]["value"]`."""
    field = input_block(
        words("What do you want to know about request #{number}?", number=request_id),
        "question",
        text_input("", REASON_LONGEST, multiline=True),
        hint=words("The requester gets it as a direct message; it is kept in the thread and the audit log."),
    )
    carried = f"{request_id} {origin.channel} {origin.ts}"
    return _form(words("Ask the requester"), words("Ask"), words("Back"), "question_form", carried, field)


def answer_form(words: Words, request: Request, question: ApproverQuestion) -> dict[str, Any]:
    """As `question_form`, with `values["answer"]["value"]`."""
    field = input_block(
        words("Your answer"),
        "answer",
        text_input("", REASON_LONGEST, multiline=True),
        hint=words("Everybody in the approval channel can read it; it is kept in the audit log."),
    )
    carried = json.dumps({"request": request.id, "number": request.out_request_no, "seq": question.seq})
    asked = section(plain(own_words(question.text, request.openid), 2000) or "…")
    return _form(words("Your answer"), words("Send it"), words("Back"), "answer_form", carried, asked, field)


def offer_form(words: Words, request: Request, smaller: Sequence[Stock], origin: Origin) -> dict[str, Any]:
    """As `question_form`, with `values["offer"]["value"]["selected_option"]` and `values["reason"]["value"]`.

    `smaller`: at least one stock, the most valuable first.
    """
    menu = {
        "type": "static_select",
        "options": stock_options(words, smaller),
        "placeholder": plain_text(words("A smaller coupon"), 150),
    }
    fields = (
        input_block(
            words(
                "Which coupon would you approve in place of {value}?", value=words.money(request.value_fen)
            ),
            "offer",
            menu,
            hint=words("The requester decides. Once they take it, your approval of it counts."),
        ),
        input_block(words("Why?"), "reason", text_input("", REASON_LONGEST, multiline=True), optional=True),
    )
    carried = f"{request.id} {origin.channel} {origin.ts}"
    return _form(
        words("Offer a smaller coupon"), words("Offer it"), words("Back"), "offer_form", carried, *fields
    )


def _form(
    title: str, submit: str, close: str, callback_id: str, carried: str, *blocks: Block
) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": carried,
        "title": plain_text(title, _TITLE),
        "submit": plain_text(submit, _TITLE),
        "close": plain_text(close, _TITLE),
        "blocks": list(blocks),
    }
