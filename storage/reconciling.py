"""Our side of a comparison with WeChat Pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from coupons.model import State
from coupons.reconciling import Ours, Period

_OURS: Final = """
select id as request, customer, out_request_no as number,
    case when undone_by is null then state else 'undone' end as state, stock_id, value_fen as fen,
    coupon_code, created_at, closed_at
from request where undoes is null and customer in (
    select customer from request
    where undoes is null and ((created_at >= :since and created_at < :before)
       or (state = 'sent' and created_at < :before and closed_at >= :since and closed_at < :before))
)
order by id
"""
_CUSTOMERS: Final = """
select customer.id as id, customer.openid as openid,
    max(case when request.state in ('unknown', 'held') then 1 else 0 end) as doubtful,
    max(case when request.state = 'sent' then 1 else 0 end) as sent
from customer join request on request.customer = customer.id
where request.undoes is null and ((request.created_at >= :since and request.created_at < :before)
   or (request.state = 'sent' and request.created_at < :before
       and request.closed_at >= :since and request.closed_at < :before))
group by customer.id order by doubtful desc, sent desc, customer.id
"""
_STOCKS: Final = "select distinct stock_id from request"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody to be asked for at WeChat Pay."""

    number: int
    openid: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OurSide:
    """All requests of the customers whom the period concerns; who is in doubt is asked for first."""

    requests: Sequence[Ours]
    customers: Sequence[Customer]
    #: Every stock that was ever asked for.
    stocks: frozenset[str]


def our_side(database: Any, period: Period) -> OurSide:
    """Over one connection, in one moment of it."""
    span = {"since": period.since, "before": period.before}
    requests = [
        Ours(**{**dict(row), "state": State(row["state"])})
        for row in database.execute(_OURS, span).fetchall()
    ]
    customers = [Customer(row["id"], row["openid"]) for row in database.execute(_CUSTOMERS, span).fetchall()]
    stocks = frozenset(row["stock_id"] for row in database.execute(_STOCKS).fetchall())
    return OurSide(requests, customers, stocks)
