"""What happened to a row whose place in the chain is wrong? Looked for only once damage was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.audit import digest
from storage.errors import AuditBroken

#: Texts as bytes, so that nothing that was put there can fail to be decoded.
_NEAR = """
select seq, cast(body as blob) as body, cast(prev as blob) as prev, cast(hash as blob) as hash
from event where seq between :seq - 2 and :seq + 1
"""
_AT = """
select seq, cast(body as blob) as body, cast(prev as blob) as prev, cast(hash as blob) as hash
from event where seq = :seq
"""


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    body: bytes
    prev: bytes
    hash: bytes

    @property
    def says(self) -> int | None:
        """Which event it is by its body; None when that is no event's JSON."""
        try:
            seq = json.loads(self.body)["seq"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return seq if isinstance(seq, int) else None

    @property
    def holds(self) -> bool:
        """Its body gives its hash."""
        try:
            return digest(self.prev.decode("ascii"), self.body).encode() == self.hash
        except ValueError:
            return False


def broken_link(connection: Any, seq: int, prev: bytes, head: bytes) -> AuditBroken:
    """Row `seq` has another `prev` than `head`, the hash of the row before: swapped, missing or inserted?"""
    near = _near(connection, seq)
    here, before, after = near[seq], near.get(seq - 1), near.get(seq + 1)
    if swapped := _swapped(connection, here):
        return swapped
    two_before = near.get(seq - 2)
    if before and here.holds and prev == (two_before.hash if two_before else b"0" * 64):
        return AuditBroken(
            "inserted", f"event #{before.seq} does not belong: #{seq} follows {_what(before.seq - 1)}"
        )
    if after and after.prev == head:
        return AuditBroken("inserted", f"event #{seq} does not belong: #{after.seq} follows #{seq - 1}")
    if here.holds and here.says is not None and here.says > seq:
        return AuditBroken("missing", f"event #{seq} is missing: in its place stands #{here.says}")
    return AuditBroken("link", f"event #{seq} does not follow {_what(seq - 1)}: its prev is another hash")


def broken_hash(connection: Any, seq: int, head: bytes) -> AuditBroken:
    """Row `seq` has another hash than `head`, which its body gives."""
    near = _near(connection, seq)
    here, after = near[seq], near.get(seq + 1)
    if swapped := _swapped(connection, here):
        return swapped
    if after and after.prev == head:
        return AuditBroken(
            "edited", f"event #{seq} was changed: its hash is another than the one #{after.seq} follows"
        )
    return AuditBroken("edited", f"event #{seq} was changed: its body does not give its hash")


def _swapped(connection: Any, here: _Row) -> AuditBroken | None:
    """Two that stand in each other's place, by what their bodies say."""
    if here.says is None or here.says == here.seq:
        return None
    row = _rows(connection, _AT, here.says).get(here.says)
    if row is None or row.says != here.seq:
        return None
    first, second = sorted((here.seq, here.says))
    return AuditBroken("swapped", f"events #{first} and #{second} were swapped")


def _near(connection: Any, seq: int) -> Mapping[int, _Row]:
    return _rows(connection, _NEAR, seq)


def _rows(connection: Any, sql: str, seq: int) -> Mapping[int, _Row]:
    cursor = connection.cursor()
    cursor.row_factory = None
    return {row[0]: _Row(*row) for row in cursor.execute(sql, {"seq": seq})}


def _what(seq: int) -> str:
    return f"#{seq}" if seq else "nothing"
