"""Statements on approvals of requests, and on the stock that they are given to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from coupons.errors import RowChanged
from coupons.model import REQUEST_RECORD, Approval, Request
from coupons.needs import read_fills, written, written_fills
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound
from storage.batch_approvals import OF_LINE
from storage.dialect_sqlite import LISTED

_ADD: Final = """
insert into approval (request_id, approver, at, fills) values (:request_id, :approver, :at, :fills)
on conflict (request_id, approver) do nothing
"""
_REMOVE: Final = "delete from approval where request_id = :request_id and approver = :approver"
#: Of a line of a batch: the batch's.
_APPROVALS: Final = f"""
select request_id, approver, at, fills, id as place from approval where request_id = :request_id
union all
select request.id, given.approver, given.at, given.fills, given.seq
from request join batch_approval as given on {OF_LINE} where request.id = :request_id
order by place
"""
_OF_MANY: Final = f"""
select request_id, approver, at from approval where request_id in {LISTED} order by id
"""


#: What was asked for never changes, but by an offer that its requester took before anything was sent.
_CHANGE_STOCK: Final = """
update request set
    rev = rev + 1, stock_id = :stock_id, stock_name = :stock_name, value_fen = :value_fen,
    code_mode = :code_mode, body = :body, approvals_needed = :approvals_needed, rule = :rule,
    raised = :raised, needs = :needs, offer = :offer, remind_at = :remind_at, reminders_from = :reminders_from
where id = :id and rev = :rev and state = 'pending' and attempts = 0 and batch is null
"""


_OF_STOCK: Final = (
    *("stock_id", "stock_name", "value_fen", "code_mode", "body", "approvals_needed", "rule", "offer"),
    *("remind_at", "reminders_from"),
)


class ApprovalRows(BaseRows):
    """Those that count: one that was taken back has no row."""

    def approvals(self, request_id: int) -> Sequence[Approval]:
        rows = self._connection.execute(_APPROVALS, {"request_id": request_id})
        return [
            Approval(row["request_id"], row["approver"], row["at"], read_fills(row["fills"])) for row in rows
        ]

    def approvals_of_many(self, request_ids: Collection[int]) -> Mapping[int, Sequence[Approval]]:
        found: dict[int, list[Approval]] = defaultdict(list)
        for row in self._connection.execute(_OF_MANY, {"listed": json.dumps(list(request_ids))}).fetchall():
            found[row["request_id"]].append(Approval(row["request_id"], row["approver"], row["at"]))
        return dict(found)

    def add_approval(self, approval: Approval) -> bool:
        self.topics.add(Topic.REQUESTS)
        given = {"approver": approval.approver, "at": approval.at, "fills": written_fills(approval.fills)}
        values = {"request_id": approval.request_id, **given}
        return bool(self._connection.execute(_ADD, bound(values)).rowcount == 1)

    def remove_approval(self, request_id: int, approver: str) -> bool:
        self.topics.add(Topic.REQUESTS)
        values = {"request_id": request_id, "approver": approver}
        return bool(self._connection.execute(_REMOVE, bound(values)).rowcount == 1)

    def change_stock(self, before: Request, after: Request) -> Request:
        self.topics.add(Topic.REQUESTS)
        values = {name: getattr(after, name) for name in _OF_STOCK}
        values |= {"raised": ",".join(after.raised), "needs": written(after.needs)}
        values |= {"id": before.id, "rev": before.rev}
        if self._connection.execute(_CHANGE_STOCK, bound(values)).rowcount != 1:
            raise RowChanged(before.id, before.rev)
        changes = {name: getattr(after, name) for name in (*_OF_STOCK, "raised", "needs")}
        return REQUEST_RECORD.replace(before, {**changes, "rev": before.rev + 1})
