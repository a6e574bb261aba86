"""Who decides about a request, by the rule that fits it now and Slack's present groups."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from coupons.model import Click, Request
from coupons.needs import Needs
from coupons.permissions import Decision, Reason, may_be_trusted
from coupons.policy import DAY_MS, Policy
from coupons.ports import Directory, Ledger, Records
from coupons.rules import Facts, find_rule, people
from coupons.totals import customer_days

Members = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Roles:
    """What a person may do, as far as coupon.toml says it of everybody's requests."""

    asks: bool
    #: By a role or by a rule of its own.
    approves: bool
    pauses: bool
    audits: bool
    #: Requests and customers.
    sees: bool


#: For whom Slack does not say it at the moment: each right is asked about again where it is used.
EVERY_ROLE = Roles(asks=True, approves=True, pauses=True, audits=True, sees=True)
NO_ROLE = Roles(asks=False, approves=False, pauses=False, audits=False, sees=False)


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may decide about a request at this moment; `by_part`: who could fill each part of its needs."""

    people: frozenset[str] = frozenset()
    by_part: tuple[frozenset[str], ...] = ()


class Authority:
    """`team` is the workspace the bot lives in."""

    def __init__(self, *, policy: Policy, directory: Directory, ledger: Ledger, team: str) -> None:
        self._policy = policy
        self._directory = directory
        self._ledger = ledger
        self._team = team
        self._matching = frozenset(entry for rule in policy.rules for entry in rule.requesters)

    async def members(self, ids: Iterable[str]) -> Members:
        """Who is in each of the groups among `ids`. Raises DirectoryUnavailable."""
        groups = sorted({entry for entry in ids if entry.startswith("S")})
        found = await asyncio.gather(*(self._directory.members(group) for group in groups))
        return dict(zip(groups, found, strict=True))

    async def named(self, request: Request) -> tuple[str, ...]:
        """The user and group ids that may approve it. Raises DirectoryUnavailable, StorageUnavailable."""
        members = await self.members(self._matching)
        return await self._ledger.read(lambda rows: self.named_by(rows, request, members))

    def named_by(self, rows: Records, request: Request, members: Members) -> tuple[str, ...]:
        """As `named`; `members` of the groups that rules name as requesters."""
        if stored := self._still_named(request):
            return stored
        _, rule = find_rule(self._policy, self.facts(rows, request), members)
        return self._policy.approvers_of(rule)

    async def deciders_of(self, request: Request) -> Deciders:
        """The people the rule names, its requester perhaps among them. Raises like `named`."""
        ids = await self.named(request)
        members = await self.members(ids)
        return Deciders(people(ids, members), parts_people(self._policy, request.needs, members))

    def _still_named(self, request: Request) -> tuple[str, ...]:
        """Whom its needs named when it was made, as far as coupon.toml still lets them approve anything."""
        deciders = self._policy.deciders
        return tuple(entry for entry in request.needs.entries if entry in deciders)

    async def deciding(self, requests: Sequence[Request]) -> Mapping[int, frozenset[str]]:
        """`approvers` of many, in one look, by the request's number. Raises like `named`."""
        facts = await self._ledger.read(lambda rows: [self.facts(rows, request) for request in requests])
        members = await self.members(self._policy.groups)
        found = {}
        for request, known in zip(requests, facts, strict=True):
            _, rule = find_rule(self._policy, known, members)
            named = self._still_named(request) or self._policy.approvers_of(rule)
            found[request.id] = people(named, members)
        return found

    async def able(self, ids: Iterable[str], *, but: str) -> tuple[str, ...]:
        """Active full members among these, `but` left out: they could approve now. Raises like `named`."""
        wanted = tuple(ids)
        return await self.trusted(people(wanted, await self.members(wanted)) - {but})

    async def trusted(self, users: Collection[str]) -> tuple[str, ...]:
        """The active full members among these people. Raises DirectoryUnavailable."""
        found = sorted(users)
        persons = await asyncio.gather(*(self._directory.person(user) for user in found))
        return tuple(person.user_id for person in persons if may_be_trusted(person, self._team).allowed)

    async def trusts(self, user_id: str) -> Decision:
        """Whether this user may take part at all. Raises DirectoryUnavailable."""
        return may_be_trusted(await self._directory.person(user_id), self._team)

    async def trusts_click(self, click: Click) -> Decision:
        """As `trusts`, of who clicked, and from where. Raises DirectoryUnavailable."""
        if click.team and click.team != self._team:
            return Decision(Reason.OUTSIDER)
        return await self.trusts(click.person)

    async def may_see(self, person: str) -> bool:
        """Whether requests and customers are this person's business. Raises DirectoryUnavailable."""
        policy = self._policy
        if not (await self.trusts(person)).allowed:
            return False
        if not policy.agents:
            return True
        roles = (*policy.agents, *policy.approvers, *policy.auditors)
        return person in people(roles, await self.members(roles))

    async def roles(self, person: str) -> Roles:
        """Raises DirectoryUnavailable."""
        policy = self._policy
        if not (await self.trusts(person)).allowed:
            return NO_ROLE
        members = await self.members(policy.groups)

        def among(ids: Iterable[str]) -> bool:
            return person in people(tuple(ids), members)

        asks, audits = not policy.agents or among(policy.agents), among(policy.auditors)
        return Roles(
            asks=asks,
            approves=among(policy.deciders),
            pauses=among(policy.approvers),
            audits=audits,
            sees=asks or audits or among(policy.approvers),
        )

    async def deciders(self) -> frozenset[str]:
        """All who may approve anything. Raises DirectoryUnavailable."""
        ids = self._policy.deciders
        return people(ids, await self.members(ids))

    async def may_audit(self, person: str) -> bool:
        """Whether the audit log is this person's business. Raises DirectoryUnavailable."""
        if not (await self.trusts(person)).allowed:
            return False
        auditors = self._policy.auditors
        return person in people(auditors, await self.members(auditors))

    def facts(self, rows: Records, request: Request) -> Facts:
        """For matching a rule only: what came before this request, as it counts now."""
        # To take a coupon back, the approvals are needed that it needed itself.
        sent = None if request.undoes is None else rows.request(request.undoes)
        at = sent or request
        return Facts(
            value_fen=request.value_fen,
            stock_id=request.stock_id,
            requester=request.requester,
            customer_fen={
                days: rows.used_by_customer(request.openid, at.created_at - days * DAY_MS, at.id).fen
                for days in customer_days(self._policy)
            },
        )


def parts_people(policy: Policy, needs: Needs, members: Members) -> tuple[frozenset[str], ...]:
    """Who could fill each part: whom coupon.toml does not let approve anything any more fills none."""
    deciders = policy.deciders
    return tuple(
        people(tuple(entry for entry in part.of if entry in deciders), members) for part in needs.parts
    )
