"""Does each batch agree with its events? Who approved it gave leave to all of its lines."""

from __future__ import annotations

from typing import Any, Final

from storage.errors import AuditBroken

#: Events of batches name no request, and these few alone are parsed.
_EVENTS: Final = """
tells as materialized (
    select seq, ts, tag, actor, body ->> '$.detail.batch' as batch, body from event
    where tag in ('batch:created', 'batch:approved', 'batch:declined', 'batch:expired', 'batch:cancelled',
                  'batch:paused', 'batch:resumed', 'batch:done', 'batch:struck')
    union all
    select seq, ts, tag, actor, body ->> '$.detail.batch', body from event
    where tag = 'approval:given' and request_id is null
)
"""
_ORPHANS: Final = (
    f"with {_EVENTS} select seq, batch from tells where batch not in (select id from batch) limit 1"
)
_STATES: Final = f"""
with {_EVENTS}
select batch.id, batch.state, (
    select tag from tells where tells.batch = batch.id and tells.tag not in ('approval:given', 'batch:struck')
    order by seq desc limit 1
) as tag, (select count(*) from tells where tells.batch = batch.id and tells.tag = 'batch:created') as made
from batch where batch.state not in ('draft', 'discarded') order by batch.id
"""
#: The last events of a batch in each state.
_TELLS: Final = {
    "pending": {"batch:created"},
    "approved": {"batch:approved"},
    "running": {"batch:approved", "batch:resumed"},
    "paused": {"batch:paused"},
    "done": {"batch:done"},
    "declined": {"batch:declined"},
    "cancelled": {"batch:cancelled"},
    "expired": {"batch:expired"},
}
_TERMS: Final = f"""
with {_EVENTS}
select batch.id from batch join tells on tells.batch = batch.id and tells.tag = 'batch:created'
where tells.actor is not batch.requester
    or (tells.body ->> '$.detail.sha256') is not batch.sha256
    or (tells.body ->> '$.detail.file_name') is not batch.file_name
    or (tells.body ->> '$.detail.approvals_needed') is not batch.approvals_needed
    or (tells.body ->> '$.detail.rule') is not batch.rule
    or (tells.body ->> '$.detail.highest_fen') is not batch.highest_fen
    or (tells.body ->> '$.detail.raised') is not
        case batch.raised when '' then '[]' else '["' || replace(batch.raised, ',', '","') || '"]' end
    or (tells.body ->> '$.detail.approvers') is not
        case batch.approvers when '' then '[]' else '["' || replace(batch.approvers, ',', '","') || '"]' end
    or coalesce(tells.body ->> '$.detail.needs', '') is not batch.needs
    or (tells.body ->> '$.detail.size') is not (select count(*) from request where request.batch = batch.id)
    or (tells.body ->> '$.detail.value_fen')
        is not (select coalesce(sum(value_fen), 0) from request where request.batch = batch.id)
order by batch.id limit 1
"""
#: Each row that was struck out, and its line as it stands.
_STRUCK: Final = f"""
{_EVENTS},
struck as materialized (
    select tells.batch, tells.actor, rows.value as row, request.state, request.closed_by, request.value_fen
    from tells, json_each(tells.body, '$.detail.rows') as rows
    left join request on request.batch = tells.batch and request.batch_row = rows.value
    where tells.tag = 'batch:struck'
)
"""
#: What is left once these are, and what its requester withdrew before it was decided.
_SUMS: Final = f"""
with {_STRUCK},
decided as (
    select batch, min(seq) as seq from tells
    where tag in ('batch:approved', 'batch:declined', 'batch:expired', 'batch:cancelled') group by batch
),
taken as (
    select batch, value_fen from struck
    union all
    select request.batch, request.value_fen from request
    join event on event.request_id = request.id and event.tag = 'request:cancelled'
    left join decided on decided.batch = request.batch
    where request.batch is not null and request.state = 'cancelled'
        and (decided.seq is null or event.seq < decided.seq)
)
select batch.id from batch join tells on tells.batch = batch.id and tells.tag = 'batch:created'
left join (
    select batch, count(*) as n, coalesce(sum(value_fen), 0) as fen from taken group by batch
) as gone on gone.batch = batch.id
where batch.size is not (tells.body ->> '$.detail.size') - coalesce(gone.n, 0)
    or batch.value_fen is not (tells.body ->> '$.detail.value_fen') - coalesce(gone.fen, 0)
    or batch.left_out is not (tells.body ->> '$.detail.left_out') + coalesce(gone.n, 0)
order by batch.id limit 1
"""
_STRUCK_LINES: Final = f"""
with {_STRUCK}
select batch, row from struck
where state is not 'declined' or closed_by is not actor
order by batch, row limit 1
"""
#: Both are read off the clock in one transaction.
_ENDS: Final = f"""
with {_EVENTS}
select batch.id from batch left join tells on tells.batch = batch.id
    and tells.tag in ('batch:declined', 'batch:expired', 'batch:cancelled', 'batch:done')
where batch.state not in ('draft', 'discarded') and (
    (batch.closed_at is null) is not (tells.seq is null)
    or abs(batch.closed_at - tells.ts) > 60000
    or (tells.tag in ('batch:declined', 'batch:cancelled') and batch.closed_by is not tells.actor)
    or batch.decline_reason is not
        case tells.tag when 'batch:declined' then tells.body ->> '$.detail.reason' else '' end
)
order by batch.id limit 1
"""
_APPROVALS: Final = f"""
with {_EVENTS}
select batch from (
    select batch, actor as person, seq, coalesce(body ->> '$.detail.fills', '') as fills,
        1 as said, 0 as noted
    from tells where tag = 'approval:given'
    union all select batch, approver, seq, fills, 0, 1 from batch_approval
) as approvals
group by batch, person, seq, fills having sum(said) <> sum(noted) order by batch limit 1
"""
_OWN: Final = """
select batch.id from batch join batch_approval on batch_approval.batch = batch.id
where batch_approval.approver = batch.requester order by batch.id limit 1
"""
#: Approvals that came later count for nothing.
_LACKING: Final = f"""
with {_EVENTS}
select id, needed, given from (
    select batch.id as id, batch.approvals_needed as needed, (
        select count(distinct given.actor) from tells as given
        where given.batch = batch.id and given.tag = 'approval:given' and given.seq < tells.seq
    ) as given
    from batch join tells on tells.batch = batch.id and tells.tag = 'batch:approved'
) as approved
where needed < 1 or given < needed order by id limit 1
"""
_UNAPPROVED: Final = f"""
with {_EVENTS}
select request.id, request.batch from request
where request.batch is not null
    and request.state not in ('pending', 'declined', 'cancelled', 'expired')
    and request.batch not in (select batch from tells where tag = 'batch:approved')
order by request.id limit 1
"""


def check_batches(database: Any) -> None:
    """Raises AuditBroken: `batch`, at the first that does not agree."""
    orphan = database.execute(_ORPHANS).fetchone()
    if orphan:
        raise AuditBroken(
            "orphan", f"event #{orphan['seq']} tells of batch {orphan['batch']}, which is not there"
        )
    for row in database.execute(_STATES):
        if row["made"] != 1 or row["tag"] not in _TELLS.get(row["state"], set()):
            says = f"its last event says {row['tag']}" if row["tag"] else "no event tells of it"
            raise AuditBroken("batch", f"batch {row['id']} is {row['state']}, but {says}")
    for sql, what in (
        (_TERMS, "has another requester, file, size, value, need of approvals or reason for it"),
        (_SUMS, "has another size, value or count of what is left out"),
        (_ENDS, "has another end (when, by whom, why)"),
        (_APPROVALS, "has another list of approvers"),
    ):
        row = database.execute(sql).fetchone()
        if row:
            raise AuditBroken("batch", f"batch {row[0]} {what} than its events say")
    struck = database.execute(_STRUCK_LINES).fetchone()
    if struck:
        raise AuditBroken(
            "batch",
            f"row {struck['row']} of batch {struck['batch']} was struck out, and its request is not declined "
            "by who did that",
        )
    own = database.execute(_OWN).fetchone()
    if own:
        raise AuditBroken("own", f"batch {own['id']} was approved by who asked for it")
    lacking = database.execute(_LACKING).fetchone()
    if lacking:
        raise AuditBroken(
            "batch",
            f"batch {lacking['id']} was approved with {lacking['given']} of the {lacking['needed']} "
            "approvals it needs",
        )
    line = database.execute(_UNAPPROVED).fetchone()
    if line:
        raise AuditBroken(
            "batch",
            f"request #{line['id']} goes on, but no event says that its batch {line['batch']} was approved",
        )
