"""Statements on what requests name: their ticket, and the reasons that somebody gives again and again."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Final

from coupons.model import Favourite, History, Request
from storage.base_rows import BaseRows, bound, storable
from storage.dialect_sqlite import LISTED
from storage.request_records import requests_of
from storage.requests import SELECT

#: `<> ''` as the index says it.
_WITH_TICKET: Final = (
    SELECT
    + f"""
where request.ticket in {LISTED} and request.ticket <> '' and request.undoes is null
order by request.id desc limit :limit
"""
)
_HISTORY: Final = f"""
select count(*) as n, coalesce(sum(value_fen), 0) as fen, max(closed_at) as last_at
from request where ticket in {LISTED} and ticket <> '' and state = 'sent' and undone_by is null
"""
#: Of the last ones only: what somebody gave a year ago is nobody's favourite, and all of them may be many.
_FAVOURITES: Final = """
select stock_id, reason from (
    select id, stock_id, reason from request
    where requester = :requester and batch is null and undoes is null order by id desc limit 60
) as lately
group by stock_id, reason order by max(id) desc limit :limit
"""


class TicketRows(BaseRows):
    """By ticket, whoever the customer; and what an agent asks for most lately."""

    def requests_with_ticket(self, spellings: Collection[str], limit: int) -> Sequence[Request]:
        values = {"listed": _listed(spellings), "limit": limit}
        return requests_of(self._connection.execute(_WITH_TICKET, values).fetchall())

    def history_of_ticket(self, spellings: Collection[str]) -> History:
        row = self._connection.execute(_HISTORY, {"listed": _listed(spellings)}).fetchone()
        return History(row["n"], row["fen"], row["last_at"])

    def favourites_of(self, requester: str, limit: int) -> Sequence[Favourite]:
        values = bound({"requester": requester, "limit": limit})
        rows = self._connection.execute(_FAVOURITES, values).fetchall()
        return [Favourite(row["stock_id"], row["reason"]) for row in rows]


def _listed(spellings: Collection[str]) -> str:
    return json.dumps([storable(each) for each in spellings])
