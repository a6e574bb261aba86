"""The blocks of messages, modals and Home tabs, with Slack's limits on each."""

from typing import Any

from sandbox.slack.elements import (
    ACCESSORY,
    ACTION,
    IN_CONTEXT,
    INPUT,
    INPUT_OUTSIDE_MODALS,
    MRKDWN,
    PLAIN,
    SLACK_FILE,
)
from sandbox.slack.messages import interactive_elements
from sandbox.slack.rich_text import RICH_TEXT, TABLE_FIELDS, TABLE_OPTIONS
from sandbox.slack.shapes import (
    Problems,
    Shape,
    any_of,
    array,
    boolean,
    both,
    by_type,
    exactly_one,
    record,
    string,
    text,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_CHARACTERS = 12_000

BLOCK_ID: dict[str, Shape] = {"block_id": string(255)}
SECTION = both(
    record(
        {},
        {
            **BLOCK_ID,
            "text": text(3000, PLAIN, MRKDWN),
            "fields": array(text(2000, PLAIN, MRKDWN), 10),
            "accessory": ACCESSORY,
            "expand": boolean,
        },
    ),
    any_of("text", "fields"),
)
IMAGE_BLOCK = both(
    record(
        {"alt_text": string(2000)},
        {**BLOCK_ID, "image_url": string(3000), "slack_file": SLACK_FILE, "title": text(2000, PLAIN)},
    ),
    exactly_one("image_url", "slack_file"),
)


def _input(element: Shape) -> Shape:
    return record(
        {"label": text(2000, PLAIN), "element": element},
        {**BLOCK_ID, "hint": text(2000, PLAIN), "optional": boolean, "dispatch_action": boolean},
    )


EVERYWHERE: dict[str, Shape] = {
    "section": SECTION,
    "header": record({"text": text(150, PLAIN)}, BLOCK_ID),
    "divider": record({}, BLOCK_ID),
    "context": record({"elements": array(IN_CONTEXT, 10)}, BLOCK_ID),
    "actions": record({"elements": array(ACTION, 25)}, BLOCK_ID),
    "image": IMAGE_BLOCK,
    "rich_text": record({"elements": array(RICH_TEXT, 100)}, BLOCK_ID),
}
IN_MESSAGE = by_type(
    {
        **EVERYWHERE,
        "input": _input(INPUT_OUTSIDE_MODALS),
        "markdown": record({"text": string(MARKDOWN_CHARACTERS)}, BLOCK_ID),
        "table": record(TABLE_FIELDS, {**BLOCK_ID, **TABLE_OPTIONS}),
    }
)
IN_MODAL = by_type({**EVERYWHERE, "input": _input(INPUT)})
IN_HOME = by_type({**EVERYWHERE, "input": _input(INPUT_OUTSIDE_MODALS)})


def _unique_ids(problems: Problems, blocks: Any, pointer: str) -> None:
    """Block ids are unique in their message or view, action ids in their block."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            problems.add(f"`block_id` must be unique: {block_id}", f"{pointer}/{index}/block_id")
        seen.add(block_id)
        actions = [e["action_id"] for e in interactive_elements(block) if "action_id" in e]
        if len(actions) != len(set(actions)):
            problems.add("`action_id` must be unique in its block", f"{pointer}/{index}/elements")


def _markdown_fits(problems: Problems, blocks: Any, pointer: str) -> None:
    together = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if together > MARKDOWN_CHARACTERS:
        problems.add(f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters", pointer)


MESSAGE_BLOCK_LIST = both(array(IN_MESSAGE, MESSAGE_BLOCKS, 0), _unique_ids, _markdown_fits)


def _view(blocks: Shape, required: dict[str, Shape], optional: dict[str, Shape]) -> Shape:
    shared: dict[str, Shape] = {
        "callback_id": string(255, 0),
        "external_id": string(255, 0),
        "private_metadata": string(3000, 0),
    }
    return record({**required, "blocks": both(blocks, _unique_ids)}, {**shared, **optional})


def _submit_where_inputs(problems: Problems, view: Any, pointer: str) -> None:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        problems.add("missing required field: submit", pointer)


VIEW = by_type(
    {
        "modal": both(
            _view(
                array(IN_MODAL, VIEW_BLOCKS),
                {"title": text(24, PLAIN)},
                {
                    "submit": text(24, PLAIN),
                    "close": text(24, PLAIN),
                    "clear_on_close": boolean,
                    "notify_on_close": boolean,
                },
            ),
            _submit_where_inputs,
        ),
        "home": _view(array(IN_HOME, VIEW_BLOCKS, 0), {}, {}),
    }
)
