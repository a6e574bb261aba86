"""Who is away, as they told, and what that changes for one request: whom reminders call, whom its card names.

It changes nothing of who may approve. That is judged when a click arrives, by the rule and Slack's present
groups (`coupons.policy`), which know nothing of absences: a deputy approves by a right of their own, and
whoever is away may still do so. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from coupons.batches import BatchApproval
from coupons.model import Approval
from coupons.needs import PLAIN, Needs, asked_now, enough, missing
from coupons.rules import people

#: A year and a day. What ends later was told while a clock was wrong, and is over.
LONGEST_ABSENCE_MS: Final = 367 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody decides nothing until then, and perhaps named who should. Times in UTC ms."""

    person: str
    #: None: nobody.
    deputy: str | None
    began_at: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Who of those who may decide one request is there."""

    #: User and group ids that may decide.
    named: tuple[str, ...]
    #: Those of them whom a reminder calls: whoever is there; nobody is: all who may decide.
    called: tuple[str, ...]
    #: Those who are away; a deputy only where that person may decide this request and is there.
    away: tuple[Absence, ...] = ()
    #: Those who are there and have not said yes.
    free: int = 0
    #: These are fewer than approvals are missing: it cannot be approved before somebody is back.
    is_unattended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request or batch, as far as it asks people."""

    #: They decide nothing about it: who asks, and of an undo, who had asked for the coupon.
    askers: frozenset[str]
    #: User and group ids that may decide.
    named: tuple[str, ...]
    given: Sequence[Approval | BatchApproval] = ()
    #: How many approvals it needs, and of several groups, of which people each.
    needed: int = 0
    needs: Needs = PLAIN
    by_part: tuple[frozenset[str], ...] = ()


def attendance(
    question: Question, members: Mapping[str, frozenset[str]], absences: Collection[Absence]
) -> Attendance:
    """`members`: who is in each of the groups that are named."""
    asked = _waited_for(question)
    deciding = people(question.named, members) - question.askers
    away = {each.person: each for each in absences if each.person in deciding}
    if not away:
        return Attendance(named=question.named, called=asked)
    present = deciding - away.keys()
    known = tuple(
        replace(each, deputy=each.deputy if each.deputy in present and _share(question, each) else None)
        for each in sorted(away.values(), key=lambda absence: (absence.until, absence.person))
    )
    free = present - {approval.approver for approval in question.given}
    waited_for = people(asked, members)
    called = [entry for entry in asked if people([entry], members) & free]
    deputies = [each.deputy for each in known if each.deputy in free & waited_for]
    called = [*dict.fromkeys([*called, *(deputy for deputy in deputies if deputy is not None)])]
    return Attendance(
        named=question.named,
        called=tuple(called) or asked,
        away=known,
        free=len(free & waited_for),
        is_unattended=not _can_be_approved(question, free),
    )


def _waited_for(question: Question) -> tuple[str, ...]:
    """Of those who are named, those whom it waits for now."""
    if not question.needs:
        return question.named
    asked = asked_now(question.needs, (approval.fills for approval in question.given))
    return tuple(entry for entry in question.named if entry in asked) or question.named


def _share(question: Question, absence: Absence) -> bool:
    """Whether both could give the same approval."""
    pair = {absence.person, absence.deputy}
    return not question.needs or any(pair <= part for part in question.by_part)


def _can_be_approved(question: Question, free: frozenset[str]) -> bool:
    if not question.needs:
        return len(free) >= question.needed - len(question.given)
    lacking = missing(question.needs, (approval.fills for approval in question.given))
    return enough(
        [
            free & frozenset[str]().union(*(question.by_part[part - 1] for part in each.parts))
            for each in lacking
            for _ in range(each.count)
        ]
    )
