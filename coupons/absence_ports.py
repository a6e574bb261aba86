"""What the business asks of storage about absences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from coupons.absence import Absence


class AbsenceRecords(Protocol):
    def absence(self, person: str) -> Absence | None:
        """None: this person is there."""

    def absences(self) -> Sequence[Absence]:
        """Of all who are away, the first to be back first."""

    def absences_over(self, now: int) -> Sequence[Absence]:
        """Their time has come, or is further away than any can be."""

    def next_return(self) -> int | None:
        """The earliest `until`."""


class AbsenceChanges(Protocol):
    def set_absence(self, absence: Absence) -> None:
        """In place of the one that this person told before."""

    def end_absence(self, person: str) -> None: ...
