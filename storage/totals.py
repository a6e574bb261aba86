"""How much was asked for already: what limits count."""

from __future__ import annotations

from coupons.model import History
from coupons.rules import Used
from storage.base_rows import BaseRows
from storage.binding import bound

_BY_CUSTOMER = """
select count(*) as n, coalesce(sum(request.value_fen), 0) as fen
from request join customer on customer.id = request.customer
where customer.openid = :openid and request.created_at >= :since
  and (cast(:before as bigint) is null or request.id < :before)
  and request.state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
_BY_REQUESTER = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where requester = :requester and created_at >= :since
  and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
#: Whatever became of them, so that it is the same for ever.
_ASKED_FOR_BY = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where requester = :requester and created_at >= :since and id <= :last
"""
_OF_STOCK = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where stock_id = :stock_id and created_at >= :since
  and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
_BY_ALL = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where created_at >= :since and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
_AUTOMATIC = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where created_at >= :since and approvals_needed = 0
  and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
_HISTORY = """
select count(*) as n, coalesce(sum(request.value_fen), 0) as fen, max(request.closed_at) as last_at
from request join customer on customer.id = request.customer
where customer.openid = :openid and request.state = 'sent'
"""


class UseRows(BaseRows):
    """What limits count, and what a customer had."""

    def used_by_customer(self, openid: str, since: int, before: int | None = None) -> Used:
        return self._used(_BY_CUSTOMER, openid=openid, since=since, before=before)

    def used_by_requester(self, requester: str, since: int) -> Used:
        return self._used(_BY_REQUESTER, requester=requester, since=since)

    def asked_for_by(self, requester: str, since: int, last: int) -> Used:
        return self._used(_ASKED_FOR_BY, requester=requester, since=since, last=last)

    def used_of_stock(self, stock_id: str, since: int) -> Used:
        return self._used(_OF_STOCK, stock_id=stock_id, since=since)

    def used_by_all(self, since: int) -> Used:
        return self._used(_BY_ALL, since=since)

    def used_automatically(self, since: int) -> Used:
        return self._used(_AUTOMATIC, since=since)

    def history_of_customer(self, openid: str) -> History:
        row = self._connection.execute(_HISTORY, bound({"openid": openid})).fetchone()
        return History(row["n"], row["fen"], row["last_at"])

    def _used(self, sql: str, **values: object) -> Used:
        row = self._connection.execute(sql, bound(values)).fetchone()
        return Used(row["n"], row["fen"])
