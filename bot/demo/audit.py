"""The bot's audit log for the page: its last events, and whether it is whole. Read beside the running bot."""

from __future__ import annotations

import asyncio
from typing import Any

from coupons.audit_words import EVERYTHING
from coupons.recording import Recorded
from storage.errors import AuditBroken, DatabaseRefused
from storage.store import Store

_SHOWN = 100


class AuditReader:
    """The proof is made anew for each new event."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._proof: dict[str, Any] = {}
        self._proved_at = -1

    async def __call__(self) -> dict[str, Any]:
        return await asyncio.to_thread(self._read)

    def _read(self) -> dict[str, Any]:
        try:
            with self._store.read() as rows:
                events = rows.events_of_found(EVERYTHING, limit=_SHOWN)
            head = events[-1].seq if events else 0
            if head != self._proved_at:
                self._proof, self._proved_at = self._prove(), head
        except DatabaseRefused as error:
            return {"events": [], "proof": _broken(str(error))}
        return {"events": [_event(event) for event in reversed(events)], "proof": self._proof}

    def _prove(self) -> dict[str, Any]:
        try:
            found = self._store.verify()
        except AuditBroken as error:
            return _broken(str(error))
        return {
            "good": True,
            "sentence": {
                "en": f"Whole: {found.rows} events, each bound to the one before by its hash.",
                "zh": f"完整：共 {found.rows} 个事件，每个都由哈希与前一个相连。",
            },
            "events": found.rows,
            "head": found.head_hash,
        }


def _broken(why: str) -> dict[str, Any]:
    return {"good": False, "sentence": {"en": why, "zh": why}, "events": 0, "head": None}


def _event(event: Recorded) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.ts / 1000,
        "tag": event.tag,
        "actor": event.actor,
        "request_id": event.request_id,
        "detail": dict(event.detail),
    }
