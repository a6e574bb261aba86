"""Do all requests agree with their events? One pass, by comparing text with the text that the bot writes.

It says yes or nothing. What was written otherwise, by an older version or by whoever changed a row, is looked
at by the exact comparison in `proof`, which names what is wrong, or finds that nothing is.
"""

from __future__ import annotations

from typing import Any

from storage.folding import fits

#: The letters are those of `folding`. A row for each different story, so that few come out of SQLite, which
#: works without the interpreter while it makes them. Who gave an approval is read from the text, and in all
#: other events is nobody.
_STORIES = """
select
    story, state, attempts, approvals_needed, agrees, given = kept as approvals_agree,
    count(*) as requests, sum(given) as given
from (
    select
        request.state, request.attempts, request.approvals_needed,
        group_concat(case event.tag
            when 'attempt:finished' then ''
            when 'request:created' then 'n' when 'approval:given' then 'g' when 'attempt:started' then 't'
            when 'request:approved' then case
                when instr(event.body, '{"actor":"system","detail":{"approvals":[],') = 1
                then 'o' else 'a' end
            when 'request:sent' then 's' when 'request:refused' then 'r' when 'request:unknown' then 'u'
            when 'request:held' then 'h' when 'request:retried' then 'y' when 'request:declined' then 'd'
            when 'request:cancelled' then 'c' when 'request:expired' then 'e' else '' end, '') as story,
        sum(event.tag = 'approval:given') as given, count(approval.id) as kept,
        min(case event.tag
            when 'request:created' then instr(event.body, concat(
                '{"actor":"', request.requester, '"',
                ',"detail":{"approvals_needed":', request.approvals_needed,
                ',"customer":', request.customer,
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
                ',"value_fen":', request.value_fen, '},"request_id":')) = 1
            when 'request:sent' then instr(event.body, concat(
                '"coupon_code":', json_quote(request.coupon_code), '},"request_id":')) > 0
            else 1 end) as agrees
    from event indexed by event_by_request
    left join request on request.id = event.request_id
    left join approval on approval.request_id = event.request_id and approval.approver =
        case event.tag when 'approval:given' then substr(event.body, 11, instr(event.body, '","') - 11) end
    where event.request_id is not null
    group by event.request_id
)
group by 1, 2, 3, 4, 5, 6
"""
_HOW_MANY = "select (select count(*) from request) as requests, (select count(*) from approval) as approvals"


def all_agree(database: Any) -> bool:
    """False: it is not known, and must be looked at exactly."""
    stories = database.execute(_STORIES).fetchall()
    there = database.execute(_HOW_MANY).fetchone()
    # Without these two a request without any event, or an approval that nobody gave, would be in no story.
    told = tuple(sum(row[name] for row in stories) for name in ("requests", "given"))
    return told == (there["requests"], there["approvals"]) and all(map(_agrees, stories))


def _agrees(row: Any) -> bool:
    return bool(
        row["agrees"]
        and row["approvals_agree"]
        and row["state"] is not None
        and fits(row["story"], row["state"], row["attempts"], row["approvals_needed"])
    )
