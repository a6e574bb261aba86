"""What tickets and reasons led to: a part of the ledger that `coupons.ports` describes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coupons.model import Favourite, History, Request


class TicketRecords(Protocol):
    """Requests by what they name."""

    def requests_with_ticket(self, spellings: Collection[str], limit: int) -> Sequence[Request]:
        """Whoever the customer, in whatever state, lines of batches too; newest first."""

    def history_of_ticket(self, spellings: Collection[str]) -> History:
        """Coupons that were sent for it, whoever the customer."""

    def favourites_of(self, requester: str, limit: int) -> Sequence[Favourite]:
        """Stock and reason together, as this person asked for them lately; the last first, each once."""
