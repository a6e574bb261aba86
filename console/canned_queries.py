"""What auditors ask again and again, under a name. Money in fen, times in Beijing time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from console.language import N_


@dataclass(frozen=True, slots=True)
class Named:
    title: str
    about: str
    sql: str
    #: Of the SQL, with a sample.
    parameters: Mapping[str, str]


_COLUMNS: Final = """request.id as request, request.state as state,
    strftime('%Y-%m-%d %H:%M', request.created_at / 1000 + 28800, 'unixepoch') as asked_at_beijing,
    request.requester as requester, request.customer as customer, request.stock_name as stock_name,
    request.value_fen as value_fen, request.ticket as ticket, request.reason as reason,
    coalesce(nullif(request.decline_reason, ''), request.problem) as why_not,
    request.coupon_code as coupon_code"""
#: The lines of batches among them; a line that was struck out has no approval that came after that.
_GIVEN: Final = """
    select request_id, at from approval where approver = :approver
    union all
    select line.id, of_batch.at from batch_approval as of_batch join request as line
        on line.batch = of_batch.batch
    where of_batch.approver = :approver
        and not (line.state || '' = 'declined' and of_batch.at >= line.closed_at)"""
_EVENTS: Final = """seq, strftime('%Y-%m-%d %H:%M:%S', ts / 1000 + 28800, 'unixepoch') as at_beijing,
    tag, actor, request_id as request, body ->> '$.detail' as detail"""

NAMED: Final[Mapping[str, Named]] = {
    "by-request": Named(
        N_("Events of one request"),
        N_("Everything that happened to one request, oldest first."),
        f"select {_EVENTS} from event where request_id = cast(:request as integer) order by seq",
        {"request": "12"},
    ),
    "by-customer": Named(
        N_("By customer number"),
        N_("What one customer was given or refused. The number stands on each request's page."),
        f"select {_COLUMNS} from request where customer = cast(:customer as integer) order by id desc",
        {"customer": "7"},
    ),
    "by-agent": Named(
        N_("By agent"),
        N_("What one agent asked for, newest first."),
        f"select {_COLUMNS} from request where requester = :agent order by id desc",
        {"agent": "U0LI"},
    ),
    "by-approver": Named(
        N_("By approver"),
        N_("What one approver approved, newest first."),
        f"""with given (request_id, at) as ({_GIVEN}
)
select {_COLUMNS},
    strftime('%Y-%m-%d %H:%M', given.at / 1000 + 28800, 'unixepoch') as approved_at_beijing
from given join request on request.id = given.request_id order by request.id desc""",
        {"approver": "U0WANG"},
    ),
    "by-stock": Named(
        N_("By stock"),
        N_("Who was given coupons of one stock, newest first."),
        f"select {_COLUMNS} from request where stock_id || '' = :stock order by id desc",
        {"stock": "1212121212"},
    ),
    "refusals": Named(
        N_("Refused by WeChat Pay"),
        N_("What was approved and WeChat Pay refused, with its code."),
        f"select {_COLUMNS} from request where state || '' = 'refused' order by id desc",
        {},
    ),
    "unknown": Named(
        N_("Not known whether it was given"),
        N_("Money that may be out: unknown and held, newest first."),
        f"select {_COLUMNS} from request where state || '' in ('unknown', 'held') order by id desc",
        {},
    ),
    "self-approvals": Named(
        N_("Approved by who asked"),
        N_("Should stay empty: the bot lets nobody approve what they asked for."),
        f"""with given (request_id, approver) as (
    select request_id, approver from approval
    union all
    select line.id, batch_approval.approver
    from batch_approval join request as line on line.batch = batch_approval.batch
)
select {_COLUMNS}, given.approver as approver
from given join request on request.id = given.request_id
where given.approver = request.requester order by request.id desc""",
        {},
    ),
    "settings": Named(
        N_("Rules changed, sending stopped"),
        N_("Changed settings, never a secret; pauses and who made them; starts and stops; a file put back."),
        f"""select {_EVENTS} from event
where tag in ('settings:changed', 'sending:paused', 'sending:resumed', 'bot:started', 'bot:stopped',
              'database:restored', 'numbers:raised', 'audit:key_changed', 'clock:doubted', 'clock:confirmed',
              'wechat:called', 'wechat:answered')
order by seq desc""",
        {},
    ),
    "looks": Named(
        N_("Who looked at what"),
        N_("Searches and their words, request pages, files, whole openids and sign-ins, newest first."),
        """select seq, strftime('%Y-%m-%d %H:%M:%S', ts / 1000 + 28800, 'unixepoch') as at_beijing,
    tag, actor, body ->> '$.detail.where' as place,
    body ->> '$.detail.user' as user_there, request_id as request,
    body ->> '$.detail.customer' as customer, body ->> '$.detail.words' as words,
    coalesce(body ->> '$.detail.page', body ->> '$.detail.month') as page,
    body ->> '$.detail.found' as found,
    coalesce(body ->> '$.detail.reason', body ->> '$.detail.action') as why
from event
where tag in ('audit:searched', 'audit:viewed', 'audit:exported', 'audit:reported', 'audit:reconciled',
              'audit:refused', 'openid:viewed', 'console:link_made', 'console:signed_in', 'console:refused')
order by seq desc""",
        {},
    ),
}
