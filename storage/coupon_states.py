"""Statements on what became of coupons."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from coupons.coupon_states import KnownCoupon
from coupons.model import Request
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound
from storage.dialect_sqlite import LISTED
from storage.request_records import requests_of

_OF_REQUESTS: Final = f"select * from coupon_state where request_id in {LISTED}"
_SAVE: Final = """
insert into coupon_state (
    request_id, state, happened_at, valid_until, changed_at, known_at, tried_at, problem
)
values (:request_id, :state, :happened_at, :valid_until, :changed_at, :known_at, :tried_at, :problem)
on conflict (request_id) do update set
    state = excluded.state, happened_at = excluded.happened_at, valid_until = excluded.valid_until,
    changed_at = excluded.changed_at, known_at = excluded.known_at, tried_at = excluded.tried_at,
    problem = excluded.problem
"""
_TO_LOOK_UP: Final = """
select request.*, customer.openid as openid
from request join customer on customer.id = request.customer
    left join coupon_state on coupon_state.request_id = request.id
where request.state = 'sent' and request.closed_at >= :since and request.coupon_code is not null
    and substr(customer.openid, 1, 7) <> 'erased:'
    and coalesce(coupon_state.tried_at, 0) < :tried_before
    and coalesce(coupon_state.state, '') not in ('EXPIRED', 'DELETED', 'DEACTIVATED')
order by request.closed_at, request.id limit :limit
"""


class CouponStateRows(BaseRows):
    """Each belongs to a sent request."""

    def coupon_states(self, request_ids: Collection[int]) -> Mapping[int, KnownCoupon]:
        rows = self._connection.execute(_OF_REQUESTS, {"listed": json.dumps(list(request_ids))}).fetchall()
        return {row["request_id"]: KnownCoupon(**dict(row)) for row in rows}

    def coupons_to_look_up(self, since: int, tried_before: int, limit: int) -> Sequence[Request]:
        values = {"since": since, "tried_before": tried_before, "limit": limit}
        return requests_of(self._connection.execute(_TO_LOOK_UP, values).fetchall())

    def save_coupon_state(self, known: KnownCoupon) -> None:
        self.topics.add(Topic.REQUESTS)
        values = {name: getattr(known, name) for name in KnownCoupon.__slots__}
        self._connection.execute(_SAVE, bound(values))
