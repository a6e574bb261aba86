"""A batch: many requests out of one file, which its requester previews and approvers decide on together.

draft -> pending -> approved -> running <-> paused
  |         |           |          |          |
  |         |           |          '-> done <-'
  |         |           '-> cancelled (what has not begun; what is under way ends by itself)
  |         '-> declined | cancelled | expired
  '-> discarded

Each of its lines is a request like any other, once the batch was submitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from coupons.errors import ForbiddenMove
from coupons.needs import PLAIN, Fills, Needs


class BatchState(StrEnum):
    """Where a batch stands."""

    #: A file was given; its requester is shown what it would come to, and submits or discards it.
    DRAFT = "draft"
    #: Waits for approvals.
    PENDING = "pending"
    #: Has its approvals; its lines are being approved.
    APPROVED = "approved"
    #: Its lines are sent.
    RUNNING = "running"
    #: None of its lines begins: a person stopped it, or something must be put right first.
    PAUSED = "paused"
    #: Every line has ended, or waits for a person by itself. Final.
    DONE = "done"
    #: What had not begun was withdrawn. Final.
    CANCELLED = "cancelled"
    #: An approver said no. Final.
    DECLINED = "declined"
    #: Nobody decided in time. Final.
    EXPIRED = "expired"
    #: Its requester did not submit it. Final.
    DISCARDED = "discarded"


BATCH_MOVES: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    BatchState.DRAFT: frozenset({BatchState.PENDING, BatchState.DISCARDED}),
    BatchState.PENDING: frozenset(
        {BatchState.APPROVED, BatchState.DECLINED, BatchState.CANCELLED, BatchState.EXPIRED}
    ),
    BatchState.APPROVED: frozenset({BatchState.RUNNING, BatchState.CANCELLED}),
    BatchState.RUNNING: frozenset({BatchState.PAUSED, BatchState.DONE, BatchState.CANCELLED}),
    BatchState.PAUSED: frozenset({BatchState.RUNNING, BatchState.DONE, BatchState.CANCELLED}),
    BatchState.DONE: frozenset(),
    BatchState.CANCELLED: frozenset(),
    BatchState.DECLINED: frozenset(),
    BatchState.EXPIRED: frozenset(),
    BatchState.DISCARDED: frozenset(),
}
BATCH_FINAL: Final = frozenset(state for state, following in BATCH_MOVES.items() if not following)


#: The same bytes were submitted before: a draft's requester is shown that before it can be submitted.
SAME_FILE: Final = "same_file"
#: The problem of a line whose customer was forgotten while it was no request yet.
ERASED: Final = "erased"
#: Of one whose stock is no longer in coupon.toml.
STOCK_GONE: Final = "stock_gone"
#: Of one that needs more approvals than its batch, of which others are requests already, or other approvers.
MORE_APPROVALS: Final = "more_approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """A file that was given, before anything of it is read."""

    #: What names the Slack delivery for ever: the numbers of the lines are derived from it.
    delivery: str
    requester: str
    #: Slack's id of the file; its bytes are read once.
    file_id: str
    file_name: str
    #: Of the form, for the lines whose own cells are empty.
    stock_id: str
    reason: str
    ticket: str
    asked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One row of `batch`. Money in fen, times in UTC ms."""

    id: int
    #: As with requests: every write names the revision it read.
    rev: int
    state: BatchState
    delivery: str
    requester: str
    #: Empty once the file was read.
    file_id: str
    file_name: str
    stock_id: str
    reason: str
    ticket: str
    asked_at: int
    #: SHA-256 of the file's bytes, lower-case hex; empty: not read yet.
    sha256: str = ""
    #: Why nothing of the file can be used; empty: it can, or was not read yet. SAME_FILE is only said.
    problem: str = ""
    #: What its preview says besides about the file, as `handlers.bulk.file_json` wrote it.
    remarks: str = ""
    #: When its requester submitted it; until its lines are requests it is still a draft.
    submitted_at: int | None = None
    #: Lines that are requests (in a draft: that would be), and what they are worth.
    size: int = 0
    value_fen: int = 0
    #: The worth of its most valuable line.
    highest_fen: int = 0
    #: Lines of the file that are not among them.
    left_out: int = 0
    approvals_needed: int = 0
    #: User and group ids that may approve it, as the rule named them.
    approvers: tuple[str, ...] = ()
    #: Place in coupon.toml of the rule that decides, from 1; 0: none fitted.
    rule: int = 0
    #: `policy.Reason`s for which it needs more approvals than the rule asks for.
    raised: tuple[str, ...] = ()
    #: As of a request.
    needs: Needs = PLAIN
    #: From when its waiting is counted, and when that ends. None: it waits for nobody yet.
    waits_from: int | None = None
    expires_at: int | None = None
    remind_at: int | None = None
    #: When its requester last called it to mind.
    urged_at: int | None = None
    #: Who declined, cancelled or discarded it, or paused it last. SYSTEM: WeChat Pay refuses the merchant.
    #: None in a paused one: it is paused for the stocks of its held lines alone, and the others go on.
    closed_by: str | None = None
    #: WeChat Pay's code, where it refuses the merchant: what is held with it goes on with the batch.
    pause_code: str = ""
    decline_reason: str = ""
    closed_at: int | None = None
    #: What became of its lines was promised to its requester: nothing is left to do.
    result_promised: bool = False
    #: The requester's preview, and the card in the approval channel.
    preview_channel: str | None = None
    preview_ts: str | None = None
    card_channel: str | None = None
    card_ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """A line of a draft. `row`: the sheet's own number, the head counted."""

    row: int
    openid: str = field(repr=False)
    stock_id: str
    reason: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A line that gives nothing: `read` is what stands in the file's `column`, `problem` a code.

    `facts`: all that is wrong with it, as `handlers.bulk.file_json` wrote it; empty: the code says all.
    """

    row: int
    column: str
    #: Perhaps an openid.
    read: str = field(repr=False)
    problem: str
    facts: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchApproval:
    """One person's yes to a batch; `seq` is the event that tells of it. `fills`: as of a request's."""

    approver: str
    at: int
    seq: int
    fills: Fills = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How many lines stand in which state, and what those sent are worth. One taken back is `undone`."""

    states: Mapping[str, int]
    sent_fen: int = 0

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class StockOfBatch:
    """Its lines of one stock, as far as they were not declined. `fen`: what these are worth together."""

    stock_id: str
    stock_name: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLines:
    """Lines of one stock that WeChat Pay's `code` holds, of which `not_known` may have been given."""

    stock_id: str
    stock_name: str
    code: str
    count: int
    not_known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOfBatch:
    """What one customer is to get out of it."""

    openid: str = field(repr=False)
    count: int
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersOfBatch:
    """`before`: how many got a coupon in the days before it was submitted. `largest`: largest sums first."""

    count: int
    before: int
    largest: tuple[CustomerOfBatch, ...]


def move_batch(batch: Batch, to: BatchState, *, now: int, **changes: Any) -> Batch:
    """The batch in its next state; `closed_at` is set by itself on a final one.

    Raises ForbiddenMove: the caller read a state that allows no such step, and must read it again.
    """
    if to not in BATCH_MOVES[batch.state]:
        raise ForbiddenMove(batch.id, batch.state, to)
    if batch.state is BatchState.DRAFT:
        # Nobody is shown them any more.
        changes = {"remarks": "", **changes}
    if to in BATCH_FINAL:
        changes = {"closed_at": now, "expires_at": None, "remind_at": None, "file_id": "", **changes}
    return replace(batch, state=to, **changes)
