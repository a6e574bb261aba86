"""What the lines of a batch add up to, for its card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coupons.batches import CustomerOfBatch, CustomersOfBatch, HeldLines, StockOfBatch
from storage.base_rows import BaseRows, bound

_STOCKS: Final = """
select stock_id, max(stock_name) as stock_name, count(*) as n, sum(value_fen) as fen
from request where batch = :batch and state <> 'declined' group by stock_id order by fen desc, stock_id
"""
_HELD: Final = """
select stock_id, max(stock_name) as stock_name, problem, count(*) as n,
    count(*) filter (where open_attempts > 0) as not_known
from request where batch = :batch and state = 'held' group by stock_id, problem order by n desc, stock_id
"""
_CUSTOMERS: Final = """
select count(distinct customer) as n from request where batch = :batch and state <> 'declined'
"""
#: By the customer's own requests, few each: a batch may have 50,000 customers.
_BEFORE: Final = """
select count(*) as n from (
    select distinct customer from request where batch = :batch and state <> 'declined'
) as line where exists (
    select 1 from request as earlier
    where earlier.customer = line.customer and earlier.created_at >= :since and earlier.created_at < :until
        and earlier.state = 'sent' and earlier.undone_by is null and earlier.closed_at < :until
)
"""
_LARGEST: Final = """
select customer.openid, count(*) as n, sum(request.value_fen) as fen
from request join customer on customer.id = request.customer
where request.batch = :batch and request.state <> 'declined'
group by request.customer order by fen desc, min(request.id) limit :largest
"""


class BatchSumRows(BaseRows):
    """Read anew at each drawing."""

    def stocks_of_batch(self, batch_id: int) -> Sequence[StockOfBatch]:
        return [
            StockOfBatch(
                stock_id=row["stock_id"], stock_name=row["stock_name"], count=row["n"], fen=row["fen"]
            )
            for row in self._connection.execute(_STOCKS, {"batch": batch_id}).fetchall()
        ]

    def held_lines_of_batch(self, batch_id: int) -> Sequence[HeldLines]:
        return [
            HeldLines(
                stock_id=row["stock_id"],
                stock_name=row["stock_name"],
                code=row["problem"],
                count=row["n"],
                not_known=row["not_known"],
            )
            for row in self._connection.execute(_HELD, {"batch": batch_id}).fetchall()
        ]

    def customers_of_batch(self, batch_id: int, *, since: int, until: int, largest: int) -> CustomersOfBatch:
        times = bound({"batch": batch_id, "since": since, "until": until})
        found = self._connection.execute(_LARGEST, {"batch": batch_id, "largest": largest}).fetchall()
        return CustomersOfBatch(
            count=self._connection.execute(_CUSTOMERS, {"batch": batch_id}).fetchone()["n"],
            before=self._connection.execute(_BEFORE, times).fetchone()["n"],
            largest=tuple(
                CustomerOfBatch(openid=row["openid"], count=row["n"], fen=row["fen"]) for row in found
            ),
        )
