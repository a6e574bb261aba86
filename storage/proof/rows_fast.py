"""Do all requests agree with their events? In parts, by comparing text with the text that the bot writes.

It says yes or nothing. What was written otherwise, by an older version or by whoever changed a row, is looked
at by the exact comparison in `comparing`, which names what is wrong, or finds that nothing is.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from storage.proof.replay import fits

#: So that two who take one after the other are done at nearly the same time.
_PARTS = 16
#: The letters are those of `replay`, and `!` for an event that does not agree; a stands for o, too, since
#: which of them it must be is known by approvals_needed, and compared. One row comes out, whose text is a
#: JSON array without its brackets: each different story once. DISTINCT finds the few again in no time, where
#: GROUP BY would sort all requests, and SQLite works without the interpreter while it does all this.
#: Each approval in an event has its own row; as there are as many rows as events, each row has its event.
_STORIES = """
select count(*) as requests, total(events) as events, total(given - withdrawn) as given,
group_concat(distinct concat(
    '["', story, '",', json_quote(state), ',', attempts, ',', approvals_needed, ',',
    closed and case
        when withdrawn > 0 then withdrawn = given or not exists (
            select 1 from (
                select event.actor as person, 1 as given, 0 as kept from event indexed by event_by_request
                where event.request_id = told.id and event.tag = 'approval:given'
                union all
                select coalesce(event.body ->> '$.detail.approver', event.actor), -1, 0
                from event indexed by event_by_request
                where event.request_id = told.id and event.tag = 'approval:withdrawn'
                union all
                select approver, 0, 1 from approval where approval.request_id = told.id
            ) as either
            group by person having sum(given) <> sum(kept)
        )
        else given < 2 or given = (
            select count(distinct substr(event.body, 11, instr(event.body, '","') - 11))
            from event indexed by event_by_request
            where event.request_id = told.id and event.tag = 'approval:given'
        ) end, ']'
)) as stories
from (
    select
        request.id, request.state, request.attempts, request.approvals_needed, count(*) as events,
        count(*) filter (where event.tag = 'approval:given') as given,
        count(*) filter (where event.tag = 'approval:withdrawn') as withdrawn,
        case request.state
            when 'sent' then request.closed_at is not null and request.closed_by is null
                and request.decline_reason = '' and request.coupon_code is not null
            when 'declined' then request.closed_at is not null and request.closed_by is not null
                and request.coupon_code is null
            when 'closed' then request.closed_at is not null and request.closed_by is not null
                and request.coupon_code is null
            when 'cancelled' then request.closed_at is not null and request.closed_by is not null
                and request.decline_reason = '' and request.coupon_code is null
            else (request.closed_at is not null) = (request.state in ('refused', 'expired', 'undone'))
                and request.closed_by is null and request.decline_reason = ''
                and request.coupon_code is null end
            and (request.undone_by is null or exists (
                select 1 from event as done indexed by event_by_request
                where done.request_id = request.undone_by and done.tag = 'undo:done'
                    and instr(done.body, concat('"undoes":', request.id, '},"request_id":')) > 0
            ))
            and request.offer is max(iif(event.tag = 'offer:accepted', event.seq, null)) as closed,
        group_concat(case event.tag
            when 'attempt:finished' then ''
            when 'attempt:started' then 't'
            when 'request:approved' then case
                when request.batch is not null then iif(instr(event.body, concat(
                    '],"batch":', request.batch, '},"request_id":')) > 0, 'b', '!')
                else iif((request.approvals_needed = 0) = (
                    event.body >= '{"actor":"system","detail":{"approvals":[]'
                    and event.body < '{"actor":"system","detail":{"approvals":[^')
                    and instr(event.body, '],"batch":') = 0, 'a', '!') end
            when case request.undoes is null when 1 then 'request:created' else 'undo:created' end then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.created_at)
                    <= 60000
                and request.offer is null
                and instr(event.body, concat(
                    '{"actor":"', request.requester, '"',
                    ',"detail":{"approvals_needed":', request.approvals_needed,
                    case when request.undoes is null then '' else concat(
                        ',"asked_by":"',
                        (select requester from request as sent where sent.id = request.undoes), '"') end,
                    case when request.batch is null then '' else concat(',"batch":', request.batch) end,
                    ',"body_sha256":"')) = 1
                and instr(event.body, concat(
                    '","customer":', request.customer,
                    ',"duplicate_of":', coalesce(request.duplicate_of, 'null'),
                    ',"follows":', coalesce(request.follows, 'null'),
                    iif(request.needs = '', '', concat(',"needs":', request.needs)),
                    ',"out_request_no":"', request.out_request_no, '"',
                    ',"raised":', case request.raised when '' then '[]'
                        else '["' || replace(request.raised, ',', '","') || '"]' end,
                    ',"reason":', json_quote(request.reason),
                    case when request.batch_row is null then '' else concat(',"row":', request.batch_row) end,
                    ',"rule":', request.rule,
                    ',"stock_id":"', request.stock_id, '"',
                    ',"stock_name":', json_quote(request.stock_name),
                    ',"ticket":', json_quote(request.ticket),
                    case when request.undoes is null then '' else concat(',"undoes":', request.undoes) end,
                    ',"value_fen":', request.value_fen, '},"request_id":')) > 0
                -- An offer has changed what it is for: the rest.
                or request.offer is not null
                and abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.created_at)
                    <= 60000
                and instr(event.body, concat('{"actor":"', request.requester, '"')) = 1
                and instr(event.body, concat(
                    '","customer":', request.customer,
                    ',"duplicate_of":', coalesce(request.duplicate_of, 'null'),
                    ',"follows":', coalesce(request.follows, 'null'), ',"')) > 0
                and instr(event.body, concat(
                    ',"out_request_no":"', request.out_request_no, '","raised":[')) > 0
                and instr(event.body, concat('],"reason":', json_quote(request.reason), ',"rule":')) > 0
                and instr(event.body, concat(
                    ',"ticket":', json_quote(request.ticket), ',"value_fen":')) > 0,
                iif(request.undoes is null, 'n', 'v'), '!')
            when 'request:created' then '!' when 'undo:created' then '!'
            when 'offer:accepted' then iif(
                event.seq <> request.offer or exists (
                    select 1 from event as made
                    where made.seq = event.body ->> '$.detail.offer' and made.tag = 'offer:made'
                        and made.request_id = request.id and made.seq < event.seq
                        and made.actor <> request.requester and event.actor = request.requester
                        and made.body ->> '$.detail.stock_id' = request.stock_id
                        and made.body ->> '$.detail.value_fen' = request.value_fen
                ) and instr(event.body, concat(
                    '"detail":{"approvals_needed":', request.approvals_needed, ',"approver":"')) > 0
                and instr(event.body, concat(
                    ']', iif(request.needs = '', '', concat(',"needs":', request.needs)), ',"offer":')) > 0
                and instr(event.body, concat(
                    ',"raised":', case request.raised when '' then '[]'
                        else '["' || replace(request.raised, ',', '","') || '"]' end,
                    ',"rule":', request.rule,
                    ',"stock_id":"', request.stock_id, '"',
                    ',"stock_name":', json_quote(request.stock_name),
                    ',"value_fen":', request.value_fen, '},"request_id":')) > 0, 'm', '!')
            when 'approval:given' then iif((
                select abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - approval.at)
                    <= 60000
                from approval
                where approval.request_id = request.id
                    and approval.approver = substr(event.body, 11, instr(event.body, '","') - 11)
                    and approval.approver <> request.requester
                    and iif(approval.fills = '', instr(event.body, ',"fills":') = 0, instr(event.body,
                        concat(',"fills":', approval.fills, ',"needed":')) > 0)
                    and (request.undoes is null or approval.approver <> (
                        select requester from request as sent where sent.id = request.undoes
                    )))
                -- Taken back since, it has no row, or the one of when it was given again.
                or exists (
                    select 1 from event as later indexed by event_by_request
                    where later.request_id = request.id and later.seq > event.seq
                        and later.tag = 'approval:withdrawn'
                        and coalesce(later.body ->> '$.detail.approver', later.actor) = event.actor
                ), 'g', '!')
            when 'approval:withdrawn' then 'w'
            when 'request:sent' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat(
                    '"coupon_code":', json_quote(request.coupon_code), '},"request_id":')) > 0, 's', '!')
            when 'undo:done' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat('"undoes":', request.undoes, '},"request_id":')) > 0
                and exists (
                    select 1 from request as sent
                    where sent.id = request.undoes and sent.undone_by = request.id and sent.state = 'sent'
                        and sent.customer = request.customer and sent.stock_id = request.stock_id
                        and sent.value_fen = request.value_fen
                ), 'z', '!')
            when 'undo:refused' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat(
                    '"detail":{"code":', json_quote(request.problem), ',"undoes":', request.undoes,
                    ',"verified":')) > 0, 'r', '!')
            when 'request:refused' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat(
                    '"detail":{"code":', json_quote(request.problem), ',"verified":')) > 0, 'r', '!')
            when 'request:declined' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat(
                    '{"actor":"', request.closed_by, '","detail":{"reason":',
                    json_quote(request.decline_reason), '},"request_id":')) = 1, 'd', '!')
            when 'request:cancelled' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat('{"actor":"', request.closed_by, '","detail":')) = 1,
                'c', '!')
            when 'request:expired' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000, 'e', '!')
            when 'request:closed' then iif(
                abs(cast(substr(cast(event.body as blob), -14, 13) as integer) - request.closed_at)
                    <= 60000
                and instr(event.body, concat('{"actor":"', request.closed_by, '","detail":{"looks":')) = 1
                and instr(event.body, concat(
                    ',"reason":', json_quote(request.decline_reason), '},"request_id":')) > 0, 'x', '!')
            when 'request:unknown' then 'u' when 'request:held' then 'h' when 'request:retried' then 'y'
            else '' end, '') as story
    from request not indexed
    cross join event indexed by event_by_request on event.request_id = request.id
    where request.id between :first and :last
    group by request.id
) as told
"""
#: What tells of no request says so in its text.
_OTHERS = """
select count(*) as others, sum((event.body ->> '$.request_id') is not null) as strays
from event indexed by event_by_request where event.request_id is null
"""
_THERE = """
select count(*) as requests, coalesce(min(id), 1) as first, coalesce(max(id), 0) as last,
    (select count(*) from approval not indexed) as approvals,
    (select coalesce(max(seq), 0) from event) as events
from request not indexed
"""


class Agreement:
    """Found in parts, by as many as want to help, each over a connection of its own to the same moment."""

    def __init__(self, database: Any) -> None:
        self._there = database.execute(_THERE).fetchone()
        first, last = self._there["first"], self._there["last"]
        each = max(1, (last - first) // _PARTS + 1)
        self._parts = deque(
            (_STORIES, {"first": place, "last": min(place + each - 1, last)})
            for place in range(first, last + 1, each)
        )
        self._parts.append((_OTHERS, {}))
        self._found: list[Mapping[str, Any]] = []

    def help(self, database: Any) -> None:
        """Take one part after the other, until all are taken."""
        while True:
            try:
                sql, values = self._parts.popleft()
            except IndexError:
                return
            self._found.append(dict(database.execute(sql, values).fetchone()))

    def stop(self) -> None:
        """Nobody needs the answer."""
        self._parts.clear()

    def holds(self) -> bool:
        """When all have helped. False: it is not known, and must be looked at exactly."""
        there = self._there
        found = Counter[str]()
        stories: set[tuple[str, str, int, int, int]] = set()
        for part in self._found:
            stories.update(map(tuple, json.loads(f"[{part.get('stories') or ''}]")))
            found.update({name: int(value or 0) for name, value in part.items() if name != "stories"})
        # Without the counts a request without any event, an event of no request that is there, or one that
        # the index leaves out would be in no story.
        return (
            found["requests"] == there["requests"]
            and found["events"] + found["others"] == there["events"]
            and found["given"] == there["approvals"]
            and not found["strays"]
            and all(_agrees(*story) for story in stories)
        )


def _agrees(story: str, state: str, attempts: int, needed: int, agrees: int) -> bool:
    # Nobody's approval was needed: then it was by a rule, which is `o`.
    return bool(agrees) and fits(story if needed else story.replace("a", "o"), state, attempts, needed)
