"""Who looked at what in the browser: an event, durable before anything is shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from console.ports import LogUnavailable, Outside
from console.sessions import Session
from coupons.audit_events import LogAccess

BROWSER: Final = "browser"


class NotKept(Exception):
    """Nothing may be shown; the sentence says why."""


class AccessRecord:
    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def record(self, session: Session, access: LogAccess, request: int | None = None) -> None:
        """No openid may be in it. Raises NotKept."""
        event = replace(access, where=BROWSER).done_by(session.person, request)
        try:
            await asyncio.to_thread(self._outside.write, lambda tx: tx.append(event))
        except LogUnavailable as error:
            raise NotKept(str(error)) from error
