"""What auditors look for: requests, or events, by any of their marks, newest first.

Each condition has two forms. One can use an index that gives the newest first; the other cannot, and only
narrows. Which one leads is asked of the rows themselves, since SQLite cannot know that one agent's requests
are few and those in the state sent are nearly all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from coupons.audit_words import Filter, Found
from coupons.recording import Recorded
from storage import full_text
from storage.audit import recorded
from storage.base_rows import BaseRows
from storage.binding import bound
from storage.dialect_sqlite import EVENT_MATCHES, REQUEST_MATCHES
from storage.requests import request_of

#: Counting further says nothing more about which condition leads.
_ENOUGH = 5_000
#: So many among a million events are met soon enough by walking through the newest.
_SOME = 1_000
#: A time with more rows in it than these is no help in finding them.
_LONG = 20_000


@dataclass(frozen=True, slots=True)
class _Condition:
    """`probe` counts what it alone would let through."""

    name: str
    leading: str
    narrowing: str
    probe: str
    #: From where the leading form reads, when that is not the table alone.
    source: str = ""


_SELECT = """
select request.*, customer.openid as openid, (
    select string_agg(approver, ' ' order by id) from approval where approval.request_id = request.id
) as approvers
"""
_REQUESTS = "from request join customer on customer.id = request.customer"

_CUSTOMER_OF = "(select id from customer where openid = :openid)"
#: In the order in which they lead when they let through equally much.
_OF_REQUESTS: Final = (
    _Condition("request", "request.id = :request", "request.id = :request", "select 1"),
    _Condition(
        "coupon_code",
        "request.coupon_code = :coupon_code",
        "request.coupon_code || '' = :coupon_code",
        "select 1 from request where coupon_code = :coupon_code",
    ),
    _Condition(
        "ticket",
        "request.ticket = :ticket and request.ticket <> ''",
        "request.ticket || '' = :ticket",
        "select 1 from request where ticket = :ticket and ticket <> ''",
    ),
    _Condition(
        "openid",
        f"request.customer = {_CUSTOMER_OF}",
        f"request.customer + 0 = {_CUSTOMER_OF}",
        f"select 1 from request where customer = {_CUSTOMER_OF}",
    ),
    _Condition(
        "customer",
        "request.customer = :customer",
        "request.customer + 0 = :customer",
        "select 1 from request where customer = :customer",
    ),
    _Condition(
        "texts",
        REQUEST_MATCHES,
        f"request.id in (select rowid from request_words where {REQUEST_MATCHES})",
        f"select 1 from request_words where {REQUEST_MATCHES}",
        """from request_words join request on request.id = request_words.rowid
join customer on customer.id = request.customer""",
    ),
    _Condition(
        "agent",
        "request.requester = :agent",
        "request.requester || '' = :agent",
        "select 1 from request where requester = :agent",
    ),
    _Condition(
        "approver",
        "approval.approver = :approver",
        """exists (
    select 1 from approval where approval.request_id = request.id and approval.approver = :approver
)""",
        "select 1 from approval where approver = :approver",
        """from approval join request on request.id = approval.request_id
join customer on customer.id = request.customer""",
    ),
    _Condition(
        "stock_id",
        "request.stock_id || '' = :stock_id",
        "request.stock_id = :stock_id",
        "select 1 from request where stock_id || '' = :stock_id",
    ),
    _Condition(
        "value",
        "request.value_fen = :least_fen",
        "request.value_fen + 0 = :least_fen",
        "select 1 from request where value_fen = :least_fen",
    ),
    _Condition(
        "values",
        "request.value_fen between :least_fen and :most_fen",
        "request.value_fen + 0 between :least_fen and :most_fen",
        "select 1 from request where value_fen between :least_fen and :most_fen",
    ),
    _Condition(
        "state",
        "request.state || '' = :state",
        "request.state = :state",
        "select 1 from request where state || '' = :state",
    ),
)
#: By the index of what leads; the sum keeps SQLite from walking through all to save the sorting of few.
_ORDERS: Final = {
    "texts": "request_words.rowid",
    "approver": "approval.request_id",
    "values": "request.id + 0",
}
_ORDERS_OF_EVENTS: Final = {"texts": "event_words.rowid"}
_REQUEST_BOUNDS = """
select min(id) as low, max(id) as high, count(*) as n from (
    select id from request where created_at >= :since and created_at < :before limit :most
) as found
"""
_EVENT_BOUNDS = """
select min(seq) as low, max(seq) as high, count(*) as n from (
    select seq from event where ts >= :since and ts < :before limit :most
) as found
"""
#: Where a long time begins and ends: by the month after its start and the month before its end, in which a
#: clock that was put right may have mixed up the order. The sums keep SQLite from walking through the rows.
_REQUEST_ENDS = """
select (
    select min(id + 0) from request where created_at >= :since and created_at < :since + :month
) as low, (
    select max(id + 0) from request where created_at < :before and created_at >= :before - :month
) as high
"""
_EVENT_ENDS = """
select (
    select min(seq + 0) from event where ts >= :since and ts < :since + :month
) as low, (
    select max(seq + 0) from event where ts < :before and ts >= :before - :month
) as high
"""
_MONTH_MS: Final = 31 * 86_400_000
_OF_EVENTS: Final = (
    _Condition(
        "request",
        "event.request_id = :request",
        "event.request_id + 0 = :request",
        "select 1 from event where request_id = :request",
    ),
    _Condition(
        "texts",
        EVENT_MATCHES,
        f"event.seq in (select rowid from event_words where {EVENT_MATCHES})",
        f"select 1 from event_words where {EVENT_MATCHES}",
        "from event_words join event on event.seq = event_words.rowid",
    ),
    _Condition(
        "actor",
        "event.actor = :actor",
        "event.actor || '' = :actor",
        "select 1 from event where actor = :actor",
    ),
    _Condition(
        "tag",
        "event.tag = :tag",
        "event.tag || '' = :tag",
        "select 1 from event where tag = :tag",
    ),
)
_EVENTS: Final = "from event"
_MOST: Final = 2**62
_IS_REQUEST: Final = "select 1 from request where id = :request"


class SearchRows(BaseRows):
    """In one moment of the database."""

    def find_requests(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Found]:
        where = self._where_requests(asked, below)
        if where is None:
            return []
        source, conditions, order, values = where
        sql = f"{_SELECT} {source} where {conditions} order by {order} desc limit :limit"
        rows = self._connection.execute(sql, {**values, "limit": limit}).fetchall()
        return [Found(request_of(row), tuple((row["approvers"] or "").split())) for row in rows]

    def find_events(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Recorded]:
        where = self._where_events(asked, below)
        if where is None:
            return []
        source, conditions, order, values = where
        sql = f"""select event.seq as seq, event.body as body
{source} where {conditions} order by {order} desc limit :limit"""
        rows = self._connection.execute(sql, {**values, "limit": limit}).fetchall()
        return [recorded(row["seq"], row["body"]) for row in rows]

    def find(
        self, asked: Filter, *, below: int | None = None, limit: int
    ) -> Sequence[Found] | Sequence[Recorded]:
        find = self.find_events if asked.asks_for_events else self.find_requests
        return find(asked, below=below, limit=limit)

    def count_found(self, asked: Filter, *, most: int) -> int:
        where_of = self._where_events if asked.asks_for_events else self._where_requests
        where = where_of(asked, None, counting=True)
        if where is None:
            return 0
        source, conditions, _, values = where
        return self._count(f"select 1 {source} where {conditions}", values, most)

    def stored_rows(self, asked: Filter, *, first: int) -> Any:
        """A cursor over `seq, prev, hash, body` of all that is told of it, from `first` on, in order.

        That are the events themselves, or, asked for by what requests have, the whole stories of those.
        """
        where = self._where_told(asked)
        source, conditions, _, values = where if where is not None else (_EVENTS, "false", "", {})
        sql = f"""select event.seq as seq, event.prev as prev, event.hash as hash, event.body as body
{source} where event.seq >= :first and {conditions} order by event.seq"""
        return self._connection.execute(sql, {**values, "first": first})

    def find_told(self, asked: Filter, *, limit: int) -> Sequence[Recorded]:
        where = self._where_told(asked)
        if where is None:
            return []
        source, conditions, order, values = where
        sql = f"""select event.seq as seq, event.body as body
{source} where {conditions} order by {order} desc limit :limit"""
        found = self._connection.execute(sql, {**values, "limit": limit}).fetchall()
        return [recorded(row["seq"], row["body"]) for row in reversed(found)]

    def _settled(self, asked: Filter) -> Filter:
        """A number alone is the request of that number, where there is one."""
        if asked.or_text is None:
            return asked
        known = self._connection.execute(_IS_REQUEST, bound({"request": asked.request})).fetchone()
        return replace(asked, or_text=None) if known else asked.as_text

    def _where_told(self, asked: Filter) -> tuple[str, str, str, dict[str, object]] | None:
        asked = self._settled(asked)
        if not asked.asks_by_requests:
            return self._where_events(asked, None)
        where = self._where_requests(asked, None)
        if where is None:
            return None
        source, conditions, _, values = where
        of_requests = f"event.request_id in (select request.id {source} where {conditions})"
        return _EVENTS, of_requests, "event.seq", values

    def _where_requests(
        self, asked: Filter, below: int | None, *, counting: bool = False
    ) -> tuple[str, str, str, dict[str, object]] | None:
        """Source, conditions, order and values; None: nothing can be found."""
        asked = self._settled(asked)
        values: dict[str, object] = {
            "request": asked.request,
            "coupon_code": asked.coupon_code,
            "ticket": asked.ticket,
            "openid": asked.openid,
            "customer": asked.customer,
            "agent": asked.agent,
            "approver": asked.approver,
            "stock_id": asked.stock_id,
            "state": asked.state,
        }
        wanted = {name for name, value in values.items() if value is not None}
        if asked.least_fen is not None or asked.most_fen is not None:
            most_fen = _MOST if asked.most_fen is None else asked.most_fen
            values |= {"least_fen": asked.least_fen or 0, "most_fen": most_fen}
            wanted.add("value" if asked.least_fen == asked.most_fen else "values")
        if asked.texts:
            values["texts"] = full_text.query(asked.texts)
            if not values["texts"]:
                return None
            wanted.add("texts")
        values = bound(values)
        bounds = self._bounds(_REQUEST_BOUNDS, asked, below)
        if bounds is None:
            return None
        conditions = [condition for condition in _OF_REQUESTS if condition.name in wanted]
        lead = self._lead(conditions, values, counting=counting)
        parts = [each.leading if each is lead else each.narrowing for each in conditions]
        column = "request.id"
        if lead is not None:
            column = _ORDERS.get(lead.name, column)
        parts += [f"{column} between :low and :high"]
        if asked.since is not None or asked.before is not None:
            # Clocks jump: the bounds are of ids, and hold a little more.
            parts.append("request.created_at + 0 >= :since and request.created_at + 0 < :before")
        source = (lead.source if lead else "") or _REQUESTS
        return source, " and ".join(parts), column, {**values, **bounds}

    def _where_events(
        self, asked: Filter, below: int | None, *, counting: bool = False
    ) -> tuple[str, str, str, dict[str, object]] | None:
        """Source, conditions, order and values; None: nothing can be found."""
        asked = self._settled(asked)
        values = bound({"request": asked.request, "actor": asked.actor, "tag": asked.tag, "texts": None})
        if asked.texts:
            values["texts"] = full_text.query(asked.texts)
            if not values["texts"]:
                return None
        bounds = self._bounds(_EVENT_BOUNDS, asked, below)
        if bounds is None:
            return None
        conditions = [each for each in _OF_EVENTS if values[each.name] is not None]
        lead = self._lead(conditions, values, counting=counting)
        parts = [each.leading if each is lead else each.narrowing for each in conditions]
        column = _ORDERS_OF_EVENTS.get(lead.name, "event.seq") if lead else "event.seq"
        parts.append(f"{column} between :low and :high")
        if asked.since is not None or asked.before is not None:
            parts.append("event.ts + 0 >= :since and event.ts + 0 < :before")
        source = (lead.source if lead else "") or _EVENTS
        return source, " and ".join(parts), column, {**values, **bounds}

    def _bounds(self, sql: str, asked: Filter, below: int | None) -> dict[str, object] | None:
        """Of id or seq, which nearly follow time; None: nothing is in that time."""
        since, before = asked.since or 0, asked.before if asked.before is not None else _MOST
        values: dict[str, object] = {
            "since": since,
            "before": before,
            "low": 0,
            "high": _MOST if below is None else below - 1,
        }
        if asked.since is None and asked.before is None:
            return values
        # A month is read whole: its two ends would be as much.
        most = _LONG if before - since > _MONTH_MS else _MOST
        row = self._connection.execute(sql, {**values, "most": most}).fetchone()
        if row["n"] == 0:
            return None
        if row["n"] == most:
            ends = _REQUEST_ENDS if sql is _REQUEST_BOUNDS else _EVENT_ENDS
            row = self._connection.execute(ends, {**values, "month": _MONTH_MS}).fetchone()
            # Nothing in that month: it is no help, and what does not narrow finds everything all the same.
            low = row["low"] if row["low"] is not None and asked.since is not None else 0
            high = row["high"] if row["high"] is not None and asked.before is not None else _MOST
            return {**values, "low": low, "high": min(high, int(str(values["high"])))}
        return {**values, "low": row["low"], "high": min(row["high"], int(str(values["high"])))}

    def _lead(
        self, conditions: Sequence[_Condition], values: Mapping[str, object], *, counting: bool
    ) -> _Condition | None:
        """The one that lets the least through."""
        through = {each.name: self._count(each.probe, values, _ENOUGH) for each in conditions}
        # A range of amounts gives no order: it leads only when there is little to be put into order.
        able = [each for each in conditions if each.name != "values" or through["values"] < _ENOUGH]
        least = min(able, key=lambda each: through[each.name], default=None)
        texts_lead = next((each for each in able if each.name == "texts"), None)
        # To narrow by a frequent word, all that hold it are gathered first; where the other is not rare,
        # walking down the word's own list comes upon a page of both sooner. To count them all it does not.
        frequent = not counting and through.get("texts") == _ENOUGH
        if texts_lead and least and frequent and through[least.name] >= _SOME:
            return texts_lead
        return least

    def _count(self, sql: str, values: Mapping[str, object], most: int) -> int:
        row = self._connection.execute(
            f"select count(*) as n from ({sql} limit :most) as found", {**values, "most": most}
        )
        return int(row.fetchone()["n"])
