"""What stands in the audit channel: the checkpoints that this bot posted there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from handlers.views.thread_replies import CHECKPOINT_MARK
from handlers.web_api import ask

#: Newest messages that are looked through: half a year of daily checkpoints.
_NEWEST: Final = 200
#: Slack gives an emoji back by its name.
_BEGINNINGS: Final = (f"{CHECKPOINT_MARK} ", ":lock_with_ink_pen: ")


@dataclass(frozen=True, slots=True)
class ChannelText:
    """One message's. `by_us`: Slack says that this bot posted it, and it begins as its checkpoints do."""

    text: str
    by_us: bool


async def posted_texts(client: AsyncWebClient, channel: str, *, bot_user: str) -> Sequence[ChannelText]:
    """Of messages by any app, newest first: a signature tells ours, too. Raises SlackError."""
    page = await ask(client, "conversations.history", channel=channel, limit=_NEWEST)
    return [
        ChannelText(_text(found), by_us=found.get("user") == bot_user and _is_checkpoint(found))
        for found in page.get("messages") or ()
        if found.get("bot_id")
    ]


def _is_checkpoint(found: dict[str, Any]) -> bool:
    """Other messages of ours hold what people wrote, who may write a checkpoint into a reason."""
    return str(found.get("text") or "").startswith(_BEGINNINGS)


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
