"""The form in which coupons for many customers are asked for, with a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.parsing import REASON_LONGEST
from handlers.ticket import TICKET_LONGEST
from handlers.views.escaping import inert
from handlers.views.inputs import input_block, metadata_of, stock_menu, text_input
from handlers.views.message import Block, Message, context, message, plain_text, section
from handlers.views.words import Words

View = dict[str, Any]

_TITLE = 24
#: A hint to Slack's client; what a file is, its bytes say.
FILE_TYPES = ("csv", "tsv", "txt", "xlsx")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """Slack's id of a file, and its name as the person gave it."""

    file_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPrefill:
    """What is known already when the form is opened."""

    #: Attached to the message that it was opened from.
    file: GivenFile | None = None
    #: The message has so many files that could be meant; None: it was not opened from a message.
    files_of_message: int | None = None
    ticket: str = ""
    #: Where the answer goes; empty: to the direct messages.
    channel: str = ""


def bulk_form(words: Words, prefill: BulkPrefill) -> View:
    """Its submission has the blocks `file` (unless the file is known), `stock`, `reason`, `ticket`."""
    blocks: list[Block] = [*_file(words, prefill), context(_columns(words), _whats_next(words))]
    blocks += [
        input_block(
            words("Coupon"),
            "stock",
            stock_menu(words, None),
            optional=True,
            hint=words("For the lines whose cell of the stock is empty, or when there is no such column."),
        ),
        input_block(
            words("Reason"),
            "reason",
            text_input("", REASON_LONGEST, multiline=True),
            optional=True,
            hint=words(
                "For the lines that have none of their own. What an auditor will want to know months later."
            ),
        ),
        input_block(
            words("Ticket"),
            "ticket",
            text_input(prefill.ticket, TICKET_LONGEST),
            optional=True,
            hint=words("For the lines that have none of their own."),
        ),
    ]
    return {
        "type": "modal",
        "callback_id": "bulk_form",
        "title": plain_text(words("Coupons for many"), _TITLE),
        "submit": plain_text(words("Show the preview"), _TITLE),
        "close": plain_text(words("Cancel"), _TITLE),
        "private_metadata": _metadata(prefill),
        "blocks": blocks,
    }


def received(words: Words, file_name: str) -> Message:
    """The file is kept in mind; nothing is asked for yet."""
    return message(
        words(
            "I am reading {file}. What it comes to follows as a direct message from me; nothing is asked for "
            "before you submit it there.",
            file=f"*{inert(file_name)}*",
        )
    )


def no_file(words: Words) -> str:
    """Under the field of the file. Plain text."""
    return words("Please choose a file: CSV or .xlsx.")


def file_too_big(words: Words, *, megabytes: int) -> str:
    """Under the field of the file. Plain text."""
    return words(
        "The file is larger than {limit} MB. Please split it, or copy the columns that are needed into a "
        "new one.",
        limit=words.number(megabytes),
    )


def file_of(view: Mapping[str, Any]) -> GivenFile | None:
    """What `bulk_form` put there of a message's file."""
    known = metadata_of(view)
    file_id = str(known.get("file_id") or "")
    return GivenFile(file_id=file_id, name=str(known.get("file_name") or "")) if file_id else None


def channel_of(view: Mapping[str, Any]) -> str:
    """Where the answer goes."""
    return str(metadata_of(view).get("channel") or "")


def _file(words: Words, prefill: BulkPrefill) -> list[Block]:
    if prefill.file is not None:
        return [section(words("The file of the message: {file}", file=f"*{inert(prefill.file.name)}*"))]
    blocks: list[Block] = []
    if prefill.files_of_message is not None:
        blocks.append(section(_why_none(words, prefill.files_of_message)))
    element = {"type": "file_input", "filetypes": list(FILE_TYPES), "max_files": 1}
    return [
        *blocks,
        input_block(words("File"), "file", element, hint=words("CSV or .xlsx, of 10 MB at most.")),
    ]


def _why_none(words: Words, files: int) -> str:
    if files:
        return words(
            "The message has {count} files that could be meant, and I do not choose among them. Please drop "
            "the one that is meant here.",
            count=files,
        )
    return words("I see no CSV or .xlsx file in the message. Please drop the file here.")


def _columns(words: Words) -> str:
    return words(
        "The first row names the columns, in any order: `openid`, and where you have them `stock` or `批次`, "
        "`reason` or `原因`, `ticket` or `工单`. Each row under it is one coupon; a stock is its number or "
        "its alias. In a spreadsheet format these columns as text before you fill them in."
    )


def _whats_next(words: Words) -> str:
    return words(
        "I show you first, in a direct message, what the file comes to: nothing is asked for before you "
        "submit that."
    )


def _metadata(prefill: BulkPrefill) -> str:
    known = {"channel": prefill.channel}
    if prefill.file is not None:
        known |= {"file_id": prefill.file.file_id, "file_name": prefill.file.name}
    return json.dumps(known)
