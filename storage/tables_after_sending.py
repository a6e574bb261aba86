"""What stands round requests, and what is asked of them and their coupons: the ninth step of the schema."""

from __future__ import annotations

from typing import Final

#: Approvals of several groups: what is needed, and which parts of it each approver could fill then, both in
#: the words of the event (`coupons.needs`). Rows of before ask one group, and have nothing there.
_NEEDS: Final = (
    "alter table request add column needs text not null default ''",
    "alter table batch add column needs text not null default ''",
    "alter table approval add column fills text not null default ''",
    "alter table batch_approval add column fills text not null default ''",
)
#: By the indexes of counted requests, to the letter as `storage.totals` says it.
_COUNTED: Final = (
    "state not in ('declined', 'cancelled', 'expired', 'refused', 'closed') "
    "and undoes is null and undone_by is null"
)

AFTER_SENDING: Final = (
    # The request that an undo takes back, and of that the undo that did.
    "alter table request add column undoes integer references request (id)",
    "alter table request add column undone_by integer references request (id)",
    "create index request_undoes on request (undoes) where undoes is not null",
    *(
        statement
        for by, columns in (
            ("", "created_at, value_fen, approvals_needed"),
            ("_by_stock", "stock_id, created_at, value_fen"),
            ("_by_requester", "requester, created_at, value_fen"),
        )
        for statement in (
            f"drop index request_counted{by}",
            f"create index request_counted{by} on request ({columns}) where {_COUNTED}",
        )
    ),
    # A question to the requester, or the answer, begins the reminders anew.
    "alter table request add column reminders_from integer",
    # The event by which the requester took a smaller coupon than they had asked for.
    "alter table request add column offer integer",
    # What a week came to, which is read for each Home of a lead: by when it ended, not by when it was asked.
    "create index request_by_closed on request (closed_at) where closed_at is not null",
    # Beside the request, whose state is final: WeChat Pay's word on its coupon, and how old that is.
    """
create table coupon_state (
    request_id integer primary key references request (id),
    state text not null default '',
    happened_at integer,
    valid_until integer,
    changed_at integer,
    known_at integer,
    tried_at integer not null,
    problem text not null default ''
) strict
""",
    "create index coupon_state_used on coupon_state (coalesce(happened_at, changed_at)) where state = 'USED'",
    *_NEEDS,
    # Who is away, while it lasts, and who was asked to decide meanwhile.
    """
create table absence (
    person text primary key,
    deputy text,
    began_at integer not null,
    until integer not null
) strict, without rowid
""",
)
#: A check that only widens may be edited where it stands, as in `storage.migrations`.
UNDONE: Final = """
update sqlite_schema
set sql = replace(sql, '''expired'', ''closed'')', '''expired'', ''closed'', ''undone'')')
where type = 'table' and name = 'request'
"""
