"""Statements on who is away: a row for each person, while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coupons.absence import LONGEST_ABSENCE_MS, Absence
from coupons.ports import Topic
from storage.base_rows import BaseRows, bound

_ONE = "select person, deputy, began_at, until from absence where person = :person"
_ALL = "select person, deputy, began_at, until from absence order by until, person"
_OVER = """
select person, deputy, began_at, until from absence where until <= :now or until > :latest
order by until, person
"""
_NEXT = "select min(until) as due from absence"
_SET = """
insert into absence (person, deputy, began_at, until) values (:person, :deputy, :began_at, :until)
on conflict (person) do update set
    deputy = excluded.deputy, began_at = excluded.began_at, until = excluded.until
"""
_END = "delete from absence where person = :person"


class AbsenceRows(BaseRows):
    """Nobody who is there has a row."""

    def absence(self, person: str) -> Absence | None:
        row = self._connection.execute(_ONE, bound({"person": person})).fetchone()
        return None if row is None else _absence(row)

    def absences(self) -> Sequence[Absence]:
        return [_absence(row) for row in self._connection.execute(_ALL).fetchall()]

    def absences_over(self, now: int) -> Sequence[Absence]:
        values = {"now": now, "latest": now + LONGEST_ABSENCE_MS}
        return [_absence(row) for row in self._connection.execute(_OVER, values).fetchall()]

    def next_return(self) -> int | None:
        return self._number(_NEXT, "due")

    def set_absence(self, absence: Absence) -> None:
        self.topics.add(Topic.ABSENCES)
        values = {
            "person": absence.person,
            "deputy": absence.deputy,
            "began_at": absence.began_at,
            "until": absence.until,
        }
        self._connection.execute(_SET, bound(values))

    def end_absence(self, person: str) -> None:
        self.topics.add(Topic.ABSENCES)
        self._connection.execute(_END, bound({"person": person}))


def _absence(row: Any) -> Absence:
    return Absence(person=row["person"], deputy=row["deputy"], began_at=row["began_at"], until=row["until"])
