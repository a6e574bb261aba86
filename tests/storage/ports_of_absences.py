"""The ports' methods on absences, each with what it answers and does; for `test_ports`."""

from __future__ import annotations

from collections.abc import Callable

from coupons.absence import LONGEST_ABSENCE_MS, Absence
from coupons.ports import Reading, Transaction
from tests.storage.records import NOW

AWAY = Absence(person="U0WANG", deputy="U0ZHAO", began_at=NOW, until=NOW + 7)
LONGER = Absence(person="U0LIU", deputy=None, began_at=NOW, until=NOW + 9)


def seed(tx: Transaction) -> None:
    for absence in (LONGER, AWAY):
        tx.set_absence(absence)


def _replaces_and_ends(tx: Transaction) -> bool:
    later = Absence(person="U0WANG", deputy=None, began_at=NOW + 1, until=NOW + 8)
    tx.set_absence(later)
    seen = list(tx.absences()) == [later, LONGER]
    for person in ("U0WANG", "U0WANG", "U0NOBODY"):
        tx.end_absence(person)
    return seen and list(tx.absences()) == [LONGER]


READS: dict[str, Callable[[Reading], bool]] = {
    "absence": lambda tx: (tx.absence("U0WANG"), tx.absence("U0ZHAO")) == (AWAY, None),
    "absences": lambda tx: list(tx.absences()) == [AWAY, LONGER],
    "absences_over": lambda tx: (
        [list(tx.absences_over(at)) for at in (NOW + 6, NOW + 7, NOW + 8 - LONGEST_ABSENCE_MS)]
        == [[], [AWAY], [LONGER]]
    ),
    "next_return": lambda tx: tx.next_return() == NOW + 7,
}
CHANGES: dict[str, Callable[[Transaction], bool]] = {
    "set_absence": _replaces_and_ends,
    "end_absence": _replaces_and_ends,
}
