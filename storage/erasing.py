"""Statements by which a customer is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.masking import masked
from storage.base_rows import BaseRows

_OF_OPENID = "select id from customer where openid = :openid"
_OPENID = "select openid from customer where id = :customer"
_OPEN = """
select id from request
where customer = :customer and state in ('pending', 'approved', 'sending', 'unknown', 'held')
order by id
"""
_DUE = """
select id from customer
where (cast(:only as bigint) is null or id = :only) and substr(openid, 1, 7) <> 'erased:' and not exists (
    select 1 from request where request.customer = customer.id and (
        request.created_at >= :before or request.closed_at >= :before
        or request.state in ('pending', 'approved', 'sending', 'unknown', 'held')
    )
) and not exists (select 1 from batch_line where batch_line.openid = customer.openid)
order by id limit :limit
"""
#: By the index of tags.
_LAST = "select coalesce(max(seq), 0) as seq from event where tag = 'customer:erased'"
_ERASE = "update customer set openid = 'erased:' || id where id = :customer"
#: The exact bytes for WeChat Pay, with the openid in them; their SHA-256 stays in the events.
_BODIES = "update request set body = :nothing where customer = :customer"
#: What was typed before reasons were masked as they came in.
_CLICKS = """
update click set reason = replace(reason, :openid, :masked)
where request_id in (select id from request where customer = :customer)
  and replace(reason, :openid, :masked) <> reason
"""
#: A line of a draft is no request yet: it gives nothing any more, and the batch's requester is shown why.
_DRAFT_LINES = """
update batch_line set openid = '', stock_id = '', reason = '', ticket = '', problem = 'erased'
where openid = :openid
"""
#: What else stands in files: the openid in another column, or in a cell that was wrong.
_TEXTS_OF_LINES = """
update batch_line set reason = replace(reason, :openid, :masked), ticket = replace(ticket, :openid, :masked),
    read = replace(read, :openid, :masked), facts = replace(facts, :openid, :masked)
where replace(reason || ticket || read || facts, :openid, '') <> reason || ticket || read || facts
"""
_LINES_WITH = """
select count(*) as n from batch_line
where openid = :openid
    or replace(reason || ticket || read || facts, :openid, '') <> reason || ticket || read || facts
"""


class ErasingRows(BaseRows):
    """Who is to be forgotten, and the forgetting."""

    def customer_of(self, openid: str) -> int | None:
        row = self._connection.execute(_OF_OPENID, {"openid": openid}).fetchone()
        return None if row is None else int(row["id"])

    def open_requests_of_customer(self, customer: int) -> Sequence[int]:
        return [row["id"] for row in self._connection.execute(_OPEN, {"customer": customer}).fetchall()]

    def customers_to_forget(self, before: int, limit: int, only: int | None = None) -> Sequence[int]:
        values = {"before": before, "limit": limit, "only": only}
        return [row["id"] for row in self._connection.execute(_DUE, values).fetchall()]

    def last_erasure(self) -> int:
        return int(self._connection.execute(_LAST).fetchone()["seq"])

    def lines_with(self, openid: str) -> int:
        return int(self._connection.execute(_LINES_WITH, {"openid": openid}).fetchone()["n"])

    def erase_lines(self, openid: str) -> None:
        self._connection.execute(_TEXTS_OF_LINES, {"openid": openid, "masked": masked(openid)})
        self._connection.execute(_DRAFT_LINES, {"openid": openid})

    def erase_customer(self, customer: int) -> int:
        [openid] = self._connection.execute(_OPENID, {"customer": customer}).fetchone()
        values = {"customer": customer}
        self._connection.execute(_CLICKS, {**values, "openid": openid, "masked": masked(openid)})
        self.erase_lines(openid)
        self._connection.execute(_ERASE, values)
        return int(self._connection.execute(_BODIES, {**values, "nothing": b""}).rowcount)
