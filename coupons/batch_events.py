"""What the events of batches tell. They name no request: `batch` says which batch they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coupons.events import Tag
from coupons.recording import Json, Payload, Personal


class BatchCreated(Payload, tag=Tag.BATCH_CREATED):
    """Its lines are requests now, `size` of them; `left_out`: lines of the file that are not.

    `sha256`: of the file's bytes. `rule`, `raised` and `needs` as in `request:created`.
    """

    batch: int
    file_name: Personal[str]
    sha256: str
    size: int
    value_fen: int
    highest_fen: int
    left_out: int
    approvals_needed: int
    approvers: Personal[Sequence[str]]
    rule: int
    raised: Sequence[str]
    needs: Personal[Mapping[str, Json] | None] = None


class BatchApproved(Payload, tag=Tag.BATCH_APPROVED):
    """Once, at the last approval, with all who gave one."""

    batch: int
    approvals: Personal[Sequence[str]]


class BatchDeclined(Payload, tag=Tag.BATCH_DECLINED):
    batch: int
    reason: Personal[str]


class BatchExpired(Payload, tag=Tag.BATCH_EXPIRED):
    """Its approvals did not come in time."""

    batch: int


class BatchCancelled(Payload, tag=Tag.BATCH_CANCELLED):
    """By its requester or an approver: what had not begun is withdrawn."""

    batch: int


class BatchStruck(Payload, tag=Tag.BATCH_STRUCK):
    """An approver struck these rows of the file out before approving: they are declined."""

    batch: int
    rows: Sequence[int]


class BatchPaused(Payload, tag=Tag.BATCH_PAUSED):
    """By a person, or by the bot because of WeChat Pay's `code`: no line begins until it is resumed.

    `stock_id`: the lines of this stock alone, and the others go on.
    """

    batch: int
    code: str | None = None
    stock_id: str | None = None


class BatchResumed(Payload, tag=Tag.BATCH_RESUMED):
    """What waits goes on, and what `code` held is sent again, under the same numbers."""

    batch: int
    retried: int


class BatchDone(Payload, tag=Tag.BATCH_DONE):
    """`states`: how many lines ended in which, or wait for a person by themselves (`held`)."""

    batch: int
    states: Mapping[str, int]
