"""Where several groups were asked: did the approvals that came fill every part? By matching, as at the click.

The rows were compared with the events before; what each approver could fill then stands in both.
"""

from __future__ import annotations

from typing import Any, Final

from coupons.needs import are_filled, read_fills, read_needs
from storage.errors import AuditBroken

#: Each different story once, with the first that has it: there are few. Approvals that were taken back or
#: came later count for nothing.
_REQUESTS: Final = """
select needs, approvals_needed, given, min(id) as id from (
    select id, needs, approvals_needed, group_concat(fills, ';') as given from (
        select request.id, request.needs, request.approvals_needed,
            coalesce(given.body ->> '$.detail.fills', '') as fills
        from request
        cross join event as approved indexed by event_by_request
            on approved.request_id = request.id and approved.tag = 'request:approved'
        cross join event as given indexed by event_by_request
            on given.request_id = request.id and given.tag = 'approval:given' and given.seq < approved.seq
        where request.needs <> '' and request.batch is null and not exists (
            select 1 from event as back indexed by event_by_request
            where back.request_id = request.id and back.tag = 'approval:withdrawn'
                and coalesce(back.body ->> '$.detail.approver', back.actor) = given.actor
                and back.seq between given.seq and approved.seq
        )
        order by request.id, given.seq
    )
    group by id
)
group by needs, approvals_needed, given order by id
"""
_BATCHES: Final = """
select id, needs, approvals_needed, group_concat(fills, ';') as given from (
    select batch.id, batch.needs, batch.approvals_needed, given.fills
    from batch join batch_approval as given on given.batch = batch.id
    where batch.needs <> '' and batch.state in ('approved', 'running', 'paused', 'done')
    order by batch.id, given.seq
)
group by id order by id
"""
#: A line asks for what its batch does.
_LINES: Final = """
select request.id from request join batch on batch.id = request.batch
where request.needs <> batch.needs order by request.id limit 1
"""


def check_needs(database: Any) -> None:
    """Raises AuditBroken: `state`, `batch`."""
    for kind, name, sql in (("state", "request #", _REQUESTS), ("batch", "batch ", _BATCHES)):
        for row in database.execute(sql):
            if not _is_filled(row):
                raise AuditBroken(
                    kind,
                    f"{name}{row['id']} was approved, and its approvals do not fill all parts of its need",
                )
    line = database.execute(_LINES).fetchone()
    if line is not None:
        raise AuditBroken("batch", f"request #{line['id']} needs other approvals than its batch")


def _is_filled(row: Any) -> bool:
    try:
        needs, given = read_needs(row["needs"]), map(read_fills, row["given"].split(";"))
        return needs.total == row["approvals_needed"] and are_filled(needs, given)
    except ValueError:
        return False
