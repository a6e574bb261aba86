"""Going away and coming back: the hand-over, whom it is told, and what it changes for what waits now.

One transaction each. No right is given or taken (`coupons.absence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from coupons.absence import Absence
from coupons.absence_events import AbsenceBegan, AbsenceEnded
from coupons.authority import Members
from coupons.batches import BatchState
from coupons.clock_watch import ClockWatch
from coupons.events import ClickRefused
from coupons.model import Person
from coupons.permissions import YES, Decision, Reason, may_be_trusted
from coupons.policy import Policy
from coupons.ports import Directory, Ledger, Transaction
from coupons.posts import Post, PostKind
from coupons.presence import Presence
from coupons.recording import SYSTEM
from coupons.rules import people

#: Requests that are looked through, the longest waiting first, and open batches.
_MOST: Final = 2_000
_MOST_BATCHES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The absence stands. `uncovered`: places of the rules (0: none fitted) by which this person decides and
    the deputy does not."""

    absence: Absence
    uncovered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAway:
    """Nothing was changed; `of_deputy`: the reason is the deputy's."""

    decision: Decision
    of_deputy: bool = False


class AbsenceDesk:
    """`team` is the workspace the bot lives in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Directory,
        presence: Presence,
        policy: Policy,
        team: str,
        clock: ClockWatch,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._presence = presence
        self._policy = policy
        self._team = team
        self._clock = clock

    async def begin(self, person: str, *, until: int, deputy: str | None) -> HandedOver | NotAway:
        """In place of what this person told before. Raises DirectoryUnavailable, StorageUnavailable."""
        members = await self._presence.members()
        who = await self._directory.person(person)
        instead = await self._directory.person(deputy) if deputy else None
        return await self._ledger.write(
            partial(self._begin, who=who, until=until, instead=instead, members=members)
        )

    async def end(self, person: str, *, began_at: int | None = None) -> Absence | NotAway:
        """This person is back: the absence that ended. `began_at`: only that one. Raises as `begin`."""
        members = await self._presence.members()
        return await self._ledger.write(partial(self._end, person=person, began_at=began_at, members=members))

    async def end_due(self, now: int) -> int:
        """End what is over, by a clock that is believed; returns how many. Raises as `begin`."""
        members = await self._presence.members()
        return await self._ledger.write(partial(self._end_due, now=now, members=members))

    # --- away

    def _begin(
        self, tx: Transaction, *, who: Person, until: int, instead: Person | None, members: Members
    ) -> HandedOver | NotAway:
        person, deputy = who.user_id, instead.user_id if instead else None
        refused = self._refusal(tx, who, instead, members)
        if refused is not None:
            reason = Reason.NOT_DEPUTY if refused.of_deputy else refused.decision.reason
            tx.append(ClickRefused(action="away", reason=reason).done_by(person))
            return refused
        before = tx.absence(person)
        absence = Absence(person=person, deputy=deputy, began_at=self._clock(), until=until)
        tx.set_absence(absence)
        seq = tx.append(AbsenceBegan(until=until, deputy=deputy).done_by(person))
        for each in {deputy, before.deputy if before else None}:
            if each is not None:
                tx.post(Post(kind=PostKind.DIRECT, request_id=None, seq=seq, person=each))
        self._renew_cards(tx, person, members)
        uncovered = self._uncovered(person, deputy, members) if deputy else ()
        return HandedOver(absence=absence, uncovered=uncovered)

    def _refusal(
        self, tx: Transaction, who: Person, instead: Person | None, members: Members
    ) -> NotAway | None:
        right = may_be_trusted(who, self._team)
        if right.allowed and not self._parts_of(who.user_id, members):
            right = Decision(Reason.NOT_APPROVER)
        if not right.allowed:
            return NotAway(right)
        if instead is None:
            return None
        right = self._may_stand_in(tx, who.user_id, instead, members)
        return None if right.allowed else NotAway(right, of_deputy=True)

    def _may_stand_in(self, tx: Transaction, person: str, instead: Person, members: Members) -> Decision:
        if instead.user_id == person:
            return Decision(Reason.SELF)
        trusted = may_be_trusted(instead, self._team)
        if not trusted.allowed:
            return trusted
        if not self._parts_of(person, members) & self._parts_of(instead.user_id, members):
            return Decision(Reason.NOT_APPROVER)
        return Decision(Reason.AWAY) if tx.absence(instead.user_id) else YES

    def _parts_of(self, person: str, members: Members) -> frozenset[tuple[int, int]]:
        """What this person may approve: places of rules (0: where none fits), and parts of their needs."""
        policy = self._policy
        asked = [(0, 0, policy.approvers)]
        for place, rule in enumerate(policy.rules, start=1):
            parts = [part.of for part in rule.needs.parts] or [policy.approvers_of(rule)]
            asked += [(place, part, ids) for part, ids in enumerate(parts)]
        return frozenset((place, part) for place, part, ids in asked if person in people(ids, members))

    def _uncovered(self, person: str, deputy: str, members: Members) -> tuple[int, ...]:
        lacking = self._parts_of(person, members) - self._parts_of(deputy, members)
        return tuple(sorted({place for place, _ in lacking}))

    # --- back

    def _end(
        self, tx: Transaction, *, person: str, began_at: int | None, members: Members
    ) -> Absence | NotAway:
        absence = tx.absence(person)
        if absence is None or began_at not in {None, absence.began_at}:
            tx.append(ClickRefused(action="back", reason=Reason.NOT_AWAY).done_by(person))
            return NotAway(Decision(Reason.NOT_AWAY))
        tx.end_absence(person)
        seq = tx.append(AbsenceEnded().done_by(person))
        if absence.deputy is not None:
            tx.post(Post(kind=PostKind.DIRECT, request_id=None, seq=seq, person=absence.deputy))
        self._renew_cards(tx, person, members)
        return absence

    def _end_due(self, tx: Transaction, *, now: int, members: Members) -> int:
        over = tx.absences_over(now)
        for absence in over:
            tx.end_absence(absence.person)
            seq = tx.append(AbsenceEnded(person=absence.person).done_by(SYSTEM))
            # Whoever is ill for longer than was thought tells so again.
            tx.post(Post(kind=PostKind.DIRECT, request_id=None, seq=seq, person=absence.person))
            self._renew_cards(tx, absence.person, members)
        return len(over)

    # --- what waits

    def _renew_cards(self, tx: Transaction, person: str, members: Members) -> None:
        """Cards that name this person are drawn anew; what nobody there can approve is called to mind now."""
        absences, now = tx.absences(), self._clock()
        for request in tx.pending_requests(_MOST):
            if person not in self._presence.deciding(tx, request, members):
                continue
            if request.card_ts is not None:
                tx.post(Post(kind=PostKind.REDRAW, request_id=request.id))
            if tx.absence(person) and self._presence.of_request(tx, request, members, absences).is_unattended:
                tx.save(request, replace(request, remind_at=now))
        for batch in tx.open_batches(_MOST_BATCHES):
            if batch.state is not BatchState.PENDING:
                continue
            tx.post(Post(kind=PostKind.BATCH_CARD, request_id=None, batch=batch.id))
            if tx.absence(person) and self._presence.of_batch(tx, batch, members, absences).is_unattended:
                tx.save_batch(batch, replace(batch, remind_at=now))


def absences_covered(absences: Sequence[Absence], deputy: str) -> tuple[Absence, ...]:
    """Those who named this person as their deputy."""
    return tuple(each for each in absences if each.deputy == deputy)
