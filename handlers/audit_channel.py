"""What stands in the audit channel: the checkpoints that this bot posted there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from handlers.web_api import ask

#: Newest messages that are looked through: half a year of daily checkpoints.
_NEWEST: Final = 200


async def posted_texts(client: AsyncWebClient, channel: str) -> Sequence[str]:
    """Of messages by any app, newest first: a signature, not a name, tells ours. Raises SlackError."""
    page = await ask(client, "conversations.history", channel=channel, limit=_NEWEST)
    return [_text(found) for found in page.get("messages") or () if found.get("bot_id")]


def _text(found: dict[str, Any]) -> str:
    """Blocks and all: where the line stands is not promised."""
    return "\n".join([str(found.get("text") or ""), *_written(found.get("blocks"))])


def _written(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for each in part for text in _written(each)]
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() for text in _written(value)]
    return []
