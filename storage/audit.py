"""The append-only log: each event's hash covers the hash of the one before.

`hash` = SHA-256 of the 32 bytes of `prev` and the UTF-8 bytes of `body`; the first `prev` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from coupons.ports import Clock
from coupons.recording import Event, Json, Recorded
from storage.base_rows import BaseRows, storable
from storage.dialect_sqlite import FOURS, LISTED, LISTED_TAGS
from storage.errors import AuditBroken
from storage.full_text import EventTexts

GENESIS = "0" * 64
#: The end of the year 9998, in UTC milliseconds: what comes later is no time that can be told.
_LAST_MS = 253_370_764_800_000

_NEWEST_TS = "select coalesce(ts, 0) as ts from event order by seq desc limit 1"
_HEAD = "select seq, hash from event order by seq desc limit 1"
_APPEND = f"insert into event (seq, body, prev, hash) {FOURS}"
_HASH = "select hash from event where seq = :seq"
_BY_SEQ = "select seq, body from event where seq = :seq"
_OF_REQUEST = "select seq, body from event where request_id = :request_id order by seq"
#: The index tells the tags, so that the other events are not even read.
_OF_TAGS = f"""
select seq, body from event where request_id = :request_id and tag in {LISTED} order by seq
"""
_OF_TAGS_OF_MANY = f"""
select seq, body from event where request_id in {LISTED} and tag in {LISTED_TAGS} order by request_id, seq
"""

#: One text for one event, whoever writes it.
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class EventRows(BaseRows):
    """Written once, never changed."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        super().__init__(connection, clock)
        #: Of the last event that was appended here: while the transaction lasts, nobody else appends.
        self._appended: tuple[int, str] | None = None
        self._not_indexed: list[tuple[int, Mapping[str, Json]]] = []
        self._indexed_later = 0

    def begin_job(self) -> None:
        super().begin_job()
        self._indexed_later = len(self._not_indexed)

    def undo_job(self) -> None:
        super().undo_job()
        self._appended = None
        del self._not_indexed[self._indexed_later :]

    def append(self, event: Event) -> int:
        return self.append_all([event])

    def append_all(self, events: Sequence[Event]) -> int:
        """The head is read inside the same transaction, so nothing can come between. Raises AuditBroken."""
        seq, prev = self._appended or self.head()
        rows = []
        for seq, event in enumerate(events, seq + 1):  # noqa: B020 - on from the last one
            detail = cast("dict[str, Json]", _value(event.detail))
            body = _body(event, detail, seq, self._clock())
            hash_ = digest(prev, body.encode())
            rows.append((seq, body, prev, hash_))
            self._not_indexed.append((seq, detail))
            prev = hash_
        if rows and self._connection.execute(_APPEND, {"rows": json.dumps(rows)}).rowcount != len(rows):
            # A trigger that is not ours could ignore it, and then what it tells of must not be done either.
            raise AuditBroken("guard_changed", f"event #{seq} was not written: a trigger is in its way")
        self._appended = seq, prev
        return seq

    def index_words(self) -> None:
        """To be called once in a transaction, at its end: what is asked or written between two events makes
        FTS5 write its words out, each time as a segment of their own.
        """
        EventTexts(self._connection).add(self._not_indexed)
        self._not_indexed.clear()

    def head(self) -> tuple[int, str]:
        head = self._connection.execute(_HEAD).fetchone()
        return (int(head["seq"]), str(head["hash"])) if head else (0, GENESIS)

    def newest_ts(self) -> int | None:
        """When the newest event was written; None when there is none."""
        newest = self._connection.execute(_NEWEST_TS).fetchone()
        return None if newest is None else int(newest["ts"])

    def hash_of(self, seq: int) -> str | None:
        if seq == 0:
            return GENESIS
        row = self._connection.execute(_HASH, {"seq": seq}).fetchone()
        return None if row is None else str(row["hash"])

    def event(self, seq: int) -> Recorded | None:
        row = self._connection.execute(_BY_SEQ, {"seq": seq}).fetchone()
        return None if row is None else recorded(row["seq"], row["body"])

    def events_of(self, request_id: int, tags: Collection[str] = ()) -> Sequence[Recorded]:
        values: dict[str, Any] = {"request_id": request_id}
        if tags:
            values["listed"] = json.dumps(sorted(tags))
        rows = self._connection.execute(_OF_TAGS if tags else _OF_REQUEST, values).fetchall()
        return [recorded(row["seq"], row["body"]) for row in rows]

    def events_of_many(
        self, request_ids: Collection[int], tags: Collection[str]
    ) -> Mapping[int, Sequence[Recorded]]:
        values = {"listed": json.dumps(list(request_ids)), "tags": json.dumps(sorted(tags))}
        found: dict[int, list[Recorded]] = {}
        for row in self._connection.execute(_OF_TAGS_OF_MANY, values).fetchall():
            event = recorded(row["seq"], row["body"])
            if event.request_id is not None:
                found.setdefault(event.request_id, []).append(event)
        return found


def digest(prev: str, body: bytes) -> str:
    """The hash of an event, lower-case hexadecimal."""
    return hashlib.sha256(bytes.fromhex(prev) + body).hexdigest()


def recorded(seq: int, body: str) -> Recorded:
    """Raises AuditBroken: the body is not what `append` writes."""
    try:
        values = json.loads(body)
        event = Recorded(
            seq=values["seq"],
            ts=values["ts"],
            tag=values["tag"],
            actor=values["actor"],
            request_id=values["request_id"],
            detail=values["detail"],
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditBroken("number", f"the body of event #{seq} is not an event's JSON") from error
    # What somebody put there must not stop whoever looks at it.
    texts = isinstance(event.tag, str) and isinstance(event.actor, str) and isinstance(event.detail, dict)
    numbers = isinstance(event.seq, int) and isinstance(event.ts, int) and abs(event.ts) < _LAST_MS
    if not (texts and numbers and isinstance(event.request_id, int | None)):
        raise AuditBroken("number", f"the body of event #{seq} is not what an event says")
    return event


def _body(event: Event, detail: Mapping[str, Json], seq: int, now: int) -> str:
    values = {
        "seq": seq,
        "ts": now,
        "tag": str(event.tag),
        "actor": storable(event.actor),
        "request_id": event.request_id,
        "detail": detail,
    }
    return _JSON.encode(values)


def _value(value: object) -> Json:
    """The same value, its text storable. Raises TypeError."""
    if isinstance(value, float):
        # Two programs may write the same float differently, and then nobody can check the hash.
        raise TypeError(f"an event may hold no float; {value!r} was given")
    if isinstance(value, str):
        return storable(str(value))
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        return [_value(inner) for inner in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        # JSON would turn keys of other kinds into text.
        return {storable(str(key)): _value(inner) for key, inner in value.items()}
    raise TypeError(
        "an event's detail is made of text, whole numbers, true, false, null, lists and objects with text "
        f"keys; a {type(value).__name__} was given"
    )
