"""Who is there for a request or a batch: what was told of absences, beside whom its rule names now."""

from __future__ import annotations

from collections.abc import Sequence

from coupons.absence import Absence, Attendance, Question, attendance
from coupons.authority import Authority, Members, parts_people
from coupons.batch_desk import may_decide
from coupons.batches import Batch, BatchState
from coupons.model import Request, State
from coupons.policy import Policy
from coupons.ports import Ledger, Records
from coupons.rules import people
from coupons.undoing import asked_before


class Presence:
    """Groups are asked of Slack before a transaction (`members`), all else is read in it."""

    def __init__(self, *, policy: Policy, authority: Authority, ledger: Ledger) -> None:
        self._policy = policy
        self._authority = authority
        self._ledger = ledger
        self._matching = frozenset(entry for rule in policy.rules for entry in rule.requesters)

    async def for_request(self, request: Request) -> Attendance:
        """At this moment; Slack is asked no more than for the rule while nobody is away.

        Raises DirectoryUnavailable, StorageUnavailable.
        """
        if await self._ledger.read(lambda rows: rows.absences()):
            members = await self.members()
        else:
            members = await self._authority.members(self._matching)
        return await self._ledger.read(lambda rows: self.of_request(rows, request, members, rows.absences()))

    async def for_batch(self, batch: Batch) -> Attendance:
        """As `for_request`."""
        absences = await self._ledger.read(lambda rows: rows.absences())
        members = await self.members() if absences else {}
        return await self._ledger.read(lambda rows: self.of_batch(rows, batch, members, absences))

    async def members(self) -> Members:
        """Who is in each group that decides anything. Raises DirectoryUnavailable."""
        return await self._authority.members(self._policy.groups)

    def deciding(self, rows: Records, request: Request, members: Members) -> frozenset[str]:
        """Everybody whom its rule names."""
        return people(self._authority.named_by(rows, request, members), members)

    def of_request(
        self, rows: Records, request: Request, members: Members, absences: Sequence[Absence]
    ) -> Attendance:
        """What is held or done lacks no approval: whoever gave one may be called to it."""
        named = self._authority.named_by(rows, request, members)
        askers = frozenset({request.requester, asked_before(rows, request) or request.requester})
        question = Question(askers=askers, named=named)
        if request.state is State.PENDING:
            question = Question(
                askers=askers,
                named=named,
                given=rows.approvals(request.id),
                needed=request.approvals_needed,
                needs=request.needs,
                by_part=parts_people(self._policy, request.needs, members),
            )
        return attendance(question, members, absences)

    def of_batch(
        self, rows: Records, batch: Batch, members: Members, absences: Sequence[Absence]
    ) -> Attendance:
        """As `of_request`, by those whom its rule named when it was made."""
        named = may_decide(self._policy, batch)
        askers = frozenset({batch.requester})
        question = Question(askers=askers, named=named)
        if batch.state is BatchState.PENDING:
            question = Question(
                askers=askers,
                named=named,
                given=rows.batch_approvals(batch.id),
                needed=batch.approvals_needed,
                needs=batch.needs,
                by_part=parts_people(self._policy, batch.needs, members),
            )
        return attendance(question, members, absences)
