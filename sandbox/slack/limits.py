"""Whole messages and whole views against Slack's limits, raising the error name Slack gives."""

import json
from typing import Any

from sandbox.slack.block_kit import MESSAGE_BLOCK_LIST, VIEW
from sandbox.slack.errors import JSON, SlackError, refused
from sandbox.slack.shapes import Problems

# Documented nowhere, reported by users: the JSON text of all blocks of one message together.
MESSAGE_BLOCKS_CHARACTERS = 13_200
POST_CHARACTERS = 40_000
UPDATE_CHARACTERS = 4_000
VIEW_BYTES = 250 * 1024
# Slack's own ceiling is not published; metadata should carry ids only, so this one is low on purpose.
METADATA_BYTES = 8 * 1024
EVENT_TYPE_CHARACTERS = 255


def checked_text(value: Any, *, at_most: int) -> str:
    """The message text, "" when absent. Raises SlackError: invalid_arguments, msg_too_long."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise refused("invalid_arguments", ["must provide a string [json-pointer:/text]"])
    if len(value) > at_most:
        raise SlackError("msg_too_long")
    return value


def checked_blocks(value: Any) -> list[JSON]:
    """The blocks, [] when absent. Raises SlackError: invalid_blocks_format, invalid_blocks,
    msg_blocks_too_long."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise SlackError("invalid_blocks_format")
    problems = Problems()
    MESSAGE_BLOCK_LIST(problems, value, "/blocks")
    if problems.lines:
        raise refused("invalid_blocks", problems.lines)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > MESSAGE_BLOCKS_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return value


def checked_metadata(value: Any) -> JSON | None:
    """Raises SlackError: invalid_metadata_format, invalid_metadata_schema, metadata_too_large."""
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or set(value) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    name, payload = value.get("event_type"), value.get("event_payload")
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= EVENT_TYPE_CHARACTERS
        or not isinstance(payload, dict)
    ):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return value


def checked_view(value: Any, *, home: bool) -> JSON:
    """Raises SlackError: invalid_arguments with pointers, view_too_large."""
    if not isinstance(value, dict):
        raise refused("invalid_arguments", ["must provide an object [json-pointer:/view]"])
    if len(json.dumps(value, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = Problems()
    expected = "home" if home else "modal"
    if value.get("type") != expected:
        problems.add(f"must be of type {expected}", "/view/type")
    else:
        VIEW(problems, value, "/view")
    if problems.lines:
        raise refused("invalid_arguments", problems.lines)
    return value


def need_words(text: str, blocks: list[JSON]) -> None:
    """Raises SlackError no_text: a message needs text or blocks."""
    if not text.strip() and not blocks:
        raise SlackError("no_text")
