"""Do all requests agree with their events? One pass, by comparing text with the text that the bot writes.

It says yes or nothing. What was written otherwise, by an older version or by whoever changed a row, is looked
at by the exact comparison in `comparing`, which names what is wrong, or finds that nothing is.
"""

from __future__ import annotations

from typing import Any

from storage.folding import fits

#: The letters are those of `folding`. A row for each different story, so that few come out of SQLite, which
#: works without the interpreter while it makes them.
#: approved: each approval that is told of has one that is kept, and no two the same one; as there are equally
#: many of both in all, each that is kept is told of, too.
_STORIES = """
select
    story, state, attempts, approvals_needed, closed, given = kept as approved, agrees,
    count(*) as requests, sum(given) as given, sum(events) as events
from (
    select
        request.state, request.attempts, request.approvals_needed,
        group_concat(case event.tag
            when 'attempt:finished' then ''
            when 'attempt:started' then 't' when 'request:created' then 'n' when 'approval:given' then 'g'
            when 'request:approved' then case
                when instr(event.body, '{"actor":"system","detail":{"approvals":[],') = 1
                then 'o' else 'a' end
            when 'request:sent' then 's' when 'request:refused' then 'r' when 'request:unknown' then 'u'
            when 'request:held' then 'h' when 'request:retried' then 'y' when 'request:declined' then 'd'
            when 'request:cancelled' then 'c' when 'request:expired' then 'e' else '' end, '') as story,
        count(*) as events, sum(event.tag = 'approval:given') as given,
        count(distinct approval.id) as kept,
        request.state in ('sent', 'refused', 'declined', 'cancelled', 'expired')
            = (request.closed_at is not null)
            and (request.closed_by is not null) = (request.state in ('declined', 'cancelled'))
            and (request.decline_reason = '' or request.state = 'declined')
            and (request.coupon_code is not null) = (request.state = 'sent') as closed,
        min(case event.tag
            when 'attempt:finished' then 1
            when 'attempt:started' then 1
            when 'request:approved' then 1
            when 'request:created' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.created_at) <= 60000
                and instr(event.body, concat(
                    '{"actor":"', request.requester, '"',
                    ',"detail":{"approvals_needed":', request.approvals_needed,
                    ',"body_sha256":"')) = 1
                and instr(event.body, concat(
                    '","customer":', request.customer,
                    ',"duplicate_of":', coalesce(request.duplicate_of, 'null'),
                    ',"follows":', coalesce(request.follows, 'null'),
                    ',"out_request_no":"', request.out_request_no, '"',
                    ',"raised":', case request.raised when '' then '[]'
                        else '["' || replace(request.raised, ',', '","') || '"]' end,
                    ',"reason":', json_quote(request.reason),
                    ',"rule":', request.rule,
                    ',"stock_id":"', request.stock_id, '"',
                    ',"stock_name":', json_quote(request.stock_name),
                    ',"ticket":', json_quote(request.ticket),
                    ',"value_fen":', request.value_fen, '},"request_id":')) > 0
            when 'approval:given' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - approval.at) <= 60000
                and approval.approver <> request.requester
            when 'request:sent' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at) <= 60000
                and instr(event.body, concat(
                    '"coupon_code":', json_quote(request.coupon_code), '},"request_id":')) > 0
            when 'request:refused' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at) <= 60000
                and instr(event.body, concat(
                    '"detail":{"code":', json_quote(request.problem), ',"verified":')) > 0
            when 'request:declined' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at) <= 60000
                and instr(event.body, concat(
                    '{"actor":"', request.closed_by, '","detail":{"reason":',
                    json_quote(request.decline_reason), '},"request_id":')) = 1
            when 'request:cancelled' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at) <= 60000
                and instr(event.body, concat('{"actor":"', request.closed_by, '","detail":')) = 1
            when 'request:expired' then
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at) <= 60000
            else 1 end) as agrees
    from event indexed by event_by_request
    left join request on request.id = event.request_id
    left join approval on approval.request_id = event.request_id and approval.approver =
        case event.tag when 'approval:given' then substr(event.body, 11, instr(event.body, '","') - 11) end
    where event.request_id is not null
    group by event.request_id
)
group by 1, 2, 3, 4, 5, 6, 7
"""
#: What tells of no request says so in its text.
_OTHERS = """
select count(*) as n, sum((event.body ->> '$.request_id') is not null) as strays
from event indexed by event_by_request where event.request_id is null
"""
_HOW_MANY = """
select (select count(*) from request not indexed) as requests,
    (select count(*) from approval not indexed) as approvals,
    (select coalesce(max(seq), 0) from event) as events
"""


def all_agree(database: Any) -> bool:
    """False: it is not known, and must be looked at exactly."""
    stories = database.execute(_STORIES).fetchall()
    there = database.execute(_HOW_MANY).fetchone()
    others, strays = database.execute(_OTHERS).fetchone()
    # Without these a request without any event, an approval that nobody gave, or an event that the index
    # leaves out would be in no story.
    told = {name: sum(row[name] for row in stories) for name in ("requests", "given", "events")}
    counted = told == {
        "requests": there["requests"],
        "given": there["approvals"],
        "events": there["events"] - others,
    }
    return counted and not strays and all(map(_agrees, stories))


def _agrees(row: Any) -> bool:
    return bool(
        row["closed"]
        and row["approved"]
        and row["agrees"]
        and row["state"] is not None
        and fits(row["story"], row["state"], row["attempts"], row["approvals_needed"])
    )
