"""What auditors look for: requests, or events, by any of their marks, newest first.

Which condition leads is asked of the rows themselves, since SQLite cannot know that one agent's requests are
few and those in the state sent are nearly all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from coupons.audit_words import Filter, Found
from coupons.recording import Recorded
from storage import full_text
from storage.audit import recorded
from storage.base_rows import BaseRows, bound
from storage.request_records import requests_of
from storage.search_conditions import EVENT, REQUEST, Condition, SearchKind

#: Counting further says nothing more about which condition leads.
_ENOUGH = 5_000
#: So many among a million events are met soon enough by walking through the newest.
_SOME = 1_000
#: A time with more rows in it than these is no help in finding them.
_LONG = 20_000
_MONTH_MS: Final = 31 * 86_400_000
_MOST: Final = 2**62
_OF_BATCHES: Final = "select 1 from batch_approval where approver = :approver"
_IS_REQUEST: Final = "select 1 from request where id = :request"


@dataclass(frozen=True, slots=True)
class _Search:
    """What is asked for, and how many rows each condition alone would let through."""

    kind: SearchKind
    conditions: Sequence[Condition]
    through: Mapping[str, int]
    values: dict[str, object]
    timed: bool
    #: The approver gave an approval to a batch, too: no index leads to both kinds of approvals.
    of_batches: bool

    def where(self, *, counting: bool = False) -> tuple[str, str, str]:
        """Source, conditions and order."""
        lead = self._lead(counting=counting)
        parts = [each.leading if each is lead else each.narrowing for each in self.conditions]
        place = self.kind.orders.get(lead.name, self.kind.place) if lead else self.kind.place
        parts.append(f"{place} between :low and :high")
        if self.timed:
            parts.append(self.kind.time)
        return (lead.source if lead else "") or self.kind.source, " and ".join(parts), place

    def _lead(self, *, counting: bool) -> Condition | None:
        """The one that lets the least through."""
        # A range of amounts gives no order: it leads only when there is little to be put into order.
        able = [each for each in self.conditions if each.name != "values" or self.through["values"] < _ENOUGH]
        if self.of_batches:
            able = [each for each in able if each.name != "approver"]
        least = min(able, key=lambda each: self.through[each.name], default=None)
        texts_lead = next((each for each in able if each.name == "texts"), None)
        # To narrow by a frequent word, all that hold it are gathered first; where the other is not rare,
        # walking down the word's own list comes upon a page of both sooner. To count them all it does not.
        frequent = not counting and self.through.get("texts") == _ENOUGH
        if texts_lead and least and frequent and self.through[least.name] >= _SOME:
            return texts_lead
        return least


class SearchRows(BaseRows):
    """In one moment of the database."""

    def find(
        self, asked: Filter, *, below: int | None = None, limit: int
    ) -> Sequence[Found] | Sequence[Recorded]:
        return self._found(self._search(asked), below, limit)

    def find_requests(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Found]:
        return self._found(self._search(asked, REQUEST), below, limit)

    def find_events(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Recorded]:
        return self._found(self._search(asked, EVENT), below, limit)

    def count_found(self, asked: Filter, *, most: int) -> int:
        return self._counted(self._search(asked), most)

    def find_and_count(
        self, asked: Filter, *, below: int | None = None, limit: int, most: int
    ) -> tuple[Sequence[Found] | Sequence[Recorded], int]:
        search = self._search(asked)
        return self._found(search, below, limit), self._counted(search, most)

    def stored_rows(self, asked: Filter, *, first: int) -> Any:
        """A cursor over `seq, prev, hash, body` of `events_of_found`, oldest first, from `first` on."""
        source, conditions, _, values = self._where_events(asked) or (EVENT.source, "false", "", {})
        sql = f"""select event.seq as seq, event.prev as prev, event.hash as hash, event.body as body
{source} where event.seq >= :first and {conditions} order by event.seq"""
        return self._connection.execute(sql, {**values, "first": first})

    def events_of_found(self, asked: Filter, *, limit: int) -> Sequence[Recorded]:
        where = self._where_events(asked)
        if where is None:
            return []
        source, conditions, order, values = where
        sql = f"select {EVENT.columns} {source} where {conditions} order by {order} desc limit :limit"
        found = self._connection.execute(sql, {**values, "limit": limit}).fetchall()
        return [_event(row) for row in reversed(found)]

    def _found(self, search: _Search | None, below: int | None, limit: int) -> list[Any]:
        """Newest first: requests or events, whichever is looked for."""
        if search is None:
            return []
        source, conditions, order = search.where()
        sql = f"select {search.kind.columns} {source} where {conditions} order by {order} desc limit :limit"
        high = int(str(search.values["high"]))
        values = {**search.values, "high": high if below is None else min(high, below - 1), "limit": limit}
        made = _request if search.kind is REQUEST else _event
        return [made(row) for row in self._connection.execute(sql, values)]

    def _counted(self, search: _Search | None, most: int) -> int:
        if search is None:
            return 0
        source, conditions, _ = search.where(counting=True)
        return self._count(f"select 1 {source} where {conditions}", search.values, most)

    def _where_events(self, asked: Filter) -> tuple[str, str, str, dict[str, object]] | None:
        by_requests = self._number_or_text(asked).asks_by_requests
        search = self._search(asked, REQUEST if by_requests else EVENT)
        if search is None:
            return None
        source, conditions, order = search.where()
        if not by_requests:
            return source, conditions, order, search.values
        of_requests = f"event.request_id in (select request.id {source} where {conditions})"
        return EVENT.source, of_requests, EVENT.place, search.values

    def _number_or_text(self, asked: Filter) -> Filter:
        """A number alone is the request of that number, where there is one."""
        if asked.or_text is None:
            return asked
        known = self._connection.execute(_IS_REQUEST, bound({"request": asked.request})).fetchone()
        return replace(asked, or_text=None) if known else asked.as_text

    def _search(self, asked: Filter, kind: SearchKind | None = None) -> _Search | None:
        """None: nothing can be found."""
        asked = self._number_or_text(asked)
        kind = kind or (EVENT if asked.asks_for_events else REQUEST)
        values = _values(asked)
        if values.get("texts") == "":
            return None
        values, bounds = bound(values), self._bounds(kind, asked)
        if bounds is None:
            return None
        conditions = [each for each in kind.conditions if each.name in values]
        through = {each.name: self._count(each.probe, values, _ENOUGH) for each in conditions}
        timed = asked.since is not None or asked.before is not None
        of_batches = "approver" in values and self._count(_OF_BATCHES, values, 1) > 0
        return _Search(kind, conditions, through, {**values, **bounds}, timed, of_batches)

    def _bounds(self, kind: SearchKind, asked: Filter) -> dict[str, object] | None:
        """Of id or seq, which nearly follow time; None: nothing is in that time."""
        since, before = asked.since or 0, asked.before if asked.before is not None else _MOST
        values: dict[str, object] = {
            "since": since,
            "before": before,
            "low": 0,
            "high": _MOST,
        }
        if asked.since is None and asked.before is None:
            return values
        # A month is read whole: its two ends would be as much.
        most = _LONG if before - since > _MONTH_MS else _MOST
        row = self._connection.execute(kind.bounds, {**values, "most": most}).fetchone()
        if row["n"] == 0:
            return None
        if row["n"] == most:
            row = self._connection.execute(kind.ends, {**values, "month": _MONTH_MS}).fetchone()
            # Nothing in that month: it is no help, and what does not narrow finds everything all the same.
            low = row["low"] if row["low"] is not None and asked.since is not None else 0
            high = row["high"] if row["high"] is not None and asked.before is not None else _MOST
            return {**values, "low": low, "high": high}
        return {**values, "low": row["low"], "high": row["high"]}

    def _count(self, sql: str, values: Mapping[str, object], most: int) -> int:
        row = self._connection.execute(
            f"select count(*) as n from ({sql} limit :most) as found", {**values, "most": most}
        )
        return int(row.fetchone()["n"])


def _request(row: Any) -> Found:
    [request] = requests_of([row])
    return Found(request, tuple((row["approvers"] or row["approvers_of_batch"] or "").split()))


def _event(row: Any) -> Recorded:
    return recorded(row["seq"], row["body"])


def _values(asked: Filter) -> dict[str, object]:
    """Of all that is asked for; `texts` is empty where no word of it can be found."""
    named: dict[str, object] = {
        "request": asked.request,
        "coupon_code": asked.coupon_code,
        "ticket": asked.ticket,
        "openid": asked.openid,
        "customer": asked.customer,
        "batch": asked.batch,
        "agent": asked.agent,
        "approver": asked.approver,
        "stock_id": asked.stock_id,
        "state": asked.state,
        "actor": asked.actor,
        "tag": asked.tag,
        "texts": full_text.query(asked.texts) if asked.texts else None,
    }
    values = {name: value for name, value in named.items() if value is not None}
    if asked.least_fen is not None or asked.most_fen is not None:
        # Of one amount or of several: the name is that of the condition.
        values["value" if asked.least_fen == asked.most_fen else "values"] = True
        most_fen = _MOST if asked.most_fen is None else asked.most_fen
        values |= {"least_fen": asked.least_fen or 0, "most_fen": most_fen}
    return values
