"""What screens and auditors ask the log: a part of the ledger that `coupons.ports` describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coupons.audit_words import Filter, Found
    from coupons.model import Request
    from coupons.recording import Recorded


class AuditSearch(Protocol):
    """What screens and auditors need: lists, searches, and the head of the log."""

    def find_requests(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Found]:
        """With ids smaller than `below`, newest first."""

    def find_events(self, asked: Filter, *, below: int | None = None, limit: int) -> Sequence[Recorded]:
        """With seqs smaller than `below`, newest first."""

    def events_of_found(self, asked: Filter, *, limit: int) -> Sequence[Recorded]:
        """The newest events that fit, oldest first; where the filter says what only requests have, the newest
        of all events of the requests that fit."""

    def count_found(self, asked: Filter, *, most: int) -> int:
        """Of requests, or of events where it asks for them; `most` when there are so many or more."""

    def find_and_count(
        self, asked: Filter, *, below: int | None = None, limit: int, most: int
    ) -> tuple[Sequence[Found] | Sequence[Recorded], int]:
        """`find` and `count_found` at once."""

    def requests_of_customer(self, openid: str, limit: int) -> Sequence[Request]:
        """In whatever state, newest first."""

    def requests_of(self, requester: str, limit: int) -> Sequence[Request]:
        """In whatever state, newest first; no lines of batches."""

    def pending_requests(self, limit: int) -> Sequence[Request]:
        """The longest waiting first."""

    def head(self) -> tuple[int, str]:
        """Place and hash of the newest event; 0 and 64 zeros when there is none."""

    def hash_of(self, seq: int) -> str | None:
        """The hash of the event at this place; None when there is none."""

    def find(
        self, asked: Filter, *, below: int | None = None, limit: int
    ) -> Sequence[Found] | Sequence[Recorded]:
        """Events where it asks for them, else requests: `find_events` or `find_requests`."""
