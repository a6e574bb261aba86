"""Lines of a batch judged one after the other, in parts, while others ask for coupons too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from coupons.batch import BatchLine
from coupons.batch_preview import strictness
from coupons.batches import MORE_APPROVALS, STOCK_GONE, Batch
from coupons.permissions import Reason
from coupons.policy import Policy
from coupons.rules import Terms, Used
from coupons.totals import Counts, Proposal, Total, counted_on, judge, totals

Members = Mapping[str, frozenset[str]]
ReadCounts = Callable[[Collection[Total]], Counts]


class Counting:
    """Earlier lines count for later ones. Exact as long as nobody else asks for anything."""

    def __init__(self, policy: Policy, members: Members, *, requester: str) -> None:
        self._policy = policy
        self._members = members
        self._requester = requester
        self._counts: dict[Total, Used] = {}

    def read(self, lines: Iterable[BatchLine], used: ReadCounts) -> None:
        """What limits count for these lines, as far as it was not read yet."""
        wanted: set[Total] = set()
        for line in lines:
            wanted |= totals(self._policy, self._proposal(line))
        self._counts.update(used(wanted - self._counts.keys()))

    def judge(self, line: BatchLine) -> Terms:
        """After `read`."""
        return judge(self._policy, self._proposal(line), self._counts, self._members)

    def why_left_out(self, batch: Batch, line: BatchLine | None) -> str | None:
        """Of a line that is to become a request; `line` None: its stock is gone. None: it becomes one."""
        if line is None:
            return STOCK_GONE
        found = self.judge(line)
        if not found.decision.allowed:
            return found.decision.reason
        # Reached meanwhile: those who approve must not be fewer than it asks for, nor others.
        if raised := {*raised_of(found)} - {*batch.raised}:
            return min(raised)
        line_s, batch_s = (
            strictness(needed, approvers, needs, self._requester, self._members)
            for needed, approvers, needs in (
                (found.approvals_needed, found.approvers, found.needs),
                (batch.approvals_needed, batch.approvers, batch.needs),
            )
        )
        return MORE_APPROVALS if line_s > batch_s else None

    def add(self, line: BatchLine) -> None:
        """A line that is made a request."""
        self._counts.update(counted_on(self._policy, self._proposal(line), self._counts, automatic=False))

    def _proposal(self, line: BatchLine) -> Proposal:
        return Proposal(
            requester=self._requester,
            openid=line.openid,
            stock_id=line.stock.stock_id,
            value_fen=line.stock.value_fen,
        )


def raised_of(terms: Terms) -> tuple[Reason, ...]:
    """For which limits it needs an approval more; a batch is never automatic, so that share is no matter."""
    return tuple(reason for reason in terms.raised if reason is not Reason.AUTOMATIC_CAP)


def rows_of(text: str, *, last: int) -> Sequence[tuple[int, int]] | None:
    """`17, 20-25`: the ranges of rows; None: it is not read as such, or names rows beyond `last`."""
    ranges = []
    for part in filter(
        None, (each.strip() for each in text.replace("，", ",").replace("、", ",").split(","))
    ):
        first, _, end = (each.strip() for each in part.partition("-"))
        end = end or first
        if not (first.isascii() and first.isdigit() and end.isascii() and end.isdigit()):
            return None
        low, high = int(first), int(end)
        if not 1 <= low <= high <= last:
            return None
        ranges.append((low, high))
    return ranges or None
