"""Statements on batches: their rows, the lines of drafts, and their requests by state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any, Final

from coupons.batches import Batch, BatchApproval, BatchState, DraftLine, LeftOut, NewBatch, Progress
from coupons.errors import RowChanged
from coupons.events import Tag
from coupons.model import Request, State
from coupons.needs import Fills, read_fills, read_needs, written, written_fills
from coupons.ports import Topic
from coupons.recording import Recorded
from coupons.rules import Used
from storage.audit import recorded
from storage.base_rows import BaseRows, bound
from storage.dialect_sqlite import EVENT_OF_BATCH, LISTED
from storage.request_records import requests_of
from storage.requests import SELECT

_ADD: Final = """
insert into batch (rev, state, delivery, requester, file_id, file_name, stock_id, reason, ticket, asked_at)
values (1, 'draft', :delivery, :requester, :file_id, :file_name, :stock_id, :reason, :ticket, :asked_at)
on conflict (delivery) do nothing
"""
_BY_ID: Final = "select * from batch where id = :id"
_BY_DELIVERY: Final = "select * from batch where delivery = :delivery"
#: A file that was submitted before; drafts and what came of nothing do not count.
_OF_FILE: Final = """
select * from batch where sha256 = :sha256 and sha256 <> '' and submitted_at is not null
    and state not in ('discarded', 'declined', 'expired') and id <> :but
order by id desc limit 1
"""
#: Files that are still to be read.
_TO_READ: Final = """
select * from batch where state = 'draft' and file_id <> '' order by id limit :limit
"""
_OPEN_BATCHES: Final = """
select * from batch
where state in ('draft', 'pending', 'approved', 'running', 'paused')
    or (state in ('declined', 'cancelled', 'expired', 'done') and result_promised = 0)
order by case
    when state = 'pending' or (state = 'draft' and submitted_at is null) then 2
    when state in ('running', 'paused') then 1 else 0 end,
    expires_at, id limit :limit
"""
_TO_REMIND: Final = """
select * from batch where state = 'pending' and (remind_at <= :now or remind_at > :latest)
order by remind_at, id limit :limit
"""
#: What was asked for never changes and is not among them.
_SAVED: Final = (
    "state",
    "file_id",
    "sha256",
    "problem",
    "remarks",
    "submitted_at",
    "size",
    "value_fen",
    "highest_fen",
    "left_out",
    "approvals_needed",
    "approvers",
    "rule",
    "raised",
    "needs",
    "waits_from",
    "expires_at",
    "remind_at",
    "urged_at",
    "closed_by",
    "pause_code",
    "decline_reason",
    "closed_at",
    "result_promised",
)
_SAVE: Final = """
update batch set
    rev = rev + 1, state = :state, file_id = :file_id, sha256 = :sha256, problem = :problem,
    remarks = :remarks, submitted_at = :submitted_at, size = :size, value_fen = :value_fen,
    highest_fen = :highest_fen, left_out = :left_out, approvals_needed = :approvals_needed,
    approvers = :approvers, rule = :rule, raised = :raised, needs = :needs, waits_from = :waits_from,
    expires_at = :expires_at, remind_at = :remind_at, urged_at = :urged_at, closed_by = :closed_by,
    pause_code = :pause_code,
    decline_reason = :decline_reason, closed_at = :closed_at, result_promised = :result_promised
where id = :id and rev = :rev
"""
_SET_CARD: Final = "update batch set card_channel = :channel, card_ts = :ts where id = :id"
_SET_PREVIEW: Final = "update batch set preview_channel = :channel, preview_ts = :ts where id = :id"
_ADD_LINE: Final = """
insert into batch_line (batch, row, openid, stock_id, reason, ticket, column_name, read, problem, facts)
values (:batch, :row, :openid, :stock_id, :reason, :ticket, :column_name, :read, :problem, :facts)
on conflict (batch, row) do nothing
"""
_LINES: Final = """
select row, openid, stock_id, reason, ticket from batch_line
where batch = :batch and row > :after and problem = '' order by row limit :limit
"""
_BAD_LINES: Final = """
select row, column_name, read, problem, facts from batch_line
where batch = :batch and problem <> '' order by row limit :limit
"""
_LEAVE_OUT: Final = """
update batch_line set openid = '', stock_id = '', reason = '', ticket = '', problem = :problem
where batch = :batch and row = :row
"""
_COUNT_BAD: Final = "select count(*) as n from batch_line where batch = :batch and problem <> ''"
_FORGET_LINES: Final = "delete from batch_line where batch = :batch"
_FORGET_READ: Final = """
update batch_line set read = '', facts = '' where batch = :batch and read || facts <> ''
"""
_FORGET_GOOD: Final = "delete from batch_line where batch = :batch and problem = ''"
_TOTALS: Final = """
select count(*) as n, coalesce(sum(value_fen), 0) as fen from request
where batch = :batch and state not in ('declined', 'cancelled', 'expired', 'refused', 'closed')
"""
_UNBEGUN: Final = (
    SELECT
    + "where request.batch = :batch and request.state = 'approved' and request.attempts = 0"
    + " order by request.id limit :limit"
)
_HELD: Final = (
    SELECT
    + """
where request.batch = :batch and request.state = 'held' and request.attempts > 0 and request.open_attempts = 0
order by request.id
"""
)
_ADD_APPROVAL: Final = """
insert into batch_approval (batch, approver, at, seq, fills) values (:batch, :approver, :at, :seq, :fills)
on conflict (batch, approver) do nothing
"""
_APPROVALS: Final = "select approver, at, seq, fills from batch_approval where batch = :batch order by seq"
_REQUESTS: Final = (
    SELECT
    + "where request.batch = :batch and request.state = :state and request.id > :after"
    + " order by request.id limit :limit"
)
_ALL_REQUESTS: Final = (
    SELECT + "where request.batch = :batch and request.id > :after order by request.id limit :limit"
)
_BY_ROWS: Final = (
    SELECT
    + "where request.batch = :batch and request.state = :state and request.batch_row between :first and :last"
    + " order by request.id limit :limit"
)
_LAST_ROW: Final = "select max(batch_row) as row from request where batch = :batch"
_HIGHEST: Final = "select stock_id, max(value_fen) as fen from request where batch = :batch group by stock_id"
#: A line whose coupon was taken back stands as its undo does, as in the month.
_PROGRESS: Final = """
select case when undone_by is null then state else 'undone' end as stands, count(*) as n,
    sum(value_fen) as fen
from request where batch = :batch group by stands
"""
_OPEN: Final = """
select 1 from request
where batch = :batch and state in ('pending', 'approved', 'sending', 'unknown') limit 1
"""
_EVENTS: Final = (
    f"select seq, body from event where tag in {LISTED} and request_id is null and {EVENT_OF_BATCH}"
    " or seq in (select seq from batch_approval where batch = :batch) order by seq"
)
_ENDS: Final = """
select closed_at / :step_ms * :step_ms as began, state, count(*) as n from request
where batch = :batch and closed_at is not null group by 1, 2 order by 1, 2
"""
_TAGS: Final = json.dumps([tag for tag in Tag if tag.startswith("batch:")])
_FIELDS: Final = tuple(field.name for field in fields(Batch))


class BatchRows(BaseRows):
    """With their lines and approvals."""

    def batch(self, batch_id: int) -> Batch | None:
        found: Batch | None = self._batches.get(batch_id)
        if found is None:
            found = self._batch(_BY_ID, id=batch_id)
            if found is not None:
                self._batches[batch_id] = found
        return found

    def batch_by_delivery(self, delivery: str) -> Batch | None:
        return self._batch(_BY_DELIVERY, delivery=delivery)

    def batch_of_file(self, sha256: str, *, but: int) -> Batch | None:
        return self._batch(_OF_FILE, sha256=sha256, but=but)

    def files_to_read(self, limit: int) -> Sequence[Batch]:
        return [_batch_of(row) for row in self._connection.execute(_TO_READ, {"limit": limit}).fetchall()]

    def batches_to_remind(self, now: int, limit: int, latest: int) -> Sequence[Batch]:
        values = {"now": now, "limit": limit, "latest": latest}
        return [_batch_of(row) for row in self._connection.execute(_TO_REMIND, values).fetchall()]

    def open_batches(self, limit: int) -> Sequence[Batch]:
        found = self._connection.execute(_OPEN_BATCHES, {"limit": limit}).fetchall()
        return [_batch_of(row) for row in found]

    def add_batch(self, new: NewBatch) -> tuple[Batch, bool]:
        self.topics.add(Topic.BATCHES)
        values = bound({field.name: getattr(new, field.name) for field in fields(NewBatch)})
        added = self._connection.execute(_ADD, values).rowcount
        batch = self.batch_by_delivery(new.delivery)
        assert batch is not None  # noqa: S101 - inserted just now, or it was there
        return batch, added == 1

    def save_batch(self, before: Batch, after: Batch) -> Batch:
        # Compare-and-set.
        self.topics.add(Topic.BATCHES)
        values = {name: getattr(after, name) for name in _SAVED}
        values |= {"id": before.id, "rev": before.rev}
        values |= {"raised": ",".join(after.raised), "approvers": ",".join(after.approvers)}
        values["needs"] = written(after.needs)
        saved = self._connection.execute(_SAVE, bound(values)).rowcount
        self._batches.clear()
        batch = self.batch(before.id)
        if saved != 1 or batch is None:
            raise RowChanged(before.id, before.rev)
        return batch

    def set_batch_card(self, batch_id: int, channel: str, ts: str) -> None:
        self._batches.clear()
        self._connection.execute(_SET_CARD, bound({"id": batch_id, "channel": channel, "ts": ts}))

    def set_preview(self, batch_id: int, channel: str, ts: str) -> None:
        self._batches.clear()
        self._connection.execute(_SET_PREVIEW, bound({"id": batch_id, "channel": channel, "ts": ts}))

    # --- lines of drafts

    def add_lines(self, batch_id: int, lines: Iterable[DraftLine], bad: Iterable[LeftOut]) -> None:
        nothing = {"openid": "", "stock_id": "", "reason": "", "ticket": ""}
        sound = {"column_name": "", "read": "", "problem": "", "facts": ""}
        good = (
            {
                **sound,
                "batch": batch_id,
                "row": line.row,
                "openid": line.openid,
                "stock_id": line.stock_id,
                "reason": line.reason,
                "ticket": line.ticket,
            }
            for line in lines
        )
        wrong = (
            {
                **nothing,
                "batch": batch_id,
                "row": line.row,
                "column_name": line.column,
                "read": line.read,
                "problem": line.problem,
                "facts": line.facts,
            }
            for line in bad
        )
        for values in chain(good, wrong):
            self._connection.execute(_ADD_LINE, bound(values))

    def lines(self, batch_id: int, *, after: int, limit: int) -> Sequence[DraftLine]:
        values = {"batch": batch_id, "after": after, "limit": limit}
        return [
            DraftLine(
                row=row["row"],
                openid=row["openid"],
                stock_id=row["stock_id"],
                reason=row["reason"],
                ticket=row["ticket"],
            )
            for row in self._connection.execute(_LINES, values).fetchall()
        ]

    def left_out_of(self, batch_id: int, limit: int) -> Sequence[LeftOut]:
        found = self._connection.execute(_BAD_LINES, {"batch": batch_id, "limit": limit}).fetchall()
        return [
            LeftOut(
                row=row["row"],
                column=row["column_name"],
                read=row["read"],
                problem=row["problem"],
                facts=row["facts"],
            )
            for row in found
        ]

    def count_left_out(self, batch_id: int) -> int:
        return int(self._connection.execute(_COUNT_BAD, {"batch": batch_id}).fetchone()["n"])

    def leave_line_out(self, batch_id: int, row: int, problem: str) -> None:
        self._connection.execute(_LEAVE_OUT, bound({"batch": batch_id, "row": row, "problem": problem}))

    def forget_lines(self, batch_id: int) -> None:
        self._connection.execute(_FORGET_LINES, {"batch": batch_id})

    def forget_what_was_read(self, batch_id: int) -> None:
        self._connection.execute(_FORGET_READ, {"batch": batch_id})

    def forget_good_lines(self, batch_id: int) -> None:
        self._connection.execute(_FORGET_GOOD, {"batch": batch_id})

    # --- approvals, and the lines that are requests

    def add_batch_approval(
        self, batch_id: int, approver: str, *, at: int, seq: int, fills: Fills = ()
    ) -> bool:
        self.topics.add(Topic.BATCHES)
        given = {"approver": approver, "at": at, "seq": seq, "fills": written_fills(fills)}
        values = bound({"batch": batch_id, **given})
        return bool(self._connection.execute(_ADD_APPROVAL, values).rowcount == 1)

    def batch_approvals(self, batch_id: int) -> Sequence[BatchApproval]:
        found = self._connection.execute(_APPROVALS, {"batch": batch_id}).fetchall()
        return [
            BatchApproval(
                approver=row["approver"], at=row["at"], seq=row["seq"], fills=read_fills(row["fills"])
            )
            for row in found
        ]

    def requests_of_batch(
        self, batch_id: int, *, state: str | None = None, after: int = 0, limit: int
    ) -> Sequence[Request]:
        sql = _ALL_REQUESTS if state is None else _REQUESTS
        values = {"batch": batch_id, "after": after, "limit": limit}
        return self._requests(sql, **values if state is None else {**values, "state": state})

    def requests_of_rows(
        self, batch_id: int, state: str, *, first: int, last: int, limit: int
    ) -> Sequence[Request]:
        return self._requests(_BY_ROWS, batch=batch_id, state=state, first=first, last=last, limit=limit)

    def held_of_batch(self, batch_id: int) -> Sequence[Request]:
        return self._requests(_HELD, batch=batch_id)

    def unbegun_of_batch(self, batch_id: int, limit: int) -> Sequence[Request]:
        return self._requests(_UNBEGUN, batch=batch_id, limit=limit)

    def totals_of_batch(self, batch_id: int) -> Used:
        row = self._connection.execute(_TOTALS, {"batch": batch_id}).fetchone()
        return Used(row["n"], row["fen"])

    def last_row_of_batch(self, batch_id: int) -> int:
        row = self._connection.execute(_LAST_ROW, {"batch": batch_id}).fetchone()["row"]
        return 0 if row is None else int(row)

    def highest_of_batch(self, batch_id: int) -> Mapping[str, int]:
        found = self._connection.execute(_HIGHEST, {"batch": batch_id}).fetchall()
        return {str(row["stock_id"]): int(row["fen"]) for row in found}

    def progress_of_batch(self, batch_id: int) -> Progress:
        found = self._connection.execute(_PROGRESS, {"batch": batch_id}).fetchall()
        sent = next((int(row["fen"]) for row in found if row["stands"] == "sent"), 0)
        return Progress({str(row["stands"]): int(row["n"]) for row in found}, sent)

    def events_of_batch(self, batch_id: int) -> Sequence[Recorded]:
        found = self._connection.execute(_EVENTS, {"batch": batch_id, "listed": _TAGS}).fetchall()
        return [recorded(row["seq"], row["body"]) for row in found]

    def ends_of_batch(self, batch_id: int, step_ms: int) -> Sequence[tuple[int, State, int]]:
        found = self._connection.execute(_ENDS, {"batch": batch_id, "step_ms": step_ms}).fetchall()
        return [(int(row["began"]), State(row["state"]), int(row["n"])) for row in found]

    def batch_is_under_way(self, batch_id: int) -> bool:
        return self._connection.execute(_OPEN, {"batch": batch_id}).fetchone() is not None

    def _batch(self, sql: str, **values: object) -> Batch | None:
        row = self._connection.execute(sql, bound(values)).fetchone()
        return None if row is None else _batch_of(row)

    def _requests(self, sql: str, **values: object) -> list[Request]:
        return requests_of(self._connection.execute(sql, bound(values)).fetchall())


def _batch_of(row: Any) -> Batch:
    values = {name: row[name] for name in _FIELDS}
    values["state"] = BatchState(values["state"])
    for name in ("raised", "approvers"):
        values[name] = tuple(filter(None, values[name].split(",")))
    values["needs"] = read_needs(values["needs"])
    values["result_promised"] = bool(values["result_promised"])
    return Batch(**values)
