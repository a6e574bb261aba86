"""Is the record whole? Streams the chain, then compares it with the requests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.audit import GENESIS
from storage.database import open_for_reading
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.migrations import GUARDS

#: The columns read out of `body` come with it: a body that is no JSON, or numbered otherwise, shows at once
#: without being parsed in Python.
_CHAIN = "select seq, body, prev, hash, body ->> '$.seq' as said from event order by seq"
_GUARDS = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'event'"

#: A request's state is what its last event of these says.
_STATES = """
with told as (
    select request_id, tag, row_number() over (partition by request_id order by seq desc) as newest
    from event
    where tag in ('request:created', 'request:approved', 'request:declined', 'request:cancelled',
                  'request:expired', 'request:sent', 'request:refused', 'request:unknown', 'request:held',
                  'request:retried', 'attempt:started')
)
select request.id as id, request.state as state, told.tag as tag
from request left join told on told.request_id = request.id and told.newest = 1
order by request.id
"""
_ORPHANS = """
select seq, request_id from event
where request_id is not null and not exists (select 1 from request where request.id = event.request_id)
order by seq limit 1
"""
_CODES = """
select request.id as id from request join event on event.request_id = request.id
where event.tag = 'request:sent' and (event.body ->> '$.detail.coupon_code') is not request.coupon_code
order by request.id limit 1
"""
_APPROVALS = """
select request.id as id from request
where (select count(*) from approval where approval.request_id = request.id)
   <> (select count(distinct actor) from event
       where event.request_id = request.id and event.tag = 'approval:given')
order by request.id limit 1
"""

#: What a state's newest telling event may be. An attempt started under doubt leaves the state as it was.
_TELLS = {
    "pending": {"request:created"},
    "approved": {"request:approved", "request:retried"},
    "sending": {"attempt:started"},
    "unknown": {"request:unknown", "attempt:started"},
    "sent": {"request:sent"},
    "refused": {"request:refused"},
    "held": {"request:held"},
    "declined": {"request:declined"},
    "cancelled": {"request:cancelled"},
    "expired": {"request:expired"},
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found whole."""

    rows: int
    head_hash: str


def verify(path: Path) -> Verified:
    """Check guards, chain and requests. Raises AuditBroken at the first damage, DatabaseRefused."""
    database = open_for_reading(path)
    try:
        database.execute("begin")  # one moment for all of it, while the bot goes on writing
        _check_guards(database)
        found = _check_chain(database)
        _check_requests(database)
    except sqlite3.DatabaseError as error:
        raise AuditBroken("unreadable", f"the file cannot be read to its end: {error}") from error
    else:
        return found
    finally:
        database.close()


def _check_guards(database: Any) -> None:
    there = {row["name"]: row["sql"] for row in database.execute(_GUARDS)}
    for name, sql in GUARDS.items():
        if name not in there:
            raise AuditBroken("guard_missing", f"the trigger {name} is missing from the table event")
        if there[name].casefold().split() != sql.casefold().split():
            raise AuditBroken("guard_changed", f"the trigger {name} is not the one that was made")


def _check_chain(database: Any) -> Verified:
    """The hot path: one SHA-256 and a few comparisons for each row."""
    sha256, fromhex = hashlib.sha256, bytes.fromhex
    expected, head, head_bytes = 1, GENESIS, bytes(32)
    for row in database.execute(_CHAIN):
        seq, body, prev, told, said = row
        if seq != expected:
            raise AuditBroken("missing", f"event #{expected} is missing: after #{expected - 1} comes #{seq}")
        if prev != head:
            raise AuditBroken("link", f"event #{seq} does not follow #{seq - 1}: its prev is another hash")
        digest = sha256(head_bytes + body.encode()).hexdigest()
        if digest != told:
            raise AuditBroken("edited", f"event #{seq} was changed: its body does not give its hash")
        if said != seq:
            raise AuditBroken("number", f"event #{seq} says in its body that it is #{said}")
        head, head_bytes = told, fromhex(told)
        expected += 1
    return Verified(expected - 1, head)


def _check_requests(database: Any) -> None:
    for row in database.execute(_STATES):
        if row["tag"] not in _TELLS.get(row["state"], set()):
            told = f"its last event says {row['tag']}" if row["tag"] else "no event tells of it"
            raise AuditBroken("state", f"request #{row['id']} is {row['state']}, but {told}")
    orphan = database.execute(_ORPHANS).fetchone()
    if orphan:
        raise AuditBroken(
            "orphan", f"event #{orphan['seq']} tells of request #{orphan['request_id']}, which is not there"
        )
    for sql, what in ((_CODES, "coupon code"), (_APPROVALS, "number of approvals")):
        row = database.execute(sql).fetchone()
        if row:
            raise AuditBroken("state", f"request #{row['id']} has another {what} than its events say")
