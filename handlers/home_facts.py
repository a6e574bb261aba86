"""What stands on a person's Home: only what this person may see, read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coupons.authority import Authority, Members
from coupons.events import ClickRefused
from coupons.lifecycle import FINAL
from coupons.model import Request
from coupons.policy import Policy, may_approve, may_retry
from coupons.ports import Clock, Ledger, Reading, Records
from coupons.rules import Left, limits_left, people
from coupons.totals import Proposal, facts, totals
from handlers.views.home import SHOWN, OpenRequest, Overview

#: Pending requests, and held ones, that are looked through for all who watch, the longest waiting first.
_PENDING = 500
#: Of one's own: open ones, and all among which the last finished ones are.
_OPEN, _LATEST = 100, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Everything that waits, and who decides about it: read once for all who watch."""

    rows: tuple[OpenRequest, ...]
    #: The held ones, the oldest first.
    held: tuple[Request, ...]
    approvers: Mapping[int, frozenset[str]]
    members: Members


class HomeFacts:
    """`clock` is for the periods of the limits."""

    def __init__(self, *, ledger: Ledger, authority: Authority, policy: Policy, clock: Clock) -> None:
        self._ledger = ledger
        self._authority = authority
        self._policy = policy
        self._clock = clock

    async def pending(self) -> Pending:
        """Raises DirectoryUnavailable, StorageUnavailable."""
        pending, held = await self._ledger.read(lambda rows: (_rows(rows), rows.held_requests(_PENDING)))
        return Pending(
            rows=pending,
            held=tuple(held),
            approvers=await self._authority.deciding([*(row.request for row in pending), *held]),
            members=await self._authority.members(self._policy.groups),
        )

    async def trusts(self, person: str) -> bool:
        """Whether this is a full, active member of our team. Raises DirectoryUnavailable."""
        return (await self._authority.trusts(person)).allowed

    async def overview(self, person: str, pending: Pending) -> Overview | None:
        """None: no role. Raises StorageUnavailable."""
        policy, members = self._policy, pending.members
        may_ask = not policy.agents or person in people(policy.agents, members)
        deciders = {*policy.approvers, *(entry for rule in policy.rules for entry in rule.approvers)}
        may_decide = person in people(tuple(deciders), members)
        if not (may_ask or may_decide or person in people(policy.auditors, members)):
            return None
        waiting = tuple(
            row
            for row in pending.rows
            # A pause stops approving and not declining: these wait all the same.
            if may_approve(row.request, person, pending.approvers[row.request.id], row.approvals).allowed
        )
        held = tuple(row for row in pending.held if may_retry(row, person, pending.approvers[row.id]).allowed)
        together = tuple(row.request for row in waiting[:SHOWN] if self._is_small(row.request))

        def read(rows: Reading) -> Overview:
            return Overview(
                may_ask=may_ask,
                may_approve=may_decide,
                may_pause=person in people(policy.approvers, members),
                pause=rows.pause(),
                waiting=waiting,
                together=together,
                held=held,
                mine=tuple(_row(rows, request) for request in rows.open_requests_of(person, _OPEN)),
                recent=tuple(
                    request for request in rows.requests_of(person, _LATEST) if request.state in FINAL
                )[:SHOWN],
                left=self._limits_left(rows, person) if may_ask else (),
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

    def _is_small(self, request: Request) -> bool:
        return 0 < request.value_fen <= self._policy.together_fen

    def _limits_left(self, rows: Records, person: str) -> tuple[Left, ...]:
        # What depends on no customer or stock, before one is named.
        policy = replace(self._policy, rules=(), per_customer=None, per_stock=None)
        nothing = Proposal(requester=person, openid="", stock_id="", value_fen=0)
        counts = rows.used(totals(policy, nothing), self._clock())
        return tuple(limits_left(policy, facts(policy, nothing, counts)))


def _rows(rows: Reading) -> tuple[OpenRequest, ...]:
    return tuple(_row(rows, request) for request in rows.pending_requests(_PENDING))


def _row(rows: Records, request: Request) -> OpenRequest:
    return OpenRequest(request, tuple(rows.approvals(request.id)))
