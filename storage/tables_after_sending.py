"""What requests and their coupons are asked once they have ended: the ninth step of `storage.migrations`."""

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
AFTER_SENDING: Final = (
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
)
