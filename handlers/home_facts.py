"""What stands on a person's Home: only what this person may see, read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from coupons.absence_desk import absences_covered
from coupons.authority import Authority, Members, parts_people
from coupons.batch_desk import may_decide
from coupons.batches import Batch, BatchState, Progress
from coupons.events import ClickRefused
from coupons.lifecycle import FINAL
from coupons.model import Request
from coupons.permissions import Reason, may_approve, may_fill, may_retry, may_undo
from coupons.policy import DAY_MS, Policy
from coupons.ports import Clock, Ledger, Reading, Records
from coupons.rules import NOTHING, Left, limits_left, people
from coupons.totals import Proposal, facts, totals
from coupons.week import DAYS, Week, days_until_now
from coupons.week_reports import report_week_to
from handlers.card_facts import CardFacts
from handlers.views.batch_card import BatchOnCard
from handlers.views.home import LATELY, SHOWN, OpenRequest, Overview
from handlers.views.home_decided import Decided

#: Pending requests, and held ones, that are looked through for all who watch, the longest waiting first.
_PENDING = 500
#: Batches, too.
_BATCHES = 100
#: Of one's own: open ones, and all among which the last finished ones are.
_OPEN, _LATEST = 100, 60
#: Of one's own, among which the last word on each of some is.
_DECISIONS = 20
#: The week is counted anew at most so often: while a large batch is sent it takes a tenth of a second.
WEEK_S: Final = 5.0
_UNDER_WAY = frozenset({BatchState.APPROVED, BatchState.RUNNING, BatchState.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Everything that waits, and who decides about it: read once for all who watch."""

    rows: tuple[OpenRequest, ...]
    #: The held ones, the oldest first.
    held: tuple[Request, ...]
    #: Those that were submitted and are not over.
    batches: tuple[BatchOnCard, ...]
    approvers: Mapping[int, frozenset[str]]
    members: Members
    week: Week
    #: Something ended since it was counted.
    week_is_old: bool


@dataclass(frozen=True, slots=True)
class _CountedWeek:
    week: Week
    #: `newest_end` then; and when, by the loop's own clock.
    newest_end: int
    at: float


class HomeFacts:
    """`clock` is for the periods of the limits, and says which days the week has."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        policy: Policy,
        beside: CardFacts,
        workspace_url: str,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._policy = policy
        self._beside = beside
        self._workspace_url = workspace_url
        self._clock = clock
        self._counted: _CountedWeek | None = None

    async def pending(self) -> Pending:
        """Raises DirectoryUnavailable, StorageUnavailable."""
        pending, held, batches, newest_end = await self._ledger.read(
            lambda rows: (
                _rows(rows),
                rows.held_requests(_PENDING),
                _open_batches(rows),
                rows.newest_end(),
            )
        )
        week = await self._week(newest_end)
        return Pending(
            rows=pending,
            held=tuple(held),
            batches=batches,
            approvers=await self._authority.deciding([*(row.request for row in pending), *held]),
            members=await self._authority.members(self._policy.groups),
            week=week.week,
            week_is_old=week.newest_end != newest_end,
        )

    async def trusts(self, person: str) -> bool:
        """Whether this is a full, active member of our team. Raises DirectoryUnavailable."""
        return (await self._authority.trusts(person)).allowed

    async def overview(self, person: str, pending: Pending) -> Overview | None:
        """None: no role. Raises StorageUnavailable."""
        policy, members = self._policy, pending.members
        may_ask = not policy.agents or person in people(policy.agents, members)
        decides = person in people(policy.deciders, members)
        if not (may_ask or decides or person in people(policy.auditors, members)):
            return None
        waiting = tuple(
            row
            for row in pending.rows
            # A pause stops approving and not declining: these wait all the same.
            if may_approve(
                row.request,
                person,
                pending.approvers[row.request.id],
                row.approvals,
                by_part=parts_people(policy, row.request.needs, members),
                asked_before=row.asked_before,
            ).allowed
        )
        held = tuple(row for row in pending.held if may_retry(row, person, pending.approvers[row.id]).allowed)
        together = tuple(row.request for row in waiting[:SHOWN] if self._is_small(row.request))
        for_person = tuple(row for row in pending.batches if self._decides(person, row.batch, members))

        def read(rows: Reading) -> Overview:
            recent = tuple(row for row in rows.requests_of(person, _LATEST) if row.state in FINAL)[:LATELY]
            return Overview(
                may_ask=may_ask,
                may_approve=decides,
                may_pause=person in people(policy.approvers, members),
                pause=rows.pause(),
                waiting=(*_with_grounds(rows, waiting[:SHOWN], self._beside), *waiting[SHOWN:]),
                absence=rows.absence(person),
                deputy_for=absences_covered(rows.absences(), person),
                together=together,
                held=held,
                mine=tuple(_row(rows, request) for request in rows.open_requests_of(person, _OPEN)),
                recent=recent,
                # Whose request it is may ask, whatever their role.
                undoable=frozenset(row.id for row in recent if may_undo(row, rows.undos_of(row.id)).allowed),
                left=self._limits_left(rows, person) if may_ask else (),
                batches=tuple(row for row in for_person if self._waits_for(row, person, members)),
                batches_under_way=tuple(row for row in for_person if row.batch.state in _UNDER_WAY),
                my_batches=tuple(row for row in pending.batches if row.batch.requester == person),
                decided=_decided(rows, person, self._clock()) if decides else (),
                week=pending.week if decides else None,
                my_used=pending.week.used.get(person, NOTHING),
                my_week=next((line for line in pending.week.agents if line.name == person), None),
                workspace_url=self._workspace_url,
            )

        return await self._ledger.read(read)

    async def may_be_approved_together(self, numbers: Sequence[int]) -> bool:
        """By their values; who may approve them is judged for each. Raises StorageUnavailable."""
        found = await self._ledger.read(lambda rows: [rows.request(number) for number in numbers])
        return all(request is None or self._is_small(request) for request in found)

    async def refuse_together(self, person: str, numbers: Sequence[int]) -> None:
        """Keep the refused click for the audit; its answer stands on Home. Raises StorageUnavailable."""
        refused = ClickRefused(action="approve_together", reason="not_together", asked_for=numbers)
        await self._ledger.write(lambda tx: tx.append(refused.done_by(person)))

    async def report_week_to(self, person: str, now: int) -> bool:
        """False: it is not, or no longer, this person's business; that is kept for the audit.

        Raises DirectoryUnavailable, StorageUnavailable.
        """
        if (await self._authority.roles(person)).approves:
            await self._ledger.write(lambda tx: report_week_to(tx, person, now))
            return True
        refused = ClickRefused(action="week_picture", reason=Reason.NOT_APPROVER)
        await self._ledger.write(lambda tx: tx.append(refused.done_by(person)))
        return False

    async def _week(self, newest_end: int) -> _CountedWeek:
        since, before = days_until_now(self._clock())
        counted, now = self._counted, asyncio.get_running_loop().time()
        if counted is not None and counted.week.since == since and now - counted.at < WEEK_S:
            return counted
        week = await self._ledger.read(lambda rows: rows.week(since, before))
        self._counted = _CountedWeek(week, newest_end, now)
        return self._counted

    def _waits_for(self, row: BatchOnCard, person: str, members: Members) -> bool:
        """Whoever has approved, or whose groups have, is not asked again."""
        batch, given = row.batch, row.approvals
        if batch.state is not BatchState.PENDING or any(each.approver == person for each in given):
            return False
        by_part = parts_people(self._policy, batch.needs, members)
        return may_fill(batch.needs, person, given, by_part, askers=frozenset({batch.requester})).allowed

    def _decides(self, person: str, batch: Batch, members: Members) -> bool:
        return person != batch.requester and person in people(may_decide(self._policy, batch), members)

    def _is_small(self, request: Request) -> bool:
        # What an undo comes to is another thing to think of than a coupon's value.
        return request.undoes is None and 0 < request.value_fen <= self._policy.together_fen

    def _limits_left(self, rows: Records, person: str) -> tuple[Left, ...]:
        # What depends on no customer or stock, before one is named.
        policy = replace(self._policy, rules=(), per_customer=None, per_stock=None)
        nothing = Proposal(requester=person, openid="", stock_id="", value_fen=0)
        counts = rows.used(totals(policy, nothing), self._clock())
        return tuple(limits_left(policy, facts(policy, nothing, counts)))


def _rows(rows: Reading) -> tuple[OpenRequest, ...]:
    pending = rows.pending_requests(_PENDING)
    given = rows.approvals_of_many([request.id for request in pending])
    sent = rows.requests([request.undoes for request in pending if request.undoes is not None])
    askers = {number: request.requester for number, request in sent.items()}
    return tuple(
        OpenRequest(request, tuple(given.get(request.id, ())), asked_before=askers.get(request.undoes or 0))
        for request in pending
    )


def _row(rows: Records, request: Request) -> OpenRequest:
    return OpenRequest(request, tuple(rows.approvals(request.id)))


def _with_grounds(rows: Reading, waiting: Sequence[OpenRequest], beside: CardFacts) -> list[OpenRequest]:
    return [replace(row, about=replace(beside.beside(rows, row.request), pause=None)) for row in waiting]


def _open_batches(rows: Reading) -> tuple[BatchOnCard, ...]:
    return tuple(
        # How far it is stands on its card alone: Home would be drawn anew with each line that is sent.
        BatchOnCard(batch=batch, approvals=rows.batch_approvals(batch.id), progress=Progress({}))
        for batch in rows.open_batches(_BATCHES)
        if batch.state is BatchState.PENDING or batch.state in _UNDER_WAY
    )


def _decided(rows: Reading, person: str, now: int) -> tuple[Decided, ...]:
    events = rows.decisions_of(person, now - DAYS * DAY_MS, _DECISIONS)
    requests = rows.requests([event.request_id for event in events if event.request_id is not None])
    found: dict[tuple[object, int | None], Decided] = {}
    for event in events:
        batch = event.detail.get("batch")
        about = rows.batch(batch) if isinstance(batch, int) else requests.get(event.request_id or 0)
        if about is not None:
            # Of each the last word: an approval that was taken back counts no more.
            found.setdefault((batch, event.request_id), Decided(event, about))
    return tuple(found.values())[:LATELY]
