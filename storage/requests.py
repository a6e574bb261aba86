"""Statements on requests and customers."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter

from coupons.errors import RowChanged
from coupons.model import REQUEST_RECORD, Draft, Request
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound
from storage.dialect_sqlite import BEGIN_NUMBERS_ABOVE, HIGHEST_NUMBER, LISTED, SAVED_ROWS
from storage.full_text import RequestTexts
from storage.request_records import columns_of_draft, requests_of

SELECT = """
select request.*, customer.openid as openid
from request join customer on customer.id = request.customer
"""
_BY_ID = SELECT + "where request.id = :id"
_BY_IDS = SELECT + f"where request.id in {LISTED}"
_BY_COUPON = SELECT + "where request.stock_id = :stock_id and request.coupon_code = :coupon_code limit 1"
_BY_NUMBER = SELECT + "where request.out_request_no = :out_request_no"
_BY_NUMBERS = SELECT + f"where request.out_request_no in {LISTED}"
_OPEN_OF = (
    SELECT
    + """
where request.requester = :requester and request.batch is null
  and request.state in ('pending', 'approved', 'sending', 'unknown', 'held')
order by request.id desc limit :limit
"""
)
_NOT_RUNNING = f"""
  and request.running = 0 and request.state in ('approved', 'sending', 'unknown')
  and request.stock_id not in {LISTED}
"""
#: Only retries wait: what is approved and due later was approved before a clock was set back.
_NEW = " and request.state = 'approved' and request.due_at > :now and request.due_at <= :latest"
_LONGEST_DUE = "order by request.due_at, request.id limit :limit"
#: Two lanes, each with its index; what is due, and apart what a clock made late, since `or` would sort all.
_ALONE = SELECT + "where request.batch is null"
#: A batch that was paused for a stock alone (by nobody) goes on with its others. Those of the stock stand in
#: `stopped_stocks`, which the sender leaves out.
#: Batch after batch, so that no index is sorted: a `cross join` is what keeps SQLite to that order.
_IN_BATCH = """
select request.*, customer.openid as openid
from batch cross join request on request.batch = batch.id join customer on customer.id = request.customer
where batch.state in ('running', 'paused') and (batch.state = 'running' or batch.closed_by is null)
"""
#: Of a batch that is over, what had begun before it was cancelled, and what somebody sends again.
_IN_ENDED_BATCH = """
select request.*, customer.openid as openid
from batch cross join request on request.batch = batch.id join customer on customer.id = request.customer
where batch.result_promised = 0 and batch.state in ('done', 'cancelled')
  and (batch.state = 'done' or request.attempts > 0)
  and (request.due_at <= :now or request.due_at > :latest or request.state = 'approved')
"""
_OLDEST_BATCH = "order by batch.id, " + _LONGEST_DUE.removeprefix("order by ")
_SEARCHES = {
    False: (
        _ALONE + " and request.due_at <= :now" + _NOT_RUNNING + _LONGEST_DUE,
        _ALONE + " and request.due_at > :latest" + _NOT_RUNNING + _LONGEST_DUE,
        _ALONE + _NEW + _NOT_RUNNING + _LONGEST_DUE,
    ),
    True: (
        _IN_BATCH + " and request.due_at <= :now" + _NOT_RUNNING + _OLDEST_BATCH,
        _IN_BATCH + " and request.due_at > :latest" + _NOT_RUNNING + _OLDEST_BATCH,
        _IN_BATCH + _NEW + _NOT_RUNNING + _OLDEST_BATCH,
        _IN_ENDED_BATCH + _NOT_RUNNING + _LONGEST_DUE,
    ),
}
#: Each with a question before it: mostly there is none, and to see only that costs a twentieth of a search
#: for wide rows.
_DUE = {
    in_batch: [
        (f"select 1 {sql[sql.index('from ') : sql.index('order by')]} limit 1", sql) for sql in searches
    ]
    for in_batch, searches in _SEARCHES.items()
}
#: WeChat Pay said no, and not finally: what was held for another reason says nothing of its stock. Such a
#: line pauses its batch; once that was resumed or cancelled, the next line tells whether it was put right.
_STOPPED = """
select distinct request.stock_id from batch cross join request on request.batch = batch.id
where batch.state = 'paused' and request.state = 'held' and request.attempts > 0 and request.open_attempts = 0
"""
_DOUBTFUL = (
    SELECT
    + """
where request.stock_id = :stock_id and request.open_attempts > 0 and request.undoes is null
  and request.state in ('sending', 'unknown', 'held')
  and (cast(:openid as text) is null or customer.openid = :openid)
order by request.id limit :limit
"""
)
_TO_LOOK_UP = (
    SELECT
    + """
where (request.look_at <= :now or request.look_at > :latest)
  and request.running = 0 and request.state in ('unknown', 'held')
order by request.look_at, request.id limit :limit
"""
)
_EXPIRED = (
    SELECT
    + """
where request.state = 'pending' and request.expires_at <= :now and request.batch is null
order by request.expires_at, request.id limit :limit
"""
)
_INTERRUPTED = (
    SELECT
    + """
where request.running = 1
  and (request.running_until is null or request.running_until <= :now or request.running_until > :latest)
order by request.id
"""
)
#: Not a new revision: whoever read the row decides on nothing that it changes.
_RENEW = """
update request set running_until = :until
where id = :id and running = 1 and attempts = :attempts and running_by = :running_by
"""
_NEXT_SEND_DUE = """
select min(due) as due from (
    select min(due_at) as due from request
    where due_at is not null and batch is null and running = 0 and state in ('approved', 'sending', 'unknown')
    union all
    select (
        select min(due_at) from request
        where request.batch = batch.id and due_at is not null and running = 0
          and request.state in ('approved', 'sending', 'unknown')
    )
    from batch where state in ('running', 'paused') and (state = 'running' or closed_by is null)
    union all
    select (
        select min(due_at) from request
        where request.batch = batch.id and due_at is not null and running = 0
          and request.state in ('approved', 'sending', 'unknown')
          and (batch.state = 'done' or request.attempts > 0)
    )
    from batch where result_promised = 0 and state in ('done', 'cancelled')
    union all
    select min(look_at) from request
    where look_at is not null and running = 0 and state in ('unknown', 'held')
    union all
    select min(running_until) from request where running = 1
) as waiting
"""
#: Two questions, each with its index: one with `or` would read the whole table at every command.
_DUPLICATE = """
select max(id) as id from (
    select request.id as id from request join customer on customer.id = request.customer
    where customer.openid = :openid and request.stock_id = :stock_id and request.created_at >= :since
      and request.state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
      and request.undoes is null and request.undone_by is null
    union all
    select id from request
    where ticket = :ticket and ticket <> '' and created_at >= :since
      and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
      and undoes is null and undone_by is null
) as alike
"""
_OF_CUSTOMER = SELECT + "where customer.openid = :openid order by request.id desc limit :limit"
#: Lines of batches are not told one by one.
_OF_REQUESTER = (
    SELECT
    + "where request.requester = :requester and request.batch is null order by request.id desc limit :limit"
)
_PENDING = (
    SELECT
    + """
where request.state = 'pending' and request.batch is null order by request.created_at, request.id limit :limit
"""
)
#: By the index of what auditors ask by. Lines of a batch that is paused go on with it.
_HELD = (
    SELECT
    + """
where request.state || '' = 'held' and not exists (
    select 1 from batch where batch.id = request.batch and batch.state = 'paused'
)
order by request.id limit :limit
"""
)
_UNDOS = SELECT + "where request.undoes = :id order by request.id"
_FOLLOWER = SELECT + "where request.follows = :id order by request.id desc limit 1"
_TO_REMIND = (
    SELECT
    + """
where request.state = 'pending' and (request.remind_at <= :now or request.remind_at > :latest)
order by request.remind_at, request.id limit :limit
"""
)
_ADD_CUSTOMER = "insert into customer (openid) values (:openid) on conflict (openid) do nothing"
_ADD = """
insert into request (
    rev, state, out_request_no, requester, customer, stock_id, stock_name, value_fen, code_mode, reason,
    approvals_needed, created_at, expires_at, body, ticket, rule, raised, duplicate_of, follows, remind_at,
    waits_from, batch, batch_row, needs, undoes
)
select 1, 'pending', :out_request_no, :requester, customer.id, :stock_id, :stock_name, :value_fen, :code_mode,
    :reason, :approvals_needed, :created_at, :expires_at, :body, :ticket, :rule, :raised, :duplicate_of,
    :follows, :remind_at, :waits_from, :batch, :batch_row, :needs, :undoes
from customer where customer.openid = :openid
on conflict (out_request_no) do nothing
"""
#: What was asked for (number, body, customer, value) is not among them: it never changes. Of many at once: a
#: statement for each would cost the writer's thread twice the time.
_SAVE_ALL = f"""
update request set rev = request.rev + 1, state = new.state, attempts = new.attempts, tries = new.tries,
    open_attempts = new.open_attempts, running = new.running, running_by = new.running_by,
    running_until = new.running_until, unknown_at = new.unknown_at, absent_looks = new.absent_looks,
    due_at = new.due_at, look_at = new.look_at, closed_by = new.closed_by,
    decline_reason = new.decline_reason, problem = new.problem, coupon_code = new.coupon_code,
    closed_at = new.closed_at, remind_at = new.remind_at, urged_at = new.urged_at,
    undone_by = new.undone_by, reminders_from = new.reminders_from
from {SAVED_ROWS} as new where request.id = new.id and request.rev = new.rev
"""
#: The same where nothing else has changed, as when attempts begin: so fewer indexes are written anew.
_SAVE_ATTEMPTS = f"""
update request set rev = request.rev + 1, state = new.state, attempts = new.attempts, tries = new.tries,
    open_attempts = new.open_attempts, running = new.running, running_by = new.running_by,
    running_until = new.running_until
from {SAVED_ROWS} as new where request.id = new.id and request.rev = new.rev
"""
_SET_CARD = "update request set card_channel = :channel, card_ts = :ts where id = :id"
_OF_ATTEMPT = ("state", "attempts", "tries", "open_attempts", "running", "running_by", "running_until")
#: What does not change when an attempt begins.
_BESIDE = (
    *("unknown_at", "absent_looks", "due_at", "look_at", "closed_by", "decline_reason"),
    *("problem", "coupon_code", "closed_at", "remind_at", "urged_at", "undone_by", "reminders_from"),
)
_SAVED = (*_OF_ATTEMPT, *_BESIDE)
_OTHERS = attrgetter(*_BESIDE)
#: What may be stored in another way than it was given.
_TEXTS = ("running_by", "closed_by", "decline_reason", "problem", "coupon_code")


class RequestRows(BaseRows):
    """With their customers."""

    def request(self, request_id: int) -> Request | None:
        return self._one(_BY_ID, id=request_id)

    def requests(self, request_ids: Collection[int]) -> Mapping[int, Request]:
        found = self._many(_BY_IDS, listed=json.dumps(list(request_ids)))
        return {request.id: request for request in found}

    def request_by_number(self, out_request_no: str) -> Request | None:
        return self._one(_BY_NUMBER, out_request_no=out_request_no)

    def request_by_coupon(self, stock_id: str, coupon_code: str) -> Request | None:
        return self._one(_BY_COUPON, stock_id=stock_id, coupon_code=coupon_code)

    def doubtful_requests(self, stock_id: str, openid: str | None, limit: int) -> Sequence[Request]:
        return self._many(_DOUBTFUL, stock_id=stock_id, openid=openid, limit=limit)

    def open_requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        return self._many(_OPEN_OF, requester=requester, limit=limit)

    def due_requests(
        self, now: int, limit: int, latest: int, *, in_batch: bool = False, but: Collection[str] = ()
    ) -> Sequence[Request]:
        found: list[Request] = []
        values = {"now": now, "latest": latest, "listed": json.dumps(list(but))}
        for any_due, sql in _DUE[in_batch]:
            if self._connection.execute(any_due, values).fetchone() is not None:
                found += self._many(sql, **values, limit=limit - len(found))
        return found

    def stopped_stocks(self) -> Collection[str]:
        return [row["stock_id"] for row in self._connection.execute(_STOPPED).fetchall()]

    def requests_to_look_up(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        return self._many(_TO_LOOK_UP, now=now, limit=limit, latest=latest)

    def expired_requests(self, now: int, limit: int) -> Sequence[Request]:
        return self._many(_EXPIRED, now=now, limit=limit)

    def interrupted_requests(self, now: int, latest: int) -> Sequence[Request]:
        return self._many(_INTERRUPTED, now=now, latest=latest)

    def renew_attempt(self, begun: Request, until: int) -> None:
        values = {"id": begun.id, "attempts": begun.attempts, "running_by": begun.running_by}
        self._connection.execute(_RENEW, bound({**values, "until": until}))

    def next_send_due(self) -> int | None:
        return self._number(_NEXT_SEND_DUE, "due")

    def duplicate_of(self, *, openid: str, stock_id: str, ticket: str, since: int) -> Request | None:
        values = {"openid": openid, "stock_id": stock_id, "ticket": ticket, "since": since}
        found = self._number(_DUPLICATE, "id", **values)
        return None if found is None else self.request(found)

    def requests_of_customer(self, openid: str, limit: int) -> Sequence[Request]:
        return self._many(_OF_CUSTOMER, openid=openid, limit=limit)

    def requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        return self._many(_OF_REQUESTER, requester=requester, limit=limit)

    def pending_requests(self, limit: int) -> Sequence[Request]:
        return self._many(_PENDING, limit=limit)

    def held_requests(self, limit: int) -> Sequence[Request]:
        return self._many(_HELD, limit=limit)

    def undos_of(self, request_id: int) -> Sequence[Request]:
        return self._many(_UNDOS, id=request_id)

    def follower_of(self, request_id: int) -> Request | None:
        return self._one(_FOLLOWER, id=request_id)

    def requests_to_remind(self, now: int, limit: int, latest: int) -> Sequence[Request]:
        return self._many(_TO_REMIND, now=now, limit=limit, latest=latest)

    def add_requests(self, drafts: Sequence[Draft]) -> Sequence[tuple[Request, bool]]:
        self.topics.add(Topic.REQUESTS)
        added = []
        for draft in drafts:
            values = bound(columns_of_draft(draft))
            self._connection.execute(_ADD_CUSTOMER, {"openid": values["openid"]})
            is_new = self._connection.execute(_ADD, values).rowcount == 1
            added.append((str(values["out_request_no"]), is_new))
        # All at once: a question between two writes costs as much as both.
        numbers = json.dumps([number for number, _ in added])
        found = {request.out_request_no: request for request in self._many(_BY_NUMBERS, listed=numbers)}
        for number, is_new in added:
            if is_new:
                RequestTexts(self._connection).add(found[number].id, *_texts(found[number]))
        return [(found[number], is_new) for number, is_new in added]

    def highest_number(self) -> int:
        return self._number(HIGHEST_NUMBER, "highest") or 0

    def begin_numbers_above(self, number: int) -> None:
        for statement in BEGIN_NUMBERS_ABOVE:
            self._connection.execute(statement, {"number": number} if ":number" in statement else {})

    def save(self, before: Request, after: Request) -> Request:
        return self.save_all([(before, after)])[0]

    def save_all(self, pairs: Sequence[tuple[Request, Request]]) -> Sequence[Request]:
        if not pairs:
            return []
        # Compare-and-set.
        self.topics.add(Topic.REQUESTS)
        saved = [{name: getattr(after, name) for name in _SAVED} for _, after in pairs]
        rows = [
            bound(each) | {"id": before.id, "rev": before.rev}
            for each, (before, _) in zip(saved, pairs, strict=True)
        ]
        only_attempts = all(_OTHERS(before) == _OTHERS(after) for before, after in pairs)
        sql = _SAVE_ATTEMPTS if only_attempts else _SAVE_ALL
        if self._connection.execute(sql, {"rows": json.dumps(rows)}).rowcount != len(rows):
            raise RowChanged(pairs[0][0].id, pairs[0][0].rev)
        return [
            self._after(before, each, values)
            for (before, _), each, values in zip(pairs, saved, rows, strict=True)
        ]

    def _after(self, before: Request, saved: Mapping[str, object], values: Mapping[str, object]) -> Request:
        """`values`: the same as they were bound."""
        saved = {**saved, **{name: values[name] for name in _TEXTS}}
        request = REQUEST_RECORD.replace(before, {**saved, "rev": before.rev + 1})
        if request.decline_reason != before.decline_reason:
            RequestTexts(self._connection).replace(request.id, _texts(before), _texts(request))
        return request

    def set_card(self, request_id: int, channel: str, ts: str) -> None:
        self._connection.execute(_SET_CARD, bound({"id": request_id, "channel": channel, "ts": ts}))

    def _one(self, sql: str, **values: object) -> Request | None:
        found = self._many(sql, **values)
        return found[0] if found else None

    def _many(self, sql: str, **values: object) -> list[Request]:
        return requests_of(self._connection.execute(sql, bound(values)).fetchall())


def _texts(request: Request) -> tuple[str, ...]:
    return (request.reason, request.ticket, request.decline_reason)
