"""The conditions of a search, as constant SQL: of requests, and of events.

Each has two forms. One can use an index that gives the newest first; the other cannot, and only narrows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from storage.batch_approvals import OF_LINE
from storage.dialect_sqlite import EVENT_MATCHES, REQUEST_MATCHES


@dataclass(frozen=True, slots=True)
class Condition:
    """`probe` counts what it alone would let through."""

    name: str
    leading: str
    narrowing: str
    probe: str
    #: From where the leading form reads, when that is not the table alone.
    source: str = ""


_COLUMNS = f"""
request.*, customer.openid as openid, (
    select string_agg(approver, ' ' order by id) from approval where approval.request_id = request.id
) as approvers, (
    select string_agg(approver, ' ' order by seq) from batch_approval as given where {OF_LINE}
) as approvers_of_batch
"""
_REQUESTS = "from request join customer on customer.id = request.customer"

_CUSTOMER_OF = "(select id from customer where openid = :openid)"
#: In the order in which they lead when they let through equally much.
_OF_REQUESTS: Final = (
    Condition("request", "request.id = :request", "request.id = :request", "select 1"),
    Condition(
        "coupon_code",
        "request.coupon_code = :coupon_code",
        "request.coupon_code || '' = :coupon_code",
        "select 1 from request where coupon_code = :coupon_code",
    ),
    Condition(
        "ticket",
        "request.ticket = :ticket and request.ticket <> ''",
        "request.ticket || '' = :ticket",
        "select 1 from request where ticket = :ticket and ticket <> ''",
    ),
    Condition(
        "openid",
        f"request.customer = {_CUSTOMER_OF}",
        f"request.customer + 0 = {_CUSTOMER_OF}",
        f"select 1 from request where customer = {_CUSTOMER_OF}",
    ),
    Condition(
        "customer",
        "request.customer = :customer",
        "request.customer + 0 = :customer",
        "select 1 from request where customer = :customer",
    ),
    Condition(
        "batch",
        # Its lines stand together: walked through from the newest, they need no sorting.
        """request.id between (select min(id) from request where batch = :batch)
    and (select max(id) from request where batch = :batch) and request.batch + 0 = :batch""",
        "request.batch + 0 = :batch",
        "select 1 from request where batch = :batch",
    ),
    Condition(
        "texts",
        REQUEST_MATCHES,
        f"request.id in (select rowid from request_words where {REQUEST_MATCHES})",
        f"select 1 from request_words where {REQUEST_MATCHES}",
        """from request_words join request on request.id = request_words.rowid
join customer on customer.id = request.customer""",
    ),
    Condition(
        "agent",
        "request.requester = :agent",
        "request.requester || '' = :agent",
        "select 1 from request where requester = :agent",
    ),
    Condition(
        "approver",
        "approval.approver = :approver",
        f"""(exists (
    select 1 from approval where approval.request_id = request.id and approval.approver = :approver
) or exists (
    select 1 from batch_approval as given where {OF_LINE} and given.approver = :approver
))""",
        "select 1 from approval where approver = :approver",
        """from approval join request on request.id = approval.request_id
join customer on customer.id = request.customer""",
    ),
    Condition(
        "stock_id",
        "request.stock_id || '' = :stock_id",
        "request.stock_id = :stock_id",
        "select 1 from request where stock_id || '' = :stock_id",
    ),
    Condition(
        "value",
        "request.value_fen = :least_fen",
        "request.value_fen + 0 = :least_fen",
        "select 1 from request where value_fen = :least_fen",
    ),
    Condition(
        "values",
        "request.value_fen between :least_fen and :most_fen",
        "request.value_fen + 0 between :least_fen and :most_fen",
        "select 1 from request where value_fen between :least_fen and :most_fen",
    ),
    Condition(
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
_OF_EVENTS: Final = (
    Condition(
        "request",
        "event.request_id = :request",
        "event.request_id + 0 = :request",
        "select 1 from event where request_id = :request",
    ),
    Condition(
        "texts",
        EVENT_MATCHES,
        f"event.seq in (select rowid from event_words where {EVENT_MATCHES})",
        f"select 1 from event_words where {EVENT_MATCHES}",
        "from event_words join event on event.seq = event_words.rowid",
    ),
    Condition(
        "actor",
        "event.actor = :actor",
        "event.actor || '' = :actor",
        "select 1 from event where actor = :actor",
    ),
    Condition(
        "tag",
        "event.tag = :tag",
        "event.tag || '' = :tag",
        "select 1 from event where tag = :tag",
    ),
)
_EVENTS: Final = "from event"


@dataclass(frozen=True, slots=True)
class SearchKind:
    """What is looked for, and where it stands."""

    conditions: Sequence[Condition]
    columns: str
    source: str
    #: By which the newest come first, and by another where that is what leads.
    place: str
    orders: Mapping[str, str]
    #: Clocks jump: the bounds are of ids and seqs, and hold a little more.
    time: str
    bounds: str
    ends: str


REQUEST: Final = SearchKind(
    _OF_REQUESTS,
    _COLUMNS,
    _REQUESTS,
    "request.id",
    _ORDERS,
    "request.created_at + 0 >= :since and request.created_at + 0 < :before",
    _REQUEST_BOUNDS,
    _REQUEST_ENDS,
)
EVENT: Final = SearchKind(
    _OF_EVENTS,
    "event.seq as seq, event.body as body",
    _EVENTS,
    "event.seq",
    _ORDERS_OF_EVENTS,
    "event.ts + 0 >= :since and event.ts + 0 < :before",
    _EVENT_BOUNDS,
    _EVENT_ENDS,
)
