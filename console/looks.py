"""Who looked at what in the browser: an event, durable before anything is shown."""

from __future__ import annotations

import asyncio

from console.outside import FileRefused, Outside
from console.sessions import Session
from coupons.events import Event, Json, Tag

_MOST = 500


class NotKept(Exception):
    """Nothing may be shown; the sentence says why."""


class Looks:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def leave(self, session: Session, tag: Tag, request: int | None = None, **detail: Json) -> None:
        """No openid may be in `detail`. Raises NotKept."""
        short = {name: value[:_MOST] if isinstance(value, str) else value for name, value in detail.items()}
        event = Event(tag, session.person, request, {"where": "browser", **short})
        try:
            await asyncio.to_thread(self._outside.write, lambda tx: tx.append(event))
        except FileRefused as error:
            raise NotKept(str(error)) from error
