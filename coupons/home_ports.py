"""What Home and the weekly message ask of the ledger: a part of what `coupons.ports` describes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coupons.model import Approval
    from coupons.recording import Recorded
    from coupons.week import Week


class HomeRecords(Protocol):
    """Read for one screen, in one look."""

    def approvals_of_many(self, request_ids: Collection[int]) -> Mapping[int, Sequence[Approval]]:
        """`approvals` of requests that are no lines of a batch; one without any is left out."""

    def decisions_of(self, person: str, since: int, limit: int) -> Sequence[Recorded]:
        """The events of this person's approvals and declines of requests and batches, and of approvals taken
        back, newest first; a line that was struck out of a batch is none. `since`: about so far back."""

    def newest_end(self) -> int:
        """When the last request reached a final state; 0: none has."""

    def week(self, since: int, before: int) -> Week:
        """`since` and `before` are seven days apart."""
