"""The append-only log: each event's hash covers the hash of the one before.

`hash` = SHA-256 of the 32 bytes of `prev` and the UTF-8 bytes of `body`; the first `prev` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coupons.events import Event, Recorded
from storage.database import open_for_reading

GENESIS = "0" * 64

_HEAD = "select seq, hash from event order by seq desc limit 1"
_APPEND = "insert into event (seq, body, prev, hash) values (:seq, :body, :prev, :hash)"
_BY_SEQ = "select body from event where seq = :seq"
_OF_REQUEST = "select body from event where request_id = :request_id order by seq"
_NEWEST = "select body from event order by seq desc limit :limit"


class EventRows:
    """Over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def append(self, event: Event, now: int) -> int:
        """The head is read inside the same transaction, so nothing can come between."""
        head = self._connection.execute(_HEAD).fetchone()
        seq, prev = (head["seq"] + 1, head["hash"]) if head else (1, GENESIS)
        body = _body(event, seq, now)
        self._connection.execute(
            _APPEND, {"seq": seq, "body": body, "prev": prev, "hash": digest(prev, body.encode())}
        )
        return int(seq)

    def by_seq(self, seq: int) -> Recorded | None:
        row = self._connection.execute(_BY_SEQ, {"seq": seq}).fetchone()
        return None if row is None else recorded(row["body"])

    def of_request(self, request_id: int) -> Sequence[Recorded]:
        rows = self._connection.execute(_OF_REQUEST, {"request_id": request_id}).fetchall()
        return [recorded(row["body"]) for row in rows]


def show(path: Path, *, request_id: int | None = None, limit: int = 50) -> Sequence[Recorded]:
    """One request's story, or the newest events; oldest first. Raises DatabaseRefused."""
    database = open_for_reading(path)
    try:
        if request_id is not None:
            return EventRows(database).of_request(request_id)
        rows = database.execute(_NEWEST, {"limit": limit}).fetchall()
        return [recorded(row["body"]) for row in reversed(rows)]
    finally:
        database.close()


def digest(prev: str, body: bytes) -> str:
    """The hash of an event, lower-case hexadecimal."""
    return hashlib.sha256(bytes.fromhex(prev) + body).hexdigest()


def recorded(body: str) -> Recorded:
    values = json.loads(body)
    return Recorded(
        seq=values["seq"],
        ts=values["ts"],
        tag=values["tag"],
        actor=values["actor"],
        request_id=values["request_id"],
        detail=values["detail"],
    )


def _body(event: Event, seq: int, now: int) -> str:
    _refuse_floats(event.detail)
    values = {
        "seq": seq,
        "ts": now,
        "tag": str(event.tag),
        "actor": event.actor,
        "request_id": event.request_id,
        "detail": dict(event.detail),
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_floats(value: object) -> None:
    """Two programs may write the same float differently, and then nobody can check the hash."""
    if isinstance(value, float):
        raise TypeError(f"an event may hold no float; {value!r} was given")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
