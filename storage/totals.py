"""How much was asked for already: what limits count."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from coupons.batch import AskedLately
from coupons.model import History
from coupons.policy import DAY_MS
from coupons.rules import NOTHING, Used
from coupons.totals import Counts, Scope, Total
from storage.base_rows import BaseRows, bound, storable
from storage.dialect_sqlite import BY_COUNTED, LISTED

#: To the letter as the indexes of counted requests say it, else they serve nobody.
_STATES = "state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')"
#: An undo gives nothing, and what was taken back is not given any more.
_COUNTED = f"{_STATES} and undoes is null and undone_by is null"
_SUMS = "count(*) as n, coalesce(sum(value_fen), 0) as fen"
_USED = {
    Scope.CUSTOMER: f"""
select customer.openid as key, {_SUMS} from customer join request on request.customer = customer.id
where customer.openid in {LISTED} and request.created_at >= :since and request.{_COUNTED}
group by customer.openid
""",
    Scope.AGENT: f"""
select requester as key, {_SUMS} from request
where requester in {LISTED} and created_at >= :since and {_COUNTED} group by requester
""",
    Scope.STOCK: f"""
select stock_id as key, {_SUMS} from request
where stock_id in {LISTED} and created_at >= :since and {_COUNTED} group by stock_id
""",
    Scope.ALL: f"""
select '' as key, {_SUMS} from request {BY_COUNTED} where created_at >= :since and {_COUNTED}
""",
    Scope.AUTOMATIC: f"""
select '' as key, {_SUMS} from request {BY_COUNTED}
where created_at >= :since and {_COUNTED} and approvals_needed = 0
""",
}
_BY_CUSTOMER = f"""
select {_SUMS} from customer join request on request.customer = customer.id
where customer.openid = :openid and request.created_at >= :since and request.id < :before
  and request.{_COUNTED}
"""
_LATELY_BY_STOCK = f"""
select customer.openid as openid, request.stock_id as stock_id, max(request.id) as id
from customer join request on request.customer = customer.id
where customer.openid in {LISTED} and request.created_at >= :since and request.{_COUNTED}
group by customer.openid, request.stock_id
"""
_LATELY_BY_TICKET = f"""
select ticket, max(id) as id from request
where ticket in {LISTED} and ticket <> '' and created_at >= :since and {_COUNTED} group by ticket
"""
#: Whatever became of them, so that it is the same for ever. The first number since then bounds what is read
#: of all that somebody ever asked for; `+ 0`, or SQLite would look for it from the first request on.
_ASKED_FOR_BY = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where requester = :requester and created_at >= :since and id <= :last and undoes is null
  and id >= (select coalesce(min(id + 0), 0) from request where created_at >= :since)
"""
_HISTORY = """
select count(*) as n, coalesce(sum(request.value_fen), 0) as fen, max(request.closed_at) as last_at
from request join customer on customer.id = request.customer
where customer.openid = :openid and request.state = 'sent' and request.undone_by is null
"""


class UseRows(BaseRows):
    """What limits count, and what a customer had."""

    def used(self, totals: Collection[Total], now: int) -> Counts:
        # As they can be stored: what cannot is nobody's.
        wanted: dict[tuple[Scope, int], dict[str, Total]] = defaultdict(dict)
        for total in totals:
            wanted[total.scope, total.days][storable(total.key)] = total
        found = dict.fromkeys(totals, NOTHING)
        for (scope, days), keys in wanted.items():
            values = {"since": now - days * DAY_MS, "listed": json.dumps(list(keys))}
            for row in self._connection.execute(_USED[scope], values).fetchall():
                found[keys[row["key"]]] = Used(row["n"], row["fen"])
        return found

    def asked_lately(self, openids: Collection[str], tickets: Collection[str], since: int) -> AskedLately:
        def rows(sql: str, listed: Collection[str]) -> list[Any]:
            values = {"since": since, "listed": json.dumps([storable(each) for each in listed])}
            return list(self._connection.execute(sql, values).fetchall())

        return AskedLately(
            {(row["openid"], row["stock_id"]): row["id"] for row in rows(_LATELY_BY_STOCK, openids)},
            {row["ticket"]: row["id"] for row in rows(_LATELY_BY_TICKET, tickets)},
        )

    def used_by_customer(self, openid: str, since: int, before: int) -> Used:
        return self._used(_BY_CUSTOMER, openid=openid, since=since, before=before)

    def asked_for_by(self, requester: str, since: int, last: int) -> Used:
        return self._used(_ASKED_FOR_BY, requester=requester, since=since, last=last)

    def history_of_customer(self, openid: str) -> History:
        row = self._connection.execute(_HISTORY, bound({"openid": openid})).fetchone()
        return History(row["n"], row["fen"], row["last_at"])

    def _used(self, sql: str, **values: object) -> Used:
        row = self._connection.execute(sql, bound(values)).fetchone()
        return Used(row["n"], row["fen"])
