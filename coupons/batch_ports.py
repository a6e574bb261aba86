"""What is kept of batches: a part of the ledger that `coupons.ports` describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coupons.batches import (
        Batch,
        BatchApproval,
        CustomersOfBatch,
        DraftLine,
        HeldLines,
        LeftOut,
        NewBatch,
        Progress,
        StockOfBatch,
    )
    from coupons.model import Request, State
    from coupons.needs import Fills
    from coupons.recording import Recorded
    from coupons.rules import Used


class BatchRecords(Protocol):
    """Batches, the lines of drafts, and the requests that lines became."""

    def batch(self, batch_id: int) -> Batch | None: ...

    def batch_by_delivery(self, delivery: str) -> Batch | None: ...

    def batch_of_file(self, sha256: str, *, but: int) -> Batch | None:
        """The newest other batch that was submitted with the same file, and not declined or expired."""

    def batch_approvals(self, batch_id: int) -> Sequence[BatchApproval]:
        """In the order in which they were given."""

    def lines(self, batch_id: int, *, after: int, limit: int) -> Sequence[DraftLine]:
        """Good lines of a draft with higher rows, in the order of the file."""

    def left_out_of(self, batch_id: int, limit: int) -> Sequence[LeftOut]:
        """In the order of the file."""

    def count_left_out(self, batch_id: int) -> int: ...

    def last_row_of_batch(self, batch_id: int) -> int:
        """The highest row that is a request; 0: none."""

    def requests_of_batch(
        self, batch_id: int, *, state: State | None = None, after: int = 0, limit: int
    ) -> Sequence[Request]:
        """With higher ids, in their order; `state` None: in whatever state."""

    def requests_of_rows(
        self, batch_id: int, state: State, *, first: int, last: int, limit: int
    ) -> Sequence[Request]:
        """Of these rows of the file, both ends included."""

    def held_of_batch(self, batch_id: int) -> Sequence[Request]:
        """Held since WeChat Pay said no, with no attempt that may have given the coupon."""

    def unbegun_of_batch(self, batch_id: int, limit: int) -> Sequence[Request]:
        """Approved, without any attempt."""

    def totals_of_batch(self, batch_id: int) -> Used:
        """Of its requests that limits count."""

    def highest_of_batch(self, batch_id: int) -> Mapping[str, int]:
        """By stock, the worth in fen of the most valuable line that is a request."""

    def progress_of_batch(self, batch_id: int) -> Progress: ...

    def stocks_of_batch(self, batch_id: int) -> Sequence[StockOfBatch]:
        """The largest sums first."""

    def held_lines_of_batch(self, batch_id: int) -> Sequence[HeldLines]:
        """By stock and code, the most lines first."""

    def customers_of_batch(self, batch_id: int, *, since: int, until: int, largest: int) -> CustomersOfBatch:
        """Of its lines that were not declined; `before` by what was sent between these two times."""

    def events_of_batch(self, batch_id: int) -> Sequence[Recorded]:
        """That tell of it and of no line, its approvals among them; the oldest first."""

    def ends_of_batch(self, batch_id: int, step_ms: int) -> Sequence[tuple[int, State, int]]:
        """How many lines ended so in each such time: when it began, how they stand now, how many."""

    def batch_is_under_way(self, batch_id: int) -> bool:
        """Whether a line waits for a decision, or can still be sent by itself."""


class DueBatches(Protocol):
    """Which of them have something to do."""

    def files_to_read(self, limit: int) -> Sequence[Batch]:
        """Drafts whose file was not read yet, the oldest first."""

    def open_batches(self, limit: int) -> Sequence[Batch]:
        """Not final, or final with lines or a result still to be told.

        Those with work first, then those whose lines are under way, then the ones whose time ends next.
        """

    def batches_to_remind(self, now: int, limit: int, latest: int) -> Sequence[Batch]:
        """As `requests_to_remind`."""


class BatchChanges(Protocol):
    """Each is a part of the transaction that it is asked of."""

    def add_batch(self, new: NewBatch) -> tuple[Batch, bool]:
        """The new row and True, or the row of the same delivery and False."""

    def save_batch(self, before: Batch, after: Batch) -> Batch:
        """As `save`. Raises RowChanged."""

    def set_batch_card(self, batch_id: int, channel: str, ts: str) -> None:
        """As `set_card`."""

    def set_preview(self, batch_id: int, channel: str, ts: str) -> None:
        """Where the requester's preview stands."""

    def add_lines(self, batch_id: int, lines: Iterable[DraftLine], bad: Iterable[LeftOut]) -> None:
        """To a draft; a row that is there already stays as it is."""

    def leave_line_out(self, batch_id: int, row: int, problem: str) -> None:
        """The good line becomes a bad one, and its openid is no longer among the lines."""

    def forget_lines(self, batch_id: int) -> None:
        """Good and bad ones."""

    def forget_what_was_read(self, batch_id: int) -> None:
        """What stood in the bad lines is gone; which they are, and the code that says why, stays."""

    def forget_good_lines(self, batch_id: int) -> None:
        """They are requests now."""

    def add_batch_approval(
        self, batch_id: int, approver: str, *, at: int, seq: int, fills: Fills = ()
    ) -> bool:
        """False: this person has approved this batch already."""

    def set_batches_right(self, now: int, after: int) -> Sequence[int]:
        """As `set_waiting_right`, of batches."""
