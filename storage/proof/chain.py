"""The chain: each event's hash covers the hash of the one before. Streaming, in SQLite's own speed.

What is whole is found whole by the hundred, with few objects made. Where a hundred do not come out, their
rows are looked at one by one, by the plain rule, so that the first bad one and its damage can be named.
"""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from storage.audit import GENESIS
from storage.errors import AuditBroken
from storage.proof.damage import broken_hash, broken_link

#: Few enough that they stay in the processor's cache, and a part of the thousand that all of them are of.
_AT_ONCE = 250
#: How an event's number ends in its body, and what follows it there.
_ENDS = tuple(b'%03d,"tag":"' % number for number in range(1000))

LAST = "select coalesce(max(seq), 0) from event"
#: JSON holds no line break of its own, so as many lines as rows are exactly the rows. The order is not asked
#: for, which would cost a copy of each; another one would be found as damage, and then not be there.
_LINES = """
select count(*), group_concat(body, char(10)), group_concat(prev), group_concat(hash)
from event where seq between :first and :last
"""
_ROWS = "select seq, body, prev, hash from event where seq >= :first order by seq"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found whole."""

    rows: int
    head_hash: str


class _Row(NamedTuple):
    seq: int
    body: bytes
    prev: bytes
    hash: bytes

    @property
    def says_its_number(self) -> bool:
        # Without parsing: keys are sorted and detail escapes its quotes, so this stands there only as a key.
        return self.body.rfind(b',"seq":%d,"tag":"' % self.seq) >= 0


def check_chain(database: Any, tell: Callable[[int, int], object]) -> Verified:
    """Raises AuditBroken at the first damage.

    `missing` `inserted` `swapped` `edited` `link` `number`: what is wrong with the row it names.
    """
    with _as_bytes(database.conn) as connection:
        seq, head = 0, GENESIS.encode()
        [last] = connection.execute(LAST).fetchone()
        while seq < last:
            until = min(seq + _AT_ONCE - (seq + 1) % _AT_ONCE, last)
            head = _whole(connection, seq + 1, until, head) or _one_by_one(connection, seq + 1, until, head)
            seq = until
            tell(seq, last)
        # A row before the first is in none of these.
        if next(_rows(connection, -(2**63)), None) != next(_rows(connection, 1), None):
            first = next(_rows(connection, -(2**63)))
            raise AuditBroken("missing", f"event #{first.seq} stands where the log starts with #1")
        return Verified(seq, head.decode())


def _whole(connection: Any, first: int, last: int, head: bytes) -> bytes | None:
    """The new head; None when anything is not as it should be."""
    count, bodies, prevs, stored = connection.execute(_LINES, {"first": first, "last": last}).fetchone()
    if count != last - first + 1:
        return None
    lines = bodies.split(b"\n")
    if len(lines) != count:
        return None
    sha256, digest = hashlib.sha256, bytes.fromhex(head.decode())
    digests = b"".join([digest := sha256(digest + body).digest() for body in lines])
    hashes = hexlify(digests, b",", 32)
    if stored != hashes or prevs != b",".join([head, hashes[:-65]] if count > 1 else [head]):
        return None
    if min(map(bytes.rfind, lines, _numbers(first, last))) < 0:
        return None
    return hexlify(digest)


def _numbers(first: int, last: int) -> list[bytes]:
    """As they stand in the bodies; of one thousand, they differ by their ends alone."""
    thousand, place = divmod(first, 1000)
    if not thousand or last // 1000 != thousand:
        return [b',"seq":%d,"tag":"' % seq for seq in range(first, last + 1)]
    begin = b',"seq":%d' % thousand
    return [begin + end for end in _ENDS[place : place + last - first + 1]]


def _one_by_one(connection: Any, first: int, last: int, head: bytes) -> bytes:
    """The new head, by the plain rule. Raises AuditBroken at the first row that breaks it."""
    expected = first
    for row in _rows(connection, first):
        if row.seq > last:
            break
        if row.seq != expected:
            after = f"after #{expected - 1} comes" if expected > 1 else "the log starts with"
            raise AuditBroken("missing", f"event #{expected} is missing: {after} #{row.seq}")
        if row.prev != head:
            raise broken_link(connection, row.seq, row.prev, head)
        head = hexlify(hashlib.sha256(bytes.fromhex(head.decode()) + row.body).digest())
        if row.hash != head:
            raise broken_hash(connection, row.seq, head)
        if not row.says_its_number:
            raise AuditBroken("number", f"event #{row.seq} does not say in its body that it is #{row.seq}")
        expected = row.seq + 1
    if expected <= last:
        raise AuditBroken("missing", f"event #{expected} is missing: nothing comes after #{expected - 1}")
    return head


def _rows(connection: Any, first: int) -> Iterator[_Row]:
    cursor = connection.execute(_ROWS, {"first": first})
    return (_Row(*each) for each in cursor)


@contextmanager
def _as_bytes(connection: Any) -> Iterator[Any]:
    """Bare tuples, and texts as the bytes that were hashed: no decoding, and none that can fail."""
    kept = connection.row_factory, connection.text_factory
    connection.row_factory, connection.text_factory = None, bytes
    try:
        yield connection
    finally:
        connection.row_factory, connection.text_factory = kept
