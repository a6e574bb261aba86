"""Statements on approvals of requests."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from coupons.model import Approval
from coupons.needs import read_fills, written_fills
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
