"""Which request numbers stand in Slack already: those of our cards, and what our checkpoints say.

Read at the start. An older file, or a new one, would give the same numbers out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from coupons.numbering import Shown
from handlers.posting import EVENT_TYPE, REQUESTS
from handlers.web_api import ask

_PAGE: Final = 200
#: A card may be posted late, or anew: so many of the newest are looked at, and in so many pages at most.
_CARDS: Final = 50
_PAGES: Final = 20
_CARD: Final = re.compile(r"\d+\.card:(\d{1,15})", re.ASCII)
#: A checkpoint of an older version says how many events there were: more than requests.
_CHECKPOINT: Final = re.compile(r"coupon-checkpoint\s+v1\s+seq=(\d{1,15})\s", re.ASCII)


async def shown_numbers(client: AsyncWebClient, channels: Iterable[str], *, bot_user: str) -> Shown:
    """The highest in these channels. Of posts by `bot_user` alone: others could write anything.

    Raises SlackError.
    """
    found = Shown()
    for channel in channels:
        found = found.or_higher(await _of_channel(client, channel, bot_user))
    return found


async def _of_channel(client: AsyncWebClient, channel: str, bot_user: str) -> Shown:
    found, cards = Shown(), 0
    asked: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True}
    for _ in range(_PAGES):
        page = await ask(client, "conversations.history", **asked)
        for message in page.get("messages") or ():
            if message.get("user") == bot_user:
                shown = _shown_in(message)
                found, cards = found.or_higher(shown), cards + bool(shown.number or shown.events)
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor or cards >= _CARDS:
            break
        asked["cursor"] = cursor
    return found


def _shown_in(message: Mapping[str, Any]) -> Shown:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return Shown()
    payload = metadata.get("event_payload") or {}
    if card := _CARD.fullmatch(str(payload.get("delivery_id") or "")):
        return Shown(number=int(card[1]))
    number = payload.get(REQUESTS)
    if isinstance(number, int):
        return Shown(number=number)
    checkpoint = _CHECKPOINT.search(str(message.get("text") or ""))
    return Shown(events=int(checkpoint[1])) if checkpoint else Shown()
