"""Does each request agree with its events? By what they say, whoever wrote them, and how: slow, and exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.errors import AuditBroken
from storage.proof.replay import check_stories

#: Nothing that follows would see what the index shows as another request's.
_MISPLACED = """
select seq from event indexed by event_by_request
where (body ->> '$.request_id') is not request_id or (body ->> '$.tag') is not tag
order by seq limit 1
"""
#: With a condition, since SQLite counts without one in whichever index is the smallest.
_LEFT_OUT = """
select (select count(*) from event indexed by event_by_request where +seq > 0) as entries,
    (select count(*) from event not indexed) as events
"""
#: A request's state is what its last event of these says. Asked request by request, newest first: one or
#: two events are parsed for each, and not all of them.
_STATES = """
select request.id as id, request.state as state, (
    select tag from event
    where event.request_id = request.id
      and tag in ('request:created', 'request:approved', 'request:declined', 'request:cancelled',
                  'request:expired', 'request:sent', 'request:refused', 'request:unknown', 'request:held',
                  'request:retried', 'request:closed', 'undo:created', 'undo:done', 'undo:refused',
                  'attempt:started')
    order by seq desc limit 1
) as tag
from request order by request.id
"""
#: Of one request, newest first.
_STATE_EVENTS = """
select seq, tag from event
where request_id = :id
    and tag in ('request:created', 'request:approved', 'request:declined', 'request:cancelled',
                'request:expired', 'request:sent', 'request:refused', 'request:unknown', 'request:held',
                'request:retried', 'request:closed', 'undo:created', 'undo:done', 'undo:refused',
                'attempt:started')
order by seq desc limit 2
"""
_ORPHANS = """
select seq, request_id from (
    select request_id, min(seq) as seq from event where request_id is not null group by request_id
) as told
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
where event.tag in ('request:created', 'undo:created') and (
    event.actor is not request.requester
    or (event.body ->> '$.detail.undoes') is not request.undoes
    or (event.tag = 'undo:created') is not (request.undoes is not null)
    or (event.body ->> '$.detail.asked_by')
        is not (select requester from request as sent where sent.id = request.undoes)
    or (event.body ->> '$.detail.out_request_no') is not request.out_request_no
    or (event.body ->> '$.detail.customer') is not request.customer
    or coalesce(event.body ->> '$.detail.reason', request.reason) is not request.reason
    or coalesce(event.body ->> '$.detail.ticket', '') is not request.ticket
    or (event.body ->> '$.detail.duplicate_of') is not request.duplicate_of
    or (event.body ->> '$.detail.follows') is not request.follows
    or (event.body ->> '$.detail.batch') is not request.batch
    or (event.body ->> '$.detail.row') is not request.batch_row
)
order by request.id limit 1
"""
#: What an offer that the requester took has changed: then its event says what the request is for.
_STOCKS = """
select request.id as id from request join event on event.request_id = request.id
where event.tag in ('request:created', 'undo:created', 'offer:accepted')
    and event.seq = coalesce(request.offer, (
        select min(seq) from event as made
        where made.request_id = request.id and made.tag in ('request:created', 'undo:created')))
    and (
        (event.tag = 'offer:accepted') is not (request.offer is not null)
        or (event.body ->> '$.detail.stock_id') is not request.stock_id
        or (event.body ->> '$.detail.value_fen') is not request.value_fen
        or (event.body ->> '$.detail.approvals_needed') is not request.approvals_needed
        or coalesce(event.body ->> '$.detail.stock_name', request.stock_name) is not request.stock_name
        or coalesce(event.body ->> '$.detail.rule', 0) is not request.rule
        or coalesce(event.body ->> '$.detail.needs', '') is not request.needs
        or coalesce(event.body ->> '$.detail.raised', '[]') is not
            case request.raised when '' then '[]' else '["' || replace(request.raised, ',', '","') || '"]' end
    )
order by request.id limit 1
"""
#: The last one, by the requester, of what somebody else had offered for this very request.
_OFFERS = """
select request.id as id from request
left join event as accepted on accepted.request_id = request.id and accepted.tag = 'offer:accepted'
left join event as made on made.seq = accepted.body ->> '$.detail.offer'
where request.offer is not (
        select max(seq) from event where event.request_id = request.id and event.tag = 'offer:accepted')
    or (accepted.seq is not null and (
        made.request_id is not request.id or made.tag is not 'offer:made' or made.seq > accepted.seq
        or accepted.actor is not request.requester or made.actor is request.requester
        or (made.body ->> '$.detail.stock_id') is not (accepted.body ->> '$.detail.stock_id')
        or (made.body ->> '$.detail.value_fen') is not (accepted.body ->> '$.detail.value_fen')))
order by request.id limit 1
"""
_WITH_BATCH = """
select request.id as id from request join event on event.request_id = request.id
where event.tag = 'request:approved' and (event.body ->> '$.detail.batch') is not request.batch
order by request.id limit 1
"""
#: Both are read off the clock in one transaction.
_TIMES = """
select request.id as id from request join event on event.request_id = request.id
where abs(event.ts - case event.tag
    when 'request:created' then request.created_at when 'undo:created' then request.created_at
    when 'undo:done' then request.closed_at when 'undo:refused' then request.closed_at
    when 'request:sent' then request.closed_at when 'request:refused' then request.closed_at
    when 'request:declined' then request.closed_at when 'request:cancelled' then request.closed_at
    when 'request:expired' then request.closed_at when 'request:closed' then request.closed_at end) > 60000
union all
select approval.request_id from approval join event on event.request_id = approval.request_id
where event.tag = 'approval:given' and event.actor = approval.approver
    and abs(event.ts - approval.at) > 60000
    -- Of one that was taken back and given again, the last one has the row.
    and not exists (
        select 1 from event as later where later.request_id = event.request_id and later.seq > event.seq
            and later.tag = 'approval:withdrawn'
            and coalesce(later.body ->> '$.detail.approver', later.actor) = approval.approver
    )
order by id limit 1
"""
#: How it ended; what has not ended says nothing of an end.
_ENDS = """
select request.id as id from request left join event on event.request_id = request.id
    and event.tag in ('request:declined', 'request:cancelled', 'request:closed', 'request:refused',
                      'undo:refused')
where (request.closed_at is not null)
        is not (request.state in ('sent', 'refused', 'declined', 'cancelled', 'expired', 'closed', 'undone'))
    or request.closed_by is not case
        when event.tag in ('request:declined', 'request:cancelled', 'request:closed') then event.actor end
    or request.decline_reason is not case when event.tag in ('request:declined', 'request:closed')
        then coalesce(event.body ->> '$.detail.reason', request.decline_reason) else '' end
    or (event.tag in ('request:refused', 'undo:refused')
        and (event.body ->> '$.detail.code') is not request.problem)
order by request.id limit 1
"""
_OWN = """
select request.id as id from request join approval on approval.request_id = request.id
where approval.approver = request.requester
    or approval.approver = (select requester from request as sent where sent.id = request.undoes)
order by request.id limit 1
"""
#: What an undo took back says so, and nothing else does; the customer and the stock are those of the coupon.
_UNDONE = """
select request.id as id from request left join (
    select request_id as undo, body ->> '$.detail.undoes' as sent from event where tag = 'undo:done'
) as done on done.sent = request.id
where request.undone_by is not done.undo
union all
select undo.undoes from request as undo left join request as sent on sent.id = undo.undoes
where undo.undoes is not null and (
    sent.state is not 'sent' or sent.undoes is not null or sent.customer is not undo.customer
    or sent.stock_id is not undo.stock_id or sent.value_fen is not undo.value_fen
    or (undo.state = 'undone') is not (sent.undone_by is undo.id)
    or substr(undo.out_request_no, 1, length(sent.out_request_no) + 2) is not sent.out_request_no || '-d'
)
order by id limit 1
"""
_APPROVALS = """
select request_id as id from (
    select request_id, actor as person, 1 as told, 0 as kept from event
    where tag = 'approval:given' and request_id is not null
    union all
    select request_id, coalesce(body ->> '$.detail.approver', actor), -1, 0 from event
    where tag = 'approval:withdrawn' and request_id is not null
    union all select request_id, approver, 0, 1 from approval
) as either
group by request_id, person having sum(told) <> sum(kept)
order by request_id limit 1
"""
#: Of one that was given again, the last.
_FILLS = """
select approval.request_id as id from approval
where approval.fills is not coalesce((
    select event.body ->> '$.detail.fills' from event
    where event.request_id = approval.request_id and event.tag = 'approval:given'
        and event.actor = approval.approver
    order by event.seq desc limit 1
), '')
order by approval.request_id limit 1
"""

#: What a state's newest telling event may be. An attempt started under doubt leaves the state as it was.
_TELLS = {
    "pending": {"request:created", "undo:created"},
    "approved": {"request:approved", "request:retried"},
    "sending": {"attempt:started"},
    "unknown": {"request:unknown", "attempt:started"},
    "sent": {"request:sent"},
    "refused": {"request:refused", "undo:refused"},
    "held": {"request:held"},
    "declined": {"request:declined"},
    "cancelled": {"request:cancelled"},
    "expired": {"request:expired"},
    "closed": {"request:closed"},
    "undone": {"undo:done"},
}


def compare(database: Any) -> None:
    """Raises AuditBroken at the first that does not.

    `index`: an event is shown as another one, or not at all; `orphan`: its request is not there; `stateless`:
    its request knows nothing of it; `state`: events lead elsewhere; `request`: its row says something else;
    `own`: approved by who asked for it.
    """
    misplaced = database.execute(_MISPLACED).fetchone()
    if misplaced:
        raise AuditBroken(
            "index", f"the index event_by_request shows event #{misplaced['seq']} as another one"
        )
    counted = database.execute(_LEFT_OUT).fetchone()
    if counted["entries"] != counted["events"]:
        raise AuditBroken(
            "index",
            f"the index event_by_request has {counted['entries']} entries for {counted['events']} events",
        )
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
        (_STOCKS, "requester, number, customer, stock, value, need of approvals or reason for it"),
        (_OFFERS, "offer that its requester took"),
        (_CODES, "coupon code"),
        (_APPROVALS, "list of approvers"),
        (_FILLS, "list of what its approvers could give"),
        (_WITH_BATCH, "batch that it was approved with"),
        (_UNDONE, "undo"),
    )
    _name(database, compared)
    check_stories(database)
    _name(database, ((_TIMES, "time of asking, approving or ending"), (_ENDS, "end (when, by whom, why)")))
    own = database.execute(_OWN).fetchone()
    if own:
        raise AuditBroken("own", f"request #{own['id']} was approved by who asked for it")


def _name(database: Any, compared: Sequence[tuple[str, str]]) -> None:
    for sql, what in compared:
        row = database.execute(sql).fetchone()
        if row:
            raise AuditBroken("request", f"request #{row['id']} has another {what} than its events say")


def _other_state(database: Any, request_id: int, state: str) -> AuditBroken:
    """Was the row changed, or is there an event that it never heard of?"""
    tags = database.execute(_STATE_EVENTS, {"id": request_id}).fetchall()
    if not tags:
        return AuditBroken("state", f"request #{request_id} is {state}, but no event tells of it")
    last, *before = tags
    if before and before[0]["tag"] in _TELLS.get(state, set()):
        return AuditBroken(
            "stateless",
            f"event #{last['seq']} says {last['tag']}, but its request #{request_id} is still {state}",
        )
    return AuditBroken("state", f"request #{request_id} is {state}, but its last event says {last['tag']}")
