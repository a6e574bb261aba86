"""Is the record whole? The guards, the chain, and the requests that it tells of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from storage.agreeing import all_agree
from storage.chain import Verified, check_chain
from storage.database import open_for_reading
from storage.driver import sqlite3
from storage.errors import AuditBroken
from storage.folding import check_stories
from storage.migrations import GUARDS

_GUARDS = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'event'"

#: A request's state is what its last event of these says. Asked request by request, newest first: one or
#: two events are parsed for each, and not all of them.
_STATES = """
select request.id as id, request.state as state, (
    select tag from event
    where event.request_id = request.id
      and tag in ('request:created', 'request:approved', 'request:declined', 'request:cancelled',
                  'request:expired', 'request:sent', 'request:refused', 'request:unknown', 'request:held',
                  'request:retried', 'attempt:started')
    order by seq desc limit 1
) as tag
from request order by request.id
"""
#: Of one request, newest first.
_TOLD = """
select seq, tag from event
where request_id = :id
    and tag in ('request:created', 'request:approved', 'request:declined', 'request:cancelled',
                'request:expired', 'request:sent', 'request:refused', 'request:unknown', 'request:held',
                'request:retried', 'attempt:started')
order by seq desc limit 2
"""
_ORPHANS = """
select seq, request_id from (
    select request_id, min(seq) as seq from event where request_id is not null group by request_id
)
where request_id not in (select id from request)
order by seq limit 1
"""
_CODES = """
select request.id as id from request join event on event.request_id = request.id
where event.tag = 'request:sent' and (event.body ->> '$.detail.coupon_code') is not request.coupon_code
order by request.id limit 1
"""
#: What money hangs on, and what no step of a request's life changes. Events of before the third schema say
#: nothing of ticket, rule and the like; their rows have the defaults.
_TERMS = """
select request.id as id from request join event on event.request_id = request.id
where event.tag = 'request:created' and (
    event.actor is not request.requester
    or (event.body ->> '$.detail.out_request_no') is not request.out_request_no
    or (event.body ->> '$.detail.customer') is not request.customer
    or (event.body ->> '$.detail.stock_id') is not request.stock_id
    or (event.body ->> '$.detail.value_fen') is not request.value_fen
    or (event.body ->> '$.detail.approvals_needed') is not request.approvals_needed
    or coalesce(event.body ->> '$.detail.reason', request.reason) is not request.reason
    or coalesce(event.body ->> '$.detail.stock_name', request.stock_name) is not request.stock_name
    or coalesce(event.body ->> '$.detail.ticket', '') is not request.ticket
    or coalesce(event.body ->> '$.detail.rule', 0) is not request.rule
    or coalesce(event.body ->> '$.detail.raised', '[]') is not
        case request.raised when '' then '[]' else '["' || replace(request.raised, ',', '","') || '"]' end
    or (event.body ->> '$.detail.duplicate_of') is not request.duplicate_of
    or (event.body ->> '$.detail.follows') is not request.follows
)
order by request.id limit 1
"""
_APPROVALS = """
select request_id as id from (
    select request_id, actor as person, 1 as told, 0 as kept from event where tag = 'approval:given'
    union all select request_id, approver, 0, 1 from approval
)
group by request_id, person having sum(told) <> sum(kept)
order by request_id limit 1
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


def verify(path: Path, tell: Callable[[int, int], object] = lambda _place, _last: None) -> Verified:
    """Check guards, chain and requests. Raises AuditBroken at the first damage, DatabaseRefused.

    `tell` hears again and again which event was reached, and which is the last.
    """
    beside = open_for_reading(path)
    database = open_for_reading(path)
    try:
        # One moment each, while the bot goes on writing; the requests' is the older one, so that every event
        # they are compared with is in the chain that is checked.
        for connection in (beside, database):
            connection.execute("begin")
            connection.execute("select 1 from sqlite_master limit 1").fetchone()
        _check_guards(database)
        # SQLite works outside the interpreter's lock: on a second core the comparison costs no time.
        with ThreadPoolExecutor(1) as second:
            compared = second.submit(_check_requests, beside)
            found = check_chain(database, tell)
        compared.result()
    except sqlite3.DatabaseError as error:
        raise AuditBroken("unreadable", f"the file cannot be read to its end: {error}") from error
    else:
        return found
    finally:
        database.close()
        beside.close()


def _check_guards(database: Any) -> None:
    there = {row["name"]: row["sql"] for row in database.execute(_GUARDS)}
    for name, sql in GUARDS.items():
        if name not in there:
            raise AuditBroken("guard_missing", f"the trigger {name} is missing from the table event")
        if there[name].casefold().split() != sql.casefold().split():
            raise AuditBroken("guard_changed", f"the trigger {name} is not the one that was made")
    for name in there.keys() - GUARDS.keys():
        raise AuditBroken("guard_changed", f"the table event has a trigger that is not ours: {name}")


def _check_requests(database: Any) -> None:
    """Raises AuditBroken: `orphan`, `stateless`, `state` (events lead elsewhere), `request` (row changed)."""
    if all_agree(database):
        return
    for row in database.execute(_STATES):
        if row["tag"] not in _TELLS.get(row["state"], set()):
            raise _other_state(database, row["id"], row["state"])
    orphan = database.execute(_ORPHANS).fetchone()
    if orphan:
        raise AuditBroken(
            "orphan", f"event #{orphan['seq']} tells of request #{orphan['request_id']}, which is not there"
        )
    compared = (
        (_TERMS, "requester, number, customer, stock, value, need of approvals or reason for it"),
        (_CODES, "coupon code"),
        (_APPROVALS, "list of approvers"),
    )
    for sql, what in compared:
        row = database.execute(sql).fetchone()
        if row:
            raise AuditBroken("request", f"request #{row['id']} has another {what} than its events say")
    check_stories(database)


def _other_state(database: Any, request_id: int, state: str) -> AuditBroken:
    """Was the row changed, or is there an event that it never heard of?"""
    told = database.execute(_TOLD, {"id": request_id}).fetchall()
    if not told:
        return AuditBroken("state", f"request #{request_id} is {state}, but no event tells of it")
    last, *before = told
    if before and before[0]["tag"] in _TELLS.get(state, set()):
        return AuditBroken(
            "stateless",
            f"event #{last['seq']} says {last['tag']}, but its request #{request_id} is still {state}",
        )
    return AuditBroken("state", f"request #{request_id} is {state}, but its last event says {last['tag']}")
