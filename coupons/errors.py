"""Errors of the business, and what a person must put right before anything can be done.

Refusal                   nothing was done: something outside is not as it must be
CouponsError
├── ForbiddenMove         the row allows no such step: look again
├── RowChanged            somebody changed the row first: read it again and decide anew
├── DirectoryUnavailable  Slack could not say who somebody is: nothing was decided, ask again later
└── IssuerUnavailable     the customer's coupons could not be looked at: ask again later
"""

from __future__ import annotations


class Refusal(Exception):
    """A person must act. `problems` has one sentence each: what was read, what is wrong, what would be right.

    The program's commands say them and end with status 2.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class CouponsError(Exception):
    """Anything the business itself raises."""


class ForbiddenMove(CouponsError):
    """The transition table has no such step; nothing was written."""

    def __init__(self, request_id: int, state: str, to: str) -> None:
        super().__init__(f"request {request_id} is {state} and cannot become {to}")
        self.request_id = request_id


class RowChanged(CouponsError):
    """The row has another revision than the one that was read; nothing was written."""

    def __init__(self, request_id: int, rev: int) -> None:
        super().__init__(f"request {request_id} is no longer at revision {rev}")
        self.request_id = request_id


class DirectoryUnavailable(CouponsError):
    """Slack did not say who the person is or who is in the group; nothing was decided."""


class IssuerUnavailable(CouponsError):
    """WeChat Pay gave no verified list of the customer's coupons, or nothing to be believed about one of
    them; nothing is known from this look. `code`: WeChat Pay's or ours, of why."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class StorageUnavailable(CouponsError):
    """The database did not commit. A failed COMMIT may still have been kept: read again by key."""


class StorageLost(StorageUnavailable):
    """The database's file went from under the bot: nothing was kept, nor will be until an operator acts."""
